"""What an exploration saw: places, how each was come to, and where each leads."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, overload

from interlock.machines.kernel import Snapshot, readable
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.proof.asking import Ask, At
from interlock.machines.proof.in_time import in_time
from interlock.machines.proof.invariant import Invariant
from interlock.machines.proof.result import Event, Trace


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run can stand.

    Attributes:
        snapshot, data: its states and its data.
        kept: names of the commands that are kept for later.
        before: number of the place that it was come to from first, -1 for a beginning.
        event: what led here from there.
        ways: numbers of the places that one event leads to.
    """

    snapshot: Snapshot
    data: Any
    kept: tuple[str, ...]
    before: int
    event: Event | None
    ways: frozenset[int]


@dataclass
class Found:
    """What an exploration saw.

    Attributes:
        program: of the lifecycle.
        invariants: that were looked at.
        taken: the transitions that were taken, by id.
        entered: the states that were entered on the way, also those that were left at once.
        broken: for each invariant that does not hold, where first, and why.
        failed: what the author's code raised first: where, at which event, and how.
        untimely: how often each was seen in a place that nothing comes to in time.
        looked: from how many of the places was looked on, the first ones.
        whole: every command was tried with every value that it can have.
        samples: what was tried in place of all, in words.
        at, of: of each place the number of its configuration, and that of its data.
        kept: of places, what is kept for later, if anything is, as numbers of events.
        before, by: of each place, where it was come to from first, and by which event.
        onward, starts: the numbers of the places that each leads to, one after another, and
            where those of each begin.
        configurations, asks: what the numbers stand for.
        datas: by number; None where they were let go.
        again: makes the data of a place that were let go.
        begun: the data that the runs begin with, in words; "" for all that there are.
    """

    program: LifecycleProgram
    invariants: Sequence[Invariant]
    taken: set[str] = field(default_factory=set[str])
    entered: set[str] = field(default_factory=set[str])
    broken: dict[str, tuple[int, str]] = field(default_factory=dict[str, tuple[int, str]])
    failed: tuple[int, Event, str] | None = None
    untimely: Counter[str] = field(default_factory=Counter[str])
    looked: int = 0
    whole: bool = True
    samples: tuple[str, ...] = ()
    at: array[int] = field(default_factory=lambda: array("l"))
    of: array[int] = field(default_factory=lambda: array("l"))
    kept: dict[int, tuple[int, ...]] = field(default_factory=dict[int, tuple[int, ...]])
    before: array[int] = field(default_factory=lambda: array("l"))
    by: array[int] = field(default_factory=lambda: array("l"))
    onward: array[int] = field(default_factory=lambda: array("l"))
    starts: array[int] = field(default_factory=lambda: array("l"))
    datas: list[Any] = field(default_factory=list[Any])
    configurations: Sequence[At] = ()
    asks: Sequence[Ask] = ()
    again: Callable[[int], Any] | None = None
    begun: str = ""

    @property
    def complete(self) -> bool:
        """Whether there is no place left to look from."""
        return self.looked == len(self.at)

    @property
    def places(self) -> Places:
        """The places, in the order in which they were come to."""
        return Places(self)

    def is_final(self, number: int) -> bool:
        """Whether a place is an end."""
        return self.configurations[self.at[number]].final

    def ways(self, number: int) -> Sequence[int]:
        """Where one event leads from a place; each as often as events do."""
        if number >= len(self.starts):
            return ()
        last = number + 1 == len(self.starts)
        return self.onward[self.starts[number] : None if last else self.starts[number + 1]]

    def event(self, ask: int, to: int) -> Event:
        """An event with where it led."""
        asked, kept = self.asks[ask], self.kept.get(to, ())
        return Event(asked.name, asked.command, asked.edge, self._words(to, kept))

    def trace(self, number: int, last: Event | None = None) -> Trace:
        """The way to a place that was found first, which is a shortest one."""
        here, events = number, list[Event]()
        while self.before[number] >= 0:
            events.append(self.event(self.by[number], number))
            number = self.before[number]
        data = self.data_of(here)
        return Trace(
            self.data_of(number), tuple(reversed(events)), self._words(here, ()), data, last
        )

    def in_time(self, number: int, last: Event | None = None) -> bool:
        """Whether the way to a place agrees with the lengths of timers."""
        if not self.timed:
            return True
        trace = self.trace(number, last)
        events = trace.events if last is None else (*trace.events, last)
        return in_time({"": self.program}, {"": trace.start}, events)

    @cached_property
    def timed(self) -> bool:
        """Whether there are timers."""
        return any(edge.event.startswith("after ") for edge in self.program.machine.edges)

    def data_of(self, number: int) -> Any:
        """The data of a place."""
        data = self.datas[self.of[number]]
        return self.again(number) if data is None and self.again is not None else data

    def _words(self, number: int, kept: tuple[int, ...]) -> str:
        snapshot = self.configurations[self.at[number]].snapshot
        words = readable(self.program.machine, snapshot.active)
        if kept:
            words = f"{words} ({', '.join(self.asks[ask].name for ask in kept)} kept)"
        return words


class Places(Sequence[Place]):
    """The places of an exploration, each made when it is looked at."""

    def __init__(self, found: Found) -> None:
        self._found = found

    def __len__(self) -> int:
        return len(self._found.at)

    def __iter__(self) -> Iterator[Place]:
        return (self._place(number) for number in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Place: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Place]: ...
    def __getitem__(self, index: int | slice) -> Place | Sequence[Place]:
        if isinstance(index, slice):
            return [self._place(number) for number in range(len(self))[index]]
        return self._place(range(len(self))[index])

    def _place(self, number: int) -> Place:
        found = self._found
        before = found.before[number]
        event = None if before < 0 else found.event(found.by[number], number)
        snapshot = found.configurations[found.at[number]].snapshot
        names = tuple(found.asks[ask].name for ask in found.kept.get(number, ()))
        data = found.data_of(number)
        return Place(snapshot, data, names, before, event, frozenset(found.ways(number)))
