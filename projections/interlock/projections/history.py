"""History: a run's events, opened at any version or instant."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime
from operator import attrgetter

from interlock.projections.choosing import Chosen, Wanted, chosen
from interlock.projections.copying import copy_state
from interlock.projections.difference import Difference, difference
from interlock.projections.effect import Effect
from interlock.projections.errors import EmptyHistory, NoSuchVersion
from interlock.projections.fold import evolve
from interlock.projections.ledger import ledger
from interlock.projections.moment import Moment
from interlock.projections.run import RunState
from interlock.projections.states import States
from interlock.store.contract import Head
from interlock.store.digest import verify
from interlock.store.event import Event


class History:
    """The events of one run, in order, and every state it went through.

    Moments are folded when they are asked; going from one to the next, or to the one before,
    costs the same however long the run is.
    """

    def __init__(self, events: Sequence[Event], since: RunState | None = None) -> None:
        """Take the events of one run, from its first; or from the one after `since`.

        Args:
            events: in order.
            since: the run as it was before them; it is not altered. What was before it is no part
                of this history then: its versions begin after that one.

        Raises:
            EmptyHistory: there are none, or they are of more than one run.
        """
        after = 0 if since is None else since.head.version
        if not events or any(e.stream != events[0].stream for e in events):
            raise EmptyHistory("a history needs the events of exactly one run, from its first")
        if since is not None and events[0].version != after + 1:
            message = f"after version {after} comes {after + 1}, not {events[0].version}"
            raise EmptyHistory(message)
        self.events = tuple(events)
        self.since = since
        self._states = States(self.events, since)

    @property
    def run(self) -> str:
        """The run's id."""
        return self.events[0].stream

    @property
    def first(self) -> Moment:
        """The moment after the first event."""
        return self._moment(self.events[0].version)

    @property
    def last(self) -> Moment:
        """The moment after the last event."""
        return self._moment(self.events[-1].version)

    def __len__(self) -> int:
        return len(self.events)

    def __iter__(self) -> Iterator[Moment]:
        """Every moment, step by step."""
        return map(self._moment, self._versions)

    def __reversed__(self) -> Iterator[Moment]:
        """Every moment, from the last one back."""
        return map(self._moment, reversed(self._versions))

    def at(self, when: int | datetime) -> Moment:
        """The run as it was at a version (from 1) or an instant (timezone-aware).

        Raises:
            NoSuchVersion: nothing had happened by then, or the version does not exist.
        """
        return self._moment(self.version(when))

    def state(self, when: int | datetime | None = None) -> RunState:
        """The folded state itself, the caller's own; the present one by default.

        Raises:
            NoSuchVersion: as `at`.
        """
        return self._states.copy(self._versions[-1] if when is None else self.version(when))

    def version(self, when: int | datetime) -> int:
        """The version of the last event at or before a version or an instant.

        Raises:
            NoSuchVersion: as `at`.
        """
        if isinstance(when, datetime):
            found = bisect_right(self.events, when, key=attrgetter("at"))
            found += self._states.after if found else 0
            first = f"it began at {self.events[0].at.isoformat()}"
        else:
            found = when if when in self._versions else 0
            first = f"its versions are {self._versions[0]} to {self._versions[-1]}"
        if not found:
            message = f"run {self.run!r} has nothing at {when}; {first}"
            raise NoSuchVersion(message)
        return found

    def until(self, when: int | datetime) -> tuple[Event, ...]:
        """The events up to a version or an instant, both included.

        Raises:
            NoSuchVersion: as `at`.
        """
        return self.events[: self.version(when) - self._states.after]

    def diff(self, a: int | datetime, b: int | datetime) -> Difference:
        """What changed from one moment to another, which may also be the earlier one.

        Raises:
            NoSuchVersion: as `at`.
        """
        return difference(self.at(a), self.at(b), (self.ledger(a), self.ledger(b)))

    def filter(
        self,
        *,
        state: Wanted = (),
        actor: Wanted = (),
        step: Wanted = (),
        type: Wanted = (),  # noqa: A002  what the envelope calls it
        branch: Wanted = (),
    ) -> Iterator[Moment]:
        """The moments after the events that fit all that is given; each may be several names.

        Args:
            state: the run is in it after the event, or what the event is about stands in it.
            actor: who caused it: an id (`ann`), a kind (`timer`) or both (`user:ann`).
            step: name of the step, approval, command or child that the event is about.
            type: of the event, such as `StepFailed`.
            branch: name (`audit`, `audit/7`) or id of the branch or item that it belongs to;
                what is inside of it counts.
        """
        wanted = Chosen(state, actor, step, type, branch)
        return map(self._moment, chosen(self.events, wanted, self.since))

    def replay(self) -> RunState:
        """Fold everything again from the first event. Calls no user code."""
        state = None if self.since is None else copy_state(self.since)
        for event in self.events:
            state = evolve(state, event)
        assert state is not None  # there are events
        return state

    def ledger(self, when: int | datetime | None = None) -> list[Effect]:
        """Every effect, and what is known of it; by a version or instant, the present by default.

        Of a history that begins later, the effects that were under way then, or came later.

        Raises:
            NoSuchVersion: as `at`.
        """
        return ledger(self.events if when is None else self.until(when), self.since)

    def verify(self) -> None:
        """Check versions and digest chain.

        Raises:
            BrokenChain: naming the first bad event.
        """
        verify(self.events, after=Head() if self.since is None else self.since.head)

    @property
    def _versions(self) -> range:
        return range(self._states.after + 1, self._states.after + len(self.events) + 1)

    def _moment(self, version: int) -> Moment:
        return Moment(self.events, self._states, version)
