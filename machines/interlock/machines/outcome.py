"""Errors as values, where a value is wanted: made for `match`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, ParamSpec, TypeAlias, TypeVar

from interlock.machines.errors import BadDefinition

P = ParamSpec("P")
T = TypeVar("T")
E = TypeVar("E", bound=BaseException)
T_co = TypeVar("T_co", covariant=True)
E_co = TypeVar("E_co", bound=BaseException, covariant=True)


@dataclass(frozen=True, slots=True)
class Ok(Generic[T_co]):
    """It went well.

    Attributes:
        value: what it gave.
    """

    value: T_co


@dataclass(frozen=True, slots=True)
class Err(Generic[E_co]):
    """It failed, or was cancelled.

    Attributes:
        error: what it raised.
    """

    error: E_co


Outcome: TypeAlias = Ok[T] | Err[BaseException]
"""What became of a call."""


@dataclass(frozen=True, slots=True)
class Won(Generic[T_co]):
    """The answer of a `race`.

    Attributes:
        name: which call was first: its keyword, or its place among the positional ones, from 0.
        value: what it gave.
    """

    name: str | int
    value: T_co


def attempt(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Ok[T] | Err[Exception]:
    """Call a plain function, and give what it returns or raises as a value.

    Raises:
        BadDefinition: it is a coroutine function; write `await settle(charge(order))`.
    """
    try:
        value = function(*args, **kwargs)
    except Exception as error:
        return Err(error)
    if inspect.isawaitable(value):
        if inspect.iscoroutine(value):
            value.close()
        name = getattr(function, "__name__", repr(function))
        message = f"attempt({name}, ...) would not wait for it; write await settle({name}(...))"
        raise BadDefinition(message)
    return Ok(value)


def partition(outcomes: Iterable[Ok[T] | Err[E]]) -> tuple[list[T], list[E]]:
    """The values of those that went well and the errors of the others, each in order."""
    values: list[T] = []
    errors: list[E] = []
    for outcome in outcomes:
        if isinstance(outcome, Ok):
            values.append(outcome.value)
        else:
            errors.append(outcome.error)
    return values, errors
