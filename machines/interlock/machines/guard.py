"""Guards: functions that say whether a transition may be taken, and why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from interlock.machines.place import bad_definition


@dataclass(frozen=True, slots=True)
class Refuse:
    """A guard's no, with its reason. It is false, so that guards can be joined with `and`.

    Attributes:
        reason: in words for the person who sent the command.
    """

    reason: str

    def __bool__(self) -> bool:
        return False


Check: TypeAlias = bool | Refuse
"""What a guard answers: True lets the transition pass."""

Guard: TypeAlias = Callable[[Any, Any], Check]
"""A guard of any data and command: `(data, command) -> Check`, evaluated once, when asked."""


def guard_name(guard: Guard) -> str:
    """The name by which refusals, diagrams and the machine's hash know a guard.

    Raises:
        BadDefinition: it has none (a lambda, a partial).
    """
    name = getattr(guard, "__name__", "<lambda>")
    if not isinstance(name, str) or name == "<lambda>":
        text = f"the guard {guard!r} has no name to refuse by; write a function with a name"
        raise bad_definition(text)
    return name
