"""History: a run's events, opened at any version or instant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime

from interlock.projections.errors import EmptyHistory, NoSuchVersion
from interlock.projections.fold import evolve, fold
from interlock.projections.ledger import Effect, ledger
from interlock.projections.run import Activity, RunState
from interlock.store.digest import verify
from interlock.store.event import JSON, Event


@dataclass(frozen=True, slots=True)
class Moment:
    """A run as it was right after one event.

    Attributes:
        version, at: of the event.
        event: the event itself.
        state: name of the state.
        status: see `RunState.status`.
        variables: as plain JSON.
        waits: what it waited for or had under way.
        configuration: names of all active states; see `RunState.configuration`.
    """

    version: int
    at: datetime
    event: Event
    state: str
    status: str
    variables: dict[str, JSON]
    waits: tuple[Activity, ...]
    configuration: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed between two moments of one run.

    Attributes:
        before, after: the moments.
        variables: for each variable that changed, its value before and after; None for absent.
    """

    before: Moment
    after: Moment
    variables: dict[str, tuple[JSON, JSON]]


class History:
    """The events of one run, in order, and every state it went through."""

    def __init__(self, events: Sequence[Event]) -> None:
        """Take the events of one run, from its first.

        Raises:
            EmptyHistory: there are none, or they are of more than one run.
        """
        if not events or any(e.stream != events[0].stream for e in events):
            raise EmptyHistory("a history needs the events of exactly one run, from its first")
        self.events = tuple(events)

    @property
    def run(self) -> str:
        """The run's id."""
        return self.events[0].stream

    def __len__(self) -> int:
        return len(self.events)

    def __iter__(self) -> Iterator[Moment]:
        """Every moment, step by step."""
        state: RunState | None = None
        for event in self.events:
            state = evolve(state, event)
            yield _moment(state, event)

    def at(self, when: int | datetime) -> Moment:
        """The run as it was at a version (from 1) or an instant (timezone-aware).

        Raises:
            NoSuchVersion: nothing had happened by then, or the version does not exist.
        """
        events = self.until(when)
        return _moment(fold(events), events[-1])

    def state(self, when: int | datetime | None = None) -> RunState:
        """The folded state itself; the present one by default."""
        return fold(self.events if when is None else self.until(when))

    def until(self, when: int | datetime) -> tuple[Event, ...]:
        """The events up to a version or an instant, both included.

        Raises:
            NoSuchVersion: as `at`.
        """
        if isinstance(when, datetime):
            events = tuple(e for e in self.events if e.at <= when)
            first = f"it began at {self.events[0].at.isoformat()}"
        else:
            events = self.events[:when] if 0 < when <= len(self.events) else ()
            first = f"its versions are 1 to {len(self.events)}"
        if not events:
            message = f"run {self.run!r} has nothing at {when}; {first}"
            raise NoSuchVersion(message)
        return events

    def diff(self, a: int | datetime, b: int | datetime) -> Difference:
        """What changed from one moment to another."""
        before, after = self.at(a), self.at(b)
        names = dict.fromkeys((*before.variables, *after.variables))
        changed = {
            name: (before.variables.get(name), after.variables.get(name))
            for name in names
            if before.variables.get(name) != after.variables.get(name)
            or (name in before.variables) != (name in after.variables)
        }
        return Difference(before, after, changed)

    def replay(self) -> RunState:
        """Fold everything again from the first event. Calls no user code."""
        return fold(self.events)

    def ledger(self) -> list[Effect]:
        """Every effect, and what is known of it."""
        return ledger(self.events)

    def verify(self) -> None:
        """Check versions and digest chain.

        Raises:
            BrokenChain: naming the first bad event.
        """
        verify(self.events)


def _moment(state: RunState, event: Event) -> Moment:
    return Moment(
        version=event.version,
        at=event.at,
        event=event,
        state=state.state,
        status=state.status,
        variables=state.variables,
        waits=tuple(copy(activity) for activity in state.pending.values()),
        configuration=state.configuration,
    )
