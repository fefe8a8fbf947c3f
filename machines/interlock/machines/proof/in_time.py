"""Whether events can come in an order, as far as the lengths of timers tell.

What is explored lets timers of states beside each other fire in any order: more than can be, so
that what is proved holds. A counter-example is looked at once more: its events are given instants
such that each timer fires when it is due, and none that is set is passed by.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeAlias

from interlock.machines.command import Command
from interlock.machines.errors import EndlessChain, HandlerFailed, Refused
from interlock.machines.lifecycle_program import LifecycleProgram, Taken
from interlock.machines.proof.result import Event

_Bound: TypeAlias = tuple[int, int, timedelta]
"""The second event comes at most so long behind the first one."""

LOOKED = 50
"""Counter-examples to a property that are looked at, until one can be in time."""

UNTIMELY = "only where timers fire in an order that their lengths do not allow"
"""Said of a property that all counter-examples that were looked at are of that kind."""


UNTOLD = "timers of several states are taken to fire in any order"
"""Said of what can be come to: the way there may be one that their lengths do not allow."""


def is_loose(programs: Collection[LifecycleProgram]) -> bool:
    """Whether timers of several states may be set at a time."""
    timed = [[*_timed(program)] for program in programs]
    if sum(bool(states) for states in timed) > 1:
        return True
    return any(
        _together(program, one, other)
        for program, states in zip(programs, timed, strict=True)
        for number, one in enumerate(states)
        for other in states[:number]
    )


def _timed(program: LifecycleProgram) -> Iterator[str]:
    return (node.id for node in program.machine.nodes if program.timers(node.id))


def _together(program: LifecycleProgram, one: str, other: str) -> bool:
    """Whether two states can be active at a time: one inside of the other, or beside it."""
    first, second = program.chart.upward(one), program.chart.upward(other)
    if one in second or other in first:
        return True
    shared = next((state for state in first if state in second), None)
    return shared is not None and program.machine.by_id[shared].kind == "parallel"


def in_time(
    programs: Mapping[str, LifecycleProgram], start: Mapping[str, Any], events: Sequence[Event]
) -> bool:
    """Whether some instants of these events agree with the lengths of all timers.

    Args:
        programs: of the members of a system, or of one lifecycle as "".
        start: the data that each begins with.
        events: in their order; the last one may fail or be refused.
    """
    if all(event.command is not None for event in events) and not any(
        program.timers(node.id) for program in programs.values() for node in program.machine.nodes
    ):
        return True
    runs = {name: _Run(program, start[name]) for name, program in programs.items()}
    bounds: list[_Bound] = []
    for number, event in enumerate(events, 1):
        bounds.append((number, number - 1, timedelta()))
        for run in runs.values():
            bounds += run.open(number)
        for name, run in runs.items():
            if event.who in ("", name) and run.knows(event):
                bounds += run.happens(event, number)
    return _agree(bounds, len(events) + 1)


class _Run:
    """A run of one lifecycle, with the timers that are set."""

    def __init__(self, program: LifecycleProgram, data: Any) -> None:
        self._program = program
        self._delays = {
            edge: delay for node in program.machine.nodes for edge, delay in program.timers(node.id)
        }
        self._guarded = {edge.id for edge in program.machine.edges if edge.guard}
        self._set: dict[str, int] = {}
        self._kept: list[Command] = []
        self._follow(program.begin(data), 0)

    def knows(self, event: Event) -> bool:
        """Whether it can happen to this one at all."""
        if event.command is None:
            return event.edge in self._delays
        return self._program.commands.get(event.name) is type(event.command)

    def open(self, number: int) -> Iterator[_Bound]:
        """No timer that is set is due before this event."""
        for edge, since in self._set.items():
            if edge not in self._guarded or self._fires(edge):
                yield since, number, self._delays[edge]

    def _fires(self, edge: str) -> bool:
        try:
            self._program.expire(self._place, self._data, edge)
        except Refused:
            return False
        except (HandlerFailed, EndlessChain):
            return True
        return True

    def happens(self, event: Event, number: int) -> Iterator[_Bound]:
        """What it does; a timer fires when it is due."""
        if event.command is None:
            since = self._set.pop(event.edge, None)
            if since is not None:
                yield number, since, -self._delays[event.edge]
        try:
            if event.command is None:
                taken = self._program.expire(self._place, self._data, event.edge)
            else:
                taken = self._program.decide(self._place, self._data, event.command)
        except Refused:
            command = event.command
            if command is not None and self._program.unhandled(self._place, command) == "defer":
                self._kept.append(command)
            return
        except (HandlerFailed, EndlessChain):  # that is what the trace ends with
            return
        self._take(taken, number)

    def _take(self, taken: Taken, number: int) -> None:
        """The transitions, and then what was kept, the first one first."""
        self._follow(taken, number)
        for place, command in enumerate(self._kept):
            try:
                again = self._program.decide(self._place, self._data, command)
            except Refused:
                continue
            except (HandlerFailed, EndlessChain):
                del self._kept[place]
                return
            del self._kept[place]
            self._take(again, number)
            return

    def _follow(self, taken: Taken, number: int) -> None:
        for one in (taken, *taken.then):
            for state in one.step.exited:
                for edge, _ in self._program.timers(state):
                    self._set.pop(edge, None)
            for state in one.step.entered:
                for edge, _ in self._program.timers(state):
                    self._set[edge] = number
            self._place = one.step.after
            self._data = one.data


def _agree(bounds: Sequence[_Bound], count: int) -> bool:
    """Whether there are instants within these bounds: no way round comes out below zero."""
    latest = [timedelta()] * count
    for _ in range(count + 1):
        changed = False
        for first, second, most in bounds:
            if most < timedelta.max and latest[first] + most < latest[second]:
                latest[second] = latest[first] + most
                changed = True
        if not changed:
            return True
    return False
