"""Which timers can be the next to fire, as far as their lengths tell."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from interlock.machines.duration import duration
from interlock.machines.errors import BadDefinition
from interlock.machines.ir import Edge, Machine

_NEVER = timedelta.max


class Due:
    """The timers of a machine.

    Of those of one state, none comes behind one that leaves the state. A state is entered no
    earlier than those around it: where a shorter one of theirs leaves them, its own never comes.

    Attributes:
        never: ids of the edges that never fire.
    """

    def __init__(self, machine: Machine) -> None:
        self._of: dict[str, list[Edge]] = {}
        delays: dict[str, timedelta] = {}
        leaving: dict[str, timedelta] = {}
        for edge in machine.edges:
            if edge.event.startswith("after "):
                delay = delays[edge.id] = delay_of(edge)
                self._of.setdefault(edge.source, []).append(edge)
                if not edge.internal and not edge.guard:
                    leaving[edge.source] = min(delay, leaving.get(edge.source, _NEVER))
        self.never: set[str] = set()
        for state, edges in self._of.items():
            most = leaving.get(state, _NEVER)
            around = machine.by_id[state].parent if state in machine.by_id else None
            seen = {state}
            while around is not None and around in machine.by_id and around not in seen:
                seen.add(around)
                most = min(most, leaving.get(around, _NEVER))
                around = machine.by_id[around].parent
            self.never |= {edge.id for edge in edges if delays[edge.id] > most}
            self._of[state] = [edge for edge in edges if edge.id not in self.never]

    def of(self, active: Iterable[str]) -> list[Edge]:
        """The timers that may fire while these states are active."""
        if not self._of:
            return []
        return [edge for state in active for edge in self._of.get(state, ())]


def delay_of(edge: Edge) -> timedelta:
    """How long after its source was entered a timer fires; the longest for other words."""
    try:
        return duration(edge.event.removeprefix("after "))
    except BadDefinition:
        return _NEVER
