"""The fold of a run's events into its timeline."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from interlock.projections.address import member_name, node_of
from interlock.projections.alone import is_left_alone
from interlock.projections.copying import copy_state
from interlock.projections.ending import ending, marks_of
from interlock.projections.errors import EmptyHistory
from interlock.projections.moving import joined
from interlock.projections.run import Activity, RunState
from interlock.projections.subject import Subject, read_through
from interlock.projections.timeline import Bar, Mark, Span, SpanKind, Timeline
from interlock.store.event import Event
from interlock.store.forking import RunForked
from interlock.store.vocabulary import (
    RunHeld,
    StepFailed,
    StepRecalled,
    TransitionTaken,
    UndoFailed,
)

LATE = timedelta(seconds=1)
"""What is done later than this after it was due is told to be late."""


def timeline(events: Iterable[Event], since: RunState | None = None) -> Timeline:
    """The timeline of a run's events, in order from the first, or from the one after `since`.

    Args:
        events: what is drawn.
        since: the run as it was before them, left as it is: what was under way in it began
            before the timeline does.

    Raises:
        EmptyHistory: there are no events.
    """
    drawn: _Drawn | None = None
    for event, state, subject in read_through(events, None if since is None else copy_state(since)):
        if drawn is None:
            drawn = _Drawn(event)
            drawn.go_on(since)
        drawn.take(event, state, subject)
    if drawn is None:
        raise EmptyHistory("there are no events to draw")
    return drawn.made


class _Drawn:
    def __init__(self, first: Event) -> None:
        self.made = Timeline(first.stream, first.machine, "", first.at, first.at)
        self._bars: dict[str, Bar] = {}
        self._open: dict[str, Activity] = {}
        self._current: dict[str, str] = {}  # of each branch, the activity its code stands at
        self._states: dict[str, Bar] = {}
        self._held: Bar | None = None

    def go_on(self, since: RunState | None) -> None:
        """What was under way before the first event."""
        if since is None:
            return
        self.made.after = since.head.version
        for activity in since.pending.values():
            if activity.status != "done":
                self._bar(since, activity, activity.since)
                kind = _kind(activity, since)
                _switch(self._bars[activity.id], kind, activity.since, activity.due)
        for thread, current in [
            ("", since.current),
            *((t.id, t.current) for t in since.threads.values()),
        ]:
            if current in self._open:
                self._current[thread] = current
        for name in since.configuration if since.lifecycle else ():
            self._state(name, since.head.version, since.active.get(name, since.since))

    def take(self, event: Event, state: RunState, subject: Subject) -> None:
        """One more event, with the state after it."""
        self._hold(event)
        if subject.activity is not None:
            self._activity(event, state, subject.activity)
        if event.type.startswith(("Run", "Compensation")):
            self._open.update({n: state.pending[n] for n in self._open if n in state.pending})
            for gone in [name for name in self._open if name not in state.pending]:
                self._over(gone, event)
        if isinstance(event.body, RunForked):
            self._fork(event, state)
        if state.lifecycle:
            self._move(event, state)
        self.made.marks += marks_of(event)
        over, self.made.ended = self.made.ended, state.ended is not None and not state.pending
        self.made.status = state.status
        if not (over and self.made.ended):  # it was forked, or archived, long after its end
            self.made.last = event.at
        if self.made.ended:
            for bar in self._states.values():
                _close(bar, bar.end or event.at, None)

    def _fork(self, event: Event, state: RunState) -> None:
        """What was under way was under way elsewhere; from here on the fork does it itself."""
        for name, activity in self._open.items():
            bar, kind = self._bars[name], _kind(activity, state)
            bar.child = activity.child if activity.kind == "child" else ""
            if bar.spans and activity.kind in _MADE:
                bar.spans[-1].kind = "before"
            _switch(bar, kind, event.at, activity.due)

    def _hold(self, event: Event) -> None:
        body, held = event.body, self._held
        reason = body.reason if isinstance(body, RunHeld) else ""
        if held is not None and held.outcome != reason:
            _close(held, event.at, None)
            self._held = None
        if reason and self._held is None:
            name = f"held@{event.version}"
            self._held = Bar(name, "held", "held", event.state, event.at, outcome=reason)
            self._held.spans.append(Span("held", event.at))
            self.made.bars.append(self._held)

    def _activity(self, event: Event, state: RunState, activity: Activity) -> None:
        name = activity.id
        lasts = name in state.pending and activity.status != "done"
        if name not in self._bars and lasts:
            self._begin(event, state, activity)
        if name not in self._open:
            return
        if event.type in ("BranchReturned", "BranchRaised"):
            self._over(self._current.pop(name, ""), event)
        if not lasts:
            self._over(name, event)
            if event.type == "ActivityStopped" and is_left_alone(state, activity):
                self._bars[name].outcome = "left alone"
            return
        bar, body = self._bars[name], event.body
        bar.attempts = max(bar.attempts, activity.attempt)
        _catch_up(bar, event.at)
        if isinstance(body, StepRecalled):
            _switch(bar, "gone", max(self.made.last, bar.begin), None)
            if body.interruptions:
                bar.marks.append(Mark(event.at, "interrupted", "its worker died"))
        if isinstance(body, StepFailed | UndoFailed):
            why = f"{body.error.type}: {body.error.message}"
            bar.marks.append(Mark(event.at, "failed", why))
            if isinstance(body, StepFailed) and body.retry_at is None:
                bar.outcome, bar.failed = why, True  # the code around it goes on in a moment
        _switch(bar, _kind(activity, state), event.at, activity.due)

    def _begin(self, event: Event, state: RunState, activity: Activity) -> None:
        within = activity.within
        item = within is not None and bool(within.join)
        aside = state.lifecycle or activity.kind == "undo" or (within is not None and within.handle)
        if not item and not aside:
            self._over(self._current.get(activity.thread, ""), event)
            self._current[activity.thread] = activity.id
        self._bar(state, activity, event.at)

    def _bar(self, state: RunState, activity: Activity, begin: datetime) -> None:
        within = activity.within
        item = within is not None and bool(within.join)
        parent = "" if within is None else within.join or within.thread
        parent = parent if parent in self._bars else ""
        place = node_of(state, activity)
        label = self._label(state, activity, place, parent)
        bar = Bar(activity.id, activity.kind, label, place, begin, parent, item)
        bar.child = activity.child if activity.kind == "child" else ""
        self._bars[activity.id] = bar
        self._open[activity.id] = activity
        self.made.bars.append(bar)

    def _label(self, state: RunState, activity: Activity, place: str, parent: str) -> str:
        within = activity.within
        if activity.kind == "undo":
            undone = self._bars.get(activity.of)
            before = (entry.step for entry in state.stack if entry.activity == activity.of)
            return f"undo {undone.label if undone else next(before, activity.name)}"
        if within is not None and within.join:
            return member_name(joined(state, within.join), within.index)
        if within is not None and within.handle and activity.kind == "helper":
            return activity.name
        if activity.apart:
            return activity.name
        if state.lifecycle:
            return activity.name  # an effect: the state it belongs to has a bar of its own
        above = f"{self._bars[parent].place}/" if parent else ""
        return place.removeprefix(above)

    def _over(self, name: str, event: Event) -> None:
        """An activity has ended with an event, its own or another."""
        activity = self._open.pop(name, None)
        if activity is None:
            return
        bar = self._bars[name]
        bar.attempts = max(bar.attempts, activity.attempt)
        own = getattr(event.body, "activity", "") == name
        if own or not bar.failed:
            bar.outcome, bar.failed = ending(event, activity, own=own)
        if own and isinstance(event.body, StepFailed | UndoFailed):
            bar.marks.append(Mark(event.at, "failed", bar.outcome))
        _close(bar, event.at, activity)

    def _move(self, event: Event, state: RunState) -> None:
        """Open and close the bars of a lifecycle's states."""
        body = event.body
        left = set(body.exited) if isinstance(body, TransitionTaken) else set[str]()
        for name in [*self._states]:
            if name in left or name not in state.configuration:
                _close(self._states.pop(name), event.at, None)
        for name in state.configuration:
            if name not in self._states:
                self._state(name, event.version, event.at)

    def _state(self, name: str, version: int, begin: datetime) -> None:
        above = [one for one in self._states if name.startswith(f"{one}/")]
        parent = max(above, key=len, default="")
        label = name.removeprefix(f"{parent}/") if parent else name
        bar = Bar(f"{name}@{version}", "state", label, name, begin)
        bar.parent = self._states[parent].id if parent else ""
        bar.spans.append(Span("state", begin))
        self._states[name] = bar
        self.made.bars.append(bar)


