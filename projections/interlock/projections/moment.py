"""A moment: a run as it was right after one event. Folded when it is asked, not before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from interlock.projections.address import branches, node_of
from interlock.projections.copying import copy_activity
from interlock.projections.errors import NoSuchVersion
from interlock.projections.run import Activity, RunState
from interlock.projections.states import States
from interlock.projections.subject import Subject, subject_of
from interlock.store.event import JSON, Encoded, Event
from interlock.store.values import Image


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of a run at some moment: a helper that runs beside others.

    Attributes:
        id: of the activity that it is, unique within the run.
        name: what people call it, below those that it is in: `audit/7`.
        state: the machine's state that it is in.
        variables: as plain JSON.
    """

    id: str
    name: str
    state: str
    variables: dict[str, JSON]


class Moment:
    """A run as it was right after one event.

    Attributes:
        version, at: of the event.
        event: the event itself.
    """

    __slots__ = ("_events", "_states", "at", "event", "version")

    def __init__(self, events: Sequence[Event], states: States, version: int) -> None:
        """The moment after the event of a version, from 1 on."""
        self._events = events
        self._states = states
        self.version = version
        self.event = events[version - 1 - states.after]
        self.at = self.event.at

    def __eq__(self, other: object) -> bool:
        """Moments are equal when they are after the same event."""
        return isinstance(other, Moment) and other.event == self.event

    def __hash__(self) -> int:
        return hash(self.event.id)

    def __repr__(self) -> str:
        return f"<Moment {self.event.stream}@{self.version} {self.state!r} {self.status}>"

    @property
    def _now(self) -> RunState:
        return self._states.peek(self.version)

    @property
    def run_state(self) -> RunState:
        """The folded state itself, the caller's own."""
        return self._states.copy(self.version)

    @property
    def state(self) -> str:
        """Name of the state."""
        return self._now.state

    @property
    def status(self) -> str:
        """See `RunState.status`."""
        return self._now.status

    @property
    def configuration(self) -> tuple[str, ...]:
        """Names of all active states; see `RunState.configuration`."""
        return self._now.configuration

    @property
    def variables(self) -> dict[str, JSON]:
        """The workflow's own variables, or the lifecycle's data, as plain JSON."""
        return self._now.variables

    @property
    def waits(self) -> tuple[Activity, ...]:
        """What it waited for or had under way."""
        return tuple(copy_activity(activity) for activity in self._now.pending.values())

    @property
    def branches(self) -> tuple[Branch, ...]:
        """The branches that were under way, in the order in which they began."""
        return branches_of(self._now)

    @property
    def result(self) -> JSON:
        """What a completed workflow returned, as plain JSON; None before."""
        state = self._now
        return state.image.plain(state.result)

    @property
    def error(self) -> str:
        """Why it ended badly, or is being undone: `OSError: reset`; "" for neither."""
        state = self._now
        found = state.error or (state.compensation.error if state.compensation else None)
        return "" if found is None else f"{found.type}: {found.message}"

    @property
    def held(self) -> str:
        """Why it stood still, "" when it did not."""
        return self._now.held

    @property
    def subject(self) -> Subject:
        """What the event is about."""
        before = self._states.peek(self.version - 1) if self.version > 1 else None
        found = subject_of(before, self.event) or subject_of(self._now, self.event) or Subject()
        activity = None if found.activity is None else copy_activity(found.activity)
        return replace(found, activity=activity)

    def plain(self, recorded: Encoded) -> JSON:
        """A value that its event holds, as plain JSON, with the memory as it was then."""
        return self._image.plain(recorded)

    @property
    def locals(self) -> dict[str, JSON]:
        """The variables of the code that the event is about: of its branch, or the workflow's."""
        return self._image.plain_variables()

    @property
    def _image(self) -> Image:
        thread = self._now.threads.get(self.subject.thread)
        return self._states.peek(self.version).image if thread is None else thread.image

    @property
    def next(self) -> Moment | None:
        """The moment after the next event, None at the last one."""
        return self.step(1) if self.version < self._last else None

    @property
    def previous(self) -> Moment | None:
        """The moment after the event before, None at the first one."""
        return self.step(-1) if self.version > self._states.after + 1 else None

    def step(self, by: int) -> Moment:
        """The moment so many events later, or earlier with a negative number.

        Raises:
            NoSuchVersion: the run has no such event.
        """
        version = self.version + by
        if not self._states.after < version <= self._last:
            message = (
                f"run {self.event.stream!r} has no version {version}; "
                f"its versions are {self._states.after + 1} to {self._last}"
            )
            raise NoSuchVersion(message)
        return Moment(self._events, self._states, version)

    @property
    def _last(self) -> int:
        return self._states.after + len(self._events)


def branches_of(state: RunState) -> tuple[Branch, ...]:
    """The branches of a run that are under way."""
    found: list[Branch] = []
    for thread in state.threads.values():
        activity = state.pending.get(thread.id)
        if activity is not None:
            place = node_of(state, state.pending.get(thread.current) or activity)
            name = "/".join(branches(state, activity))
            found.append(Branch(thread.id, name, place, thread.image.plain_variables()))
    return tuple(found)
