"""`story_of`: what happened in a run as text, the same whenever the same happens."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from interlock.engine.replaying.speech import said
from interlock.projections import Activity, History, RunState, evolve
from interlock.projections.alone import is_left_alone
from interlock.store.decisions import (
    ApprovalDelegated,
    ApprovalGranted,
    ApprovalRejected,
    ApprovalRequested,
    ApprovalVoted,
    Notified,
)
from interlock.store.event import Body, Encoded, Event
from interlock.store.forking import ForkCaughtUp, ForkMade, OutcomeReplayed
from interlock.store.joining import ActivityStopped, ChildEnded
from interlock.store.values.readable import plain
from interlock.store.vocabulary import (
    CancelRequested,
    CommandIgnored,
    CommandReceived,
    RunCancelled,
    RunCompensated,
    RunCompensationFailed,
    RunStarted,
    SleepEnded,
    SleepStarted,
    StepFailed,
    StepInDoubt,
    StepPostponed,
    StepRecalled,
    StepReleased,
    StepResolved,
    StepStarted,
    StepSucceeded,
    TransitionTaken,
    UndoFailed,
    UndoSucceeded,
    WaitMatched,
    WaitStarted,
    WaitTimedOut,
)

_SILENT = (
    StepStarted, StepRecalled, StepReleased, Notified, ForkMade, ForkCaughtUp, OutcomeReplayed,
)  # fmt: skip
"""What a process did, not what the run does: it differs where nothing else does."""


def story_of(history: History) -> str:
    """A run as text: state by state what its code did and what came of it.

    Instants, ids, durations of calls, workers and crashes are left out, so two runs tell the same
    exactly when the same happened in them, and a difference of the texts is one of behaviour.
    Personal values are not readable in it.
    """
    return Story(history).text()


class Story:
    """Makes the text."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._activities: dict[str, Activity] = {}
        self._commands: dict[str, str] = {}

    def text(self) -> str:
        """The whole text, with a line break at its end."""
        lines: list[str] = []
        state: RunState | None = None
        place = ""
        for event in self._history.events:
            state = evolve(state, event)
            self._activities.update(state.pending)
            if event.state != place:
                place = event.state
                lines.append(f"[{place}]")
            lines += [f"  {line}" for line in self._lines(state, event)]
        if state is not None and state.ended is None:
            variables = sorted(state.image.plain_variables().items())
            lines += [f"  {name} = {_json(value)}" for name, value in variables]
        return "".join(f"{line}\n" for line in lines)

    def _lines(self, state: RunState, event: Event) -> list[str]:
        body: Any = event.body
        if isinstance(body, _SILENT):
            return []
        found = said(state, event)
        tell = _TELL.get(type(event.body))
        lines: list[str] = []
        if tell is not None:
            lines += tell(self, state, event, body)
        if found is not None:
            given = found.image.plain(found.given)
            lines.append(f"{found.did}{_with(given)}{_time(body, event.at)}")
        if not lines:
            lines.append(_words(event.type))
        return lines

    def stopped(self, state: RunState, activity: str) -> str:
        """That an activity was stopped, or is a child that goes on by itself."""
        found = self._activities.get(activity)
        left = found is not None and is_left_alone(state, found)
        return f"{self.name(activity)} {'goes on by itself' if left else 'was stopped'}"

    def name(self, activity: str) -> str:
        """What people call an activity."""
        found = self._activities.get(activity)
        return activity.partition("#")[0] if found is None else found.name

    def value(self, state: RunState, activity: str, encoded: Encoded) -> str:
        """The result of an activity."""
        found = self._activities.get(activity)
        image = state.image if found is None else state.thread(found).image
        return _json(image.plain(encoded))

    def command(self, cause: str, name: str = "") -> str:
        """Remember the name of a command, or find it."""
        if name:
            self._commands[cause] = name
        return self._commands.get(cause, "a command")