def _kind(activity: Activity, state: RunState | None = None) -> SpanKind:
    """What goes on in an activity."""
    if activity.kind in _MADE and state is not None and state.fork is not None:
        if activity.status == "asked":
            return "asked"
        if state.fork.effects != "live" and activity.answer != "live":
            return "given"
    if activity.kind in ("step", "undo"):
        called: SpanKind = "call" if activity.kind == "step" else "undo"
        return _STATUSES.get(activity.status, called)
    return _KINDS[activity.kind]


_MADE = ("step", "undo", "child")
"""What a fork does not do by itself."""
_STATUSES: dict[str, SpanKind] = {
    "retrying": "pause", "postponed": "held back", "in doubt": "in doubt", "undo failed": "person",
}  # fmt: skip
_KINDS: dict[str, SpanKind] = {
    "approval": "approval", "wait": "wait", "sleep": "sleep", "child": "child", "join": "several",
    "helper": "branch",
}  # fmt: skip


def _switch(bar: Bar, kind: SpanKind, at: datetime, due: datetime | None) -> None:
    """From an instant on, something goes on in a bar."""
    bar.due = due
    if bar.spans and bar.spans[-1].kind == kind:
        return
    if bar.spans:
        bar.spans[-1].end = at
        if bar.spans[-1].begin == at:
            del bar.spans[-1]
    bar.spans.append(Span(kind, at))


def _catch_up(bar: Bar, at: datetime) -> None:
    """What was to go on at an instant went on by itself: no event says so."""
    if bar.spans and bar.due is not None and bar.due <= at:
        if bar.spans[-1].kind in ("pause", "held back"):
            _switch(bar, "undo" if bar.kind == "undo" else "call", bar.due, None)
        elif bar.spans[-1].kind == "sleep" and at - bar.due > LATE:
            _switch(bar, "late", bar.due, None)


def _close(bar: Bar, at: datetime, activity: Activity | None) -> None:
    _catch_up(bar, at)
    if bar.outcome == "timed out" and bar.due is not None and at - bar.due > LATE:
        _switch(bar, "late", bar.due, None)
    if activity is not None and not bar.spans:
        bar.spans.append(Span(_kind(activity), bar.begin))
    bar.end = at
    if bar.spans:
        bar.spans[-1].end = at
