"""Who is told what lifecycles decide: nobody, but where a test measures what it has covered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from interlock.machines.selector import Refusal

if TYPE_CHECKING:
    from interlock.machines.lifecycle_program import LifecycleProgram, Taken


class Listener(Protocol):
    """Is told of decisions that count: of runs and scenarios, not of what a proof tries out."""

    def decided(self, program: LifecycleProgram, taken: Taken, *, recorded: bool) -> None:
        """Transitions were taken; `recorded` ones are in a log, where they can be read, too."""
        ...

    def refused(self, program: LifecycleProgram, command: str, said: Sequence[Refusal]) -> None:
        """A command was refused, by these guards or by none."""
        ...


LISTENERS: list[Listener] = []


def decided(program: LifecycleProgram, taken: Taken, *, recorded: bool = False) -> Taken:
    """Tell of transitions; they are returned."""
    for listener in LISTENERS:
        listener.decided(program, taken, recorded=recorded)
    return taken


def refused(program: LifecycleProgram, command: str, said: Sequence[object]) -> None:
    """Tell of a refusal."""
    for listener in LISTENERS:
        listener.refused(program, command, [one for one in said if isinstance(one, Refusal)])
