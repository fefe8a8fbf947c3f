"""The decorators of effects: `entering` and `exiting` a state, `taking` a transition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, Generic, TypeVar, overload

from pydantic import BaseModel

from interlock.machines.command import Command
from interlock.machines.effect import Effect
from interlock.machines.place import bad_definition
from interlock.machines.rule import Acting, Move, Rule, attach, line_of_author, rules_of, states_of

C = TypeVar("C", bound=Command)
C2 = TypeVar("C2", bound=Command)
C3 = TypeVar("C3", bound=Command)
D = TypeVar("D", bound=BaseModel)
E_co = TypeVar("E_co", bound=Effect | Sequence[Effect] | None, covariant=True)


class OnEntering:
    """What `entering(...)` and `exiting(...)` return."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    def __call__(self, handler: Callable[[Any, D], E_co]) -> Callable[[Any, D], E_co]:
        """Declare `handler` the method that names the effects."""
        return attach(handler, self._rule)


class OnTaking(Generic[D, C]):
    """What `taking(...)` of transitions by command returns."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    def __call__(self, handler: Callable[[Any, D, C], E_co]) -> Callable[[Any, D, C], E_co]:
        """Declare `handler` the method that names the effects."""
        return attach(handler, self._rule)


class OnFlowing(Generic[D]):
    """What `taking(...)` of transitions without a command returns."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    def __call__(self, handler: Callable[[Any, D], E_co]) -> Callable[[Any, D], E_co]:
        """Declare `handler` the method that names the effects."""
        return attach(handler, self._rule)


def entering(*states: StrEnum) -> OnEntering:
    """Effects of entering a state: `def method(self, data) -> Effect | list[Effect] | None`.

    They are recorded with the transition and performed after it; for the initial state, with
    the start of the run. Outer states are entered before the ones inside.

    Raises:
        BadDefinition: no state was named.
    """
    named = states_of(states, "entering")
    return OnEntering(Acting("entering", line_of_author(), named))


def exiting(*states: StrEnum) -> OnEntering:
    """Effects of leaving a state: `def method(self, data) -> Effect | list[Effect] | None`.

    The data is what it was before the transition. Inner states are left before the ones around
    them.

    Raises:
        BadDefinition: no state was named.
    """
    return OnEntering(Acting("exiting", line_of_author(), states_of(states, "exiting")))


@overload
def taking(transition: Callable[[Any, D, C], D], /) -> OnTaking[D, C]: ...
@overload
def taking(
    first: Callable[[Any, D, C], D], second: Callable[[Any, D, C2], D], /
) -> OnTaking[D, C | C2]: ...
@overload
def taking(
    first: Callable[[Any, D, C], D],
    second: Callable[[Any, D, C2], D],
    third: Callable[[Any, D, C3], D],
    /,
) -> OnTaking[D, C | C2 | C3]: ...
@overload
def taking(*transitions: Callable[[Any, D], D]) -> OnFlowing[D]: ...
def taking(*transitions: Callable[..., Any]) -> Any:
    """Effects of a transition: `def method(self, data, command) -> Effect | list | None`.

    Args:
        transitions: methods of the same class, defined above this one, under `on`, `after`,
            `always` or `done`. For those that have no command it is `def method(self, data)`.
            Of those by command up to three, for whose commands the method must be.

    The data is what the transition made of it. The effects come between those of what is left
    and those of what is entered.

    Raises:
        BadDefinition: none was named, or something that is no transition.
    """
    names: list[str] = []
    for transition in transitions:
        moves = [rule for rule in rules_of(transition) if isinstance(rule, Move)]
        if not moves:
            text = (
                f"taking({transition!r}): name methods that stand under on, after, always or done"
            )
            raise bad_definition(text)
        names.append(transition.__name__)
    if not names:
        raise bad_definition("taking() names no transition")
    return OnTaking[Any, Any](Acting("taking", line_of_author(), moves=tuple(names)))
