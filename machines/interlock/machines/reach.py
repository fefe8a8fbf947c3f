"""Targets that are not states of the same class: `across` levels, and back by `history`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar, cast

from interlock.machines.place import bad_definition

S = TypeVar("S", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Back(Generic[S]):
    """What `history` returns.

    Attributes:
        state: whose inner states are meant.
        deep: those at every level, not the next one alone.
        default: where it leads while the state was never left; None: as the state begins.
    """

    state: S
    deep: bool
    default: StrEnum | None


@dataclass(frozen=True, slots=True)
class Across:
    """What `across` returns.

    Attributes:
        states: the targets, each in a region of its own.
    """

    states: tuple[StrEnum | Back[Any], ...]


def history(state: S, *, deep: bool = False, default: StrEnum | None = None) -> Back[S]:
    """A target: back into `state`, to what was active in it when it was last left.

    Args:
        state: one with states inside.
        deep: bring back every level; otherwise the next one, which begins as usual inside.
        default: the inner state to enter while there is nothing to go back to; by default the
            state begins as usual.

    Raises:
        BadDefinition: these are not states.
    """
    _check(state, default)
    return Back(state, deep, default)


def across(*states: StrEnum | Back[Any]) -> Across:
    """A target at another level of nesting, or several in different regions at once.

    A target inside the source is entered without leaving the source; any other leaves all that
    it does not share with the source.

    Raises:
        BadDefinition: no state was named, or something else.
    """
    if not states:
        raise bad_definition("across() names no state")
    _check(*(state for state in states if not isinstance(state, Back)))
    return Across(states)


def _check(*states: StrEnum | None) -> None:
    for state in states:
        if state is not None and not isinstance(cast("object", state), StrEnum):
            text = f"a target is a member of a StrEnum of the lifecycle, not {state!r}"
            raise bad_definition(text)