def _json(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


def _with(given: object) -> str:
    return "" if given in (None, []) else f" {_json(given)}"


def _time(body: object, at: datetime) -> str:
    """How long something waits, where that is a round number."""
    until: datetime | None = None
    if isinstance(body, SleepStarted):
        until = body.until
    elif isinstance(body, ApprovalRequested | WaitStarted):
        until = body.deadline
    if until is None or (until - at) % timedelta(seconds=1):
        return ""
    return f" for {until - at}"


def _words(type_: str) -> str:
    return " ".join(re.findall(r"[A-Z][a-z]*", type_)).lower()


def _by(event: Event, reason: str = "") -> str:
    who = f" by {event.actor.id}" if event.actor.kind == "user" and event.actor.id else ""
    return f"{who}: {reason}" if reason else who


Lines = list[str]
Tell = Callable[[Story, RunState, Event, Any], Lines]


def _started(story: Story, state: RunState, event: Event, body: RunStarted) -> Lines:
    given = state.image.plain([*body.args, dict(body.kwargs)] if body.kwargs else [*body.args])
    return [f"{event.machine} begins{_with(given)}"]


def _succeeded(story: Story, state: RunState, event: Event, body: StepSucceeded) -> Lines:
    return [f"{body.step} returned {story.value(state, body.activity, body.result)}"]


def _failed(story: Story, state: RunState, event: Event, body: StepFailed) -> Lines:
    again = ", and is tried again" if body.retry_at is not None else ""
    return [f"{body.step} raised {body.error.type}: {body.error.message}{again}"]


def _undo_failed(story: Story, state: RunState, event: Event, body: UndoFailed) -> Lines:
    again = ", and is tried again" if body.retry_at is not None else ""
    name = story.name(body.activity)
    return [f"{name} raised {body.error.type}: {body.error.message}{again}"]


def _resolved(story: Story, state: RunState, event: Event, body: StepResolved) -> Lines:
    what = "again" if body.again else "happened" if body.happened else "did not happen"
    return [f"{body.step} {what}{_by(event, body.reason)}"]


def _came(story: Story, state: RunState, event: Event, body: CommandReceived) -> Lines:
    name = story.command(event.cause, body.command)
    return [f"{name} came{_by(event)} {_json(plain(body.value))}"]


def _moved(story: Story, state: RunState, event: Event, body: TransitionTaken) -> Lines:
    if body.command:
        return [f"{body.command} came{_by(event)} {_json(plain(body.value))}", body.transition]
    timer = " is due" if event.actor.kind == "timer" else ""
    return [f"{body.transition}{timer}"]


def _stays(story: Story, body: RunCompensated | RunCompensationFailed | RunCancelled) -> Lines:
    lines = [f"undone: {', '.join(map(story.name, body.undone)) or 'nothing'}"]
    if not isinstance(body, RunCompensated) and body.not_undone:
        lines.append(f"not undone: {', '.join(map(story.name, body.not_undone))}")
    if body.stays:
        lines.append(f"stays: {', '.join(map(story.name, body.stays))}")
    return lines


def _ended(story: Story, state: RunState, event: Event, body: Any) -> Lines:
    error = getattr(body, "error", None)
    raised = [] if error is None else [f"ends with {error.type}: {error.message}"]
    return [*_stays(story, body), *raised]


def _child(story: Story, state: RunState, event: Event, body: ChildEnded) -> Lines:
    said = "" if body.error is None else f" with {body.error.type}: {body.error.message}"
    value = f" with {_json(plain(body.result))}" if body.status == "completed" else said
    return [f"{story.name(body.activity)} {body.status}{value}"]


def _decided(word: str) -> Tell:
    return lambda story, state, event, body: [f"{body.name} {word}{_by(event, body.reason)}"]


def _named(word: str) -> Tell:
    return lambda story, state, event, body: [f"{story.name(body.activity)} {word}"]


_TELL: dict[type[Body], Tell] = {
    RunStarted: _started,
    StepSucceeded: _succeeded,
    StepFailed: _failed,
    StepResolved: _resolved,
    StepInDoubt: _named("is in doubt"),
    StepPostponed: lambda story, state, event, body: [
        f"{story.name(body.activity)} is held back by {body.by}"
    ],
    UndoSucceeded: _named("is done"),
    UndoFailed: _undo_failed,
    ApprovalGranted: _decided("was granted"),
    ApprovalRejected: _decided("was rejected"),
    ApprovalVoted: lambda story, state, event, body: [
        f"{body.name}: {'yes' if body.granted else 'no'}{_by(event, body.reason)}"
    ],
    ApprovalDelegated: lambda story, state, event, body: [
        f"{body.name} was delegated to {body.to}{_by(event, body.reason)}"
    ],
    CommandReceived: _came,
    CommandIgnored: lambda story, state, event, body: [
        f"{body.command} came{_by(event)}, and moves nothing"
    ],
    TransitionTaken: _moved,
    WaitMatched: lambda story, state, event, body: [f"takes {story.command(body.command_id)}"],
    WaitTimedOut: _named("timed out"),
    SleepEnded: lambda story, state, event, body: ["wakes"],
    CancelRequested: lambda story, state, event, body: [
        f"cancellation was asked for{_by(event, body.reason)}"
    ],
    ActivityStopped: lambda story, state, event, body: [story.stopped(state, body.activity)],
    ChildEnded: _child,
    RunCompensated: _ended,
    RunCompensationFailed: _ended,
    RunCancelled: _ended,
}
