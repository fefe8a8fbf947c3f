"""A run whose record answers another run, and which of its calls stands for which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from interlock.projections.recorded import OUTCOMES, Outcome, Record, Recorded
from interlock.store.event import Event
from interlock.store.joining import (
    ActivityStopped,
    BatchEnded,
    BranchRaised,
    BranchReturned,
    BranchStarted,
    CallFailed,
)
from interlock.store.vocabulary import (
    CancelDelivered,
    CancelRequested,
    CommandReceived,
    StepFailed,
    StepSucceeded,
    UndoScheduled,
    WaitDeclined,
    WaitMatched,
)

_BY_MOVING = (
    ActivityStopped, BatchEnded, BranchStarted, CallFailed, CancelDelivered, UndoScheduled,
    WaitMatched, WaitDeclined, CancelRequested, CommandReceived,
)  # fmt: skip
"""These are recorded when a run is looked at, not where the code of one call goes on."""


class Source:
    """A record, and the calls of another run that its calls stand for.

    The same call is one of the same step (or child, approval, wait, sleep) with equal input. Where
    there are several it is the one at the same place, of the same activity; else the first that
    stands for no other yet.
    """

    def __init__(self, record: Record) -> None:
        self.record = record
        self._matched: dict[str, Recorded] = {}
        self._used: set[str] = set()

    @property
    def run(self) -> str:
        """The id of the run."""
        return self.record.run

    def match(self, own: Record, call: Recorded) -> Recorded | None:
        """The recorded call that stands for a call; None when there is none so far."""
        found = self._matched.get(call.activity)
        if found is None:
            found = self._find(own, call)
            if found is not None:
                self._matched[call.activity] = found
                self._used.add(found.activity)
        return found

    def _find(self, own: Record, call: Recorded) -> Recorded | None:
        record = self.record
        if call.of:
            undone = self.match(own, own.calls[call.of]) if call.of in own.calls else None
            undo = "" if undone is None else record.undos.get(undone.activity, "")
            return record.calls.get(undo)
        same = record.calls.get(call.activity)
        if same is not None and same.what == call.what and same.activity not in self._used:
            return same
        for activity in record.by.get(call.what, ()):
            if activity not in self._used:
                return record.calls[activity]
        return None

    def is_used(self, call: Recorded) -> bool:
        """Whether a recorded call stands for one."""
        return call.activity in self._used

    def like(self, own: Record, call: Recorded) -> Recorded | None:
        """The recorded call most like one that was never made: same name, other input."""
        known = [c for c in self.record.calls.values() if _alike(c, call) and c.last is not None]
        same = next((c for c in known if c.activity == call.activity), None)
        if same is not None or not known:
            return same
        before = [a for a in own.order if _alike(own.calls[a], call)]
        return known[min(before.index(call.activity), len(known) - 1)]

    def events_between(self, after: int, before: int) -> Sequence[Event]:
        """The events between two versions, without these."""
        return self.record.events[after : before - 1]

    def moved_between(self, first: Outcome, second: Outcome) -> bool:
        """Whether the run was looked at between two outcomes that it recorded."""
        call = self._call(first)
        between = self.events_between(first.version, second.version)
        if call is None or not isinstance(first.event.body, StepSucceeded | StepFailed):
            return call is None or bool(between)  # its code goes on when the run is looked at
        if any(isinstance(event.body, OUTCOMES) for event in between):
            return True  # of a call that has not begun here: the run has to move to begin it
        return any(_by_moving(event, call) for event in between)

    def _call(self, outcome: Outcome) -> Recorded | None:
        return self.record.calls.get(str(getattr(outcome.event.body, "activity", "")))

    def inputs(self, before: int) -> Iterator[Event]:
        """Commands and cancellations that came before a version."""
        return (event for event in self.record.inputs if event.version < before)


def _alike(one: Recorded, other: Recorded) -> bool:
    return (one.kind, one.name) == (other.kind, other.name)


def _by_moving(event: Event, call: Recorded) -> bool:
    body = event.body
    if isinstance(body, _BY_MOVING) or not call.alone:
        return True
    if isinstance(body, BranchReturned | BranchRaised):
        return body.activity != call.thread
    within = getattr(body, "within", None)
    if within is None:
        return bool(call.thread) and hasattr(body, "within")
    return bool(within.join) or within.thread != call.thread
