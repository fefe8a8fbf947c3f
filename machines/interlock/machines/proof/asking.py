"""What may happen to a run, and the guards that are asked for it, prepared for each state."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from interlock.machines.command import Command
from interlock.machines.guard import Guard, Refuse
from interlock.machines.ir import Edge
from interlock.machines.kernel import Snapshot
from interlock.machines.lifecycle_program import Handler, LifecycleProgram


@dataclass(frozen=True, slots=True)
class Ask:
    """Something that may happen.

    Attributes:
        name: of the command, or `after 48 hours`.
        command: None for a timer.
        edge: of the timer, "" for a command.
    """

    name: str
    command: Command | None
    edge: str = ""


Move: TypeAlias = tuple[int, Any, tuple[int, ...], bool]
"""What an event led to: the number of the configuration, the data there, the numbers of the events
that are kept for later, and whether effects of entering are still to be asked for."""


class Failed(Exception):
    """The author's code failed: why."""


Candidates: TypeAlias = tuple[tuple[Edge, tuple[Guard, ...]], ...]
Way: TypeAlias = tuple[tuple[Guard, ...], Handler, str, int, bool]
"""In a state that is not nested: guards, method, edge, where it leads, whether it is left."""
PlainWay: TypeAlias = tuple[tuple[Guard, ...], Handler, str, int, "array[int] | None"]
"""As `Way`, with the memo of what other states share in the place of whether it is left:
by the number of data what came of them, as a number, or that a guard said no."""
Plain: TypeAlias = tuple[tuple[int, Command | None, tuple[PlainWay, ...]], ...]
"""Events, and their candidates."""


@dataclass(slots=True)
class At:
    """A configuration, and what may happen there.

    Attributes:
        snapshot: the active states, and what histories remember.
        final: nothing happens any more.
        ready: the rest is filled in.
        asks: the numbers of the events that some active state has a transition for.
        ways: of each of them, the candidates, where no state is nested.
        kept: the numbers of the commands that are kept for later here.
        plain: `ways` with the commands, where there is nothing but them to look at.
    """

    snapshot: Snapshot
    final: bool
    ready: bool = False
    asks: list[int] = field(default_factory=list[int])
    ways: dict[int, tuple[Way, ...]] = field(default_factory=dict[int, tuple[Way, ...]])
    kept: frozenset[int] = frozenset()
    plain: Plain | None = None


def made_by(
    guards: tuple[Guard, ...], handler: Handler, command: Command | None, data: Any, kind: type[Any]
) -> Any:
    """What a method makes of data, a `kind`; None where a guard says no.

    Raises:
        Odd: a guard, or the method, answers what it should not.
    """
    for guard in guards:
        answer = guard(data, command)
        if answer is not True:
            if answer is not False and type(answer) is not Refuse:
                raise Odd
            return None
    made = handler(data) if command is None else handler(data, command)
    if type(made) is not kind:
        raise Odd
    return made


class Odd(Exception):
    """Something that a run would refuse, and say why."""


@dataclass(slots=True)
class Asking:
    """Asks the guards of nested states during one reaction."""

    candidates: dict[tuple[str, str], Candidates]
    ask: Ask
    only: Edge | None
    data: Any
    taken: set[str] = field(default_factory=set[str])
    entered: set[str] = field(default_factory=set[str])

    def is_open(self, state: str, event: str) -> bool:
        """Whether guards decide: not where there is no candidate, or the first has none."""
        if self.only is not None and event == self.only.event:
            return False
        candidates = self.candidates.get((state, event), ())
        return bool(candidates) and bool(candidates[0][1])

    def choose(self, state: str, event: str) -> Edge | None:
        """See the kernel's `Choose`; a timer takes its own edge alone."""
        if self.only is not None and event == self.only.event:
            return self.only if state == self.only.source else None
        for edge, guards in self.candidates.get((state, event), ()):
            for guard in guards:
                answer = guard(self.data, self.ask.command)
                if answer is True:
                    continue
                if answer is False or type(answer) is Refuse:
                    break
                raise Odd
            else:
                return edge
        return None


def candidates_of(program: LifecycleProgram) -> dict[tuple[str, str], Candidates]:
    """Of each state and event the edges with their guards, in the order in which they are asked."""
    found: dict[tuple[str, str], Candidates] = {}
    for edge in sorted(program.machine.edges, key=lambda edge: edge.order):
        key = (edge.source, edge.event)
        found[key] = (*found.get(key, ()), (edge, program.guards(edge.id)))
    return found
