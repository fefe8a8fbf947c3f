"""Outcomes as values, where an exception would be in the way: `Ok` and `Err`, made for `match`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Ok(Generic[T_co]):
    """It returned `value`."""

    value: T_co


@dataclass(frozen=True, slots=True)
class Err:
    """It raised `error`."""

    error: BaseException


Outcome: TypeAlias = Ok[T] | Err


@dataclass(frozen=True, slots=True)
class Won(Generic[T_co]):
    """The answer of a `race`: `name` is the winner's keyword, or its place from 0."""

    name: str | int
    value: T_co
