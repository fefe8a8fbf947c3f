"""What a run recorded of its calls, waits and decisions, so that another run can be given it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from interlock.projections.fold import evolve
from interlock.projections.run import Activity, RunState
from interlock.store.decisions import (
    ApprovalDelegated,
    ApprovalGranted,
    ApprovalRejected,
    ApprovalRequested,
    ApprovalVoted,
    UndoResolved,
    UndoRetried,
    UndoSkipped,
)
from interlock.store.event import Encoded, Event
from interlock.store.forking import CallAnswered, OutcomeReplayed
from interlock.store.joining import (
    ActivityStopped,
    BatchBegun,
    ChildEnded,
    ChildStarted,
    JoinStarted,
    WaitPassed,
)
from interlock.store.values import Image, canonical
from interlock.store.values.atom import class_of
from interlock.store.vocabulary import (
    CancelDelivered,
    CancelRequested,
    CommandReceived,
    SleepEnded,
    SleepStarted,
    StepFailed,
    StepResolved,
    StepScheduled,
    StepSucceeded,
    UndoFailed,
    UndoScheduled,
    UndoSucceeded,
    WaitMatched,
    WaitStarted,
    WaitTimedOut,
)

Nodes: TypeAlias = dict[int, Encoded]
What: TypeAlias = tuple[Any, ...]
"""What was asked for: kind, name and input. The same for two calls that are the same call."""

InputOf: TypeAlias = Callable[[Activity, Image], bytes]
"""The input of a call, such that equal inputs are equal bytes."""

BEGIN = (
    StepScheduled, ApprovalRequested, SleepStarted, WaitStarted, JoinStarted, ChildStarted,
    UndoScheduled,
)  # fmt: skip
"""The events with which something begins that will have an outcome."""

OUTCOMES = (
    StepSucceeded, StepFailed, StepResolved, CallAnswered, ApprovalVoted, ApprovalGranted,
    ApprovalRejected, ApprovalDelegated, SleepEnded, WaitMatched, WaitTimedOut, WaitPassed,
    BatchBegun, ChildEnded, UndoSucceeded, UndoFailed, UndoRetried, UndoResolved, UndoSkipped,
    ActivityStopped, CancelDelivered,
)  # fmt: skip

INPUTS = (CommandReceived, CancelRequested)
"""What came from outside and is no outcome of anything."""


@dataclass(slots=True)
class Outcome:
    """One recorded outcome.

    Attributes:
        event: that recorded it.
        nodes: the objects that its value refers to, as they were then.
    """

    event: Event
    nodes: Nodes

    @property
    def version(self) -> int:
        """Of the event."""
        return self.event.version


@dataclass(slots=True)
class Recorded:
    """Something that a run did or waited for.

    Attributes:
        activity, kind, name, state: see `Activity`.
        version: of the event with which it began.
        what: what was asked for.
        thread: the branch whose code asked.
        alone: that code stood still for it.
        of: for an undo, the activity that is undone.
        outcomes: in order: attempts that failed, votes, and the end.
        replayed: its outcome was another run's.
    """

    activity: str
    kind: str
    name: str
    state: str
    version: int
    what: What
    thread: str
    alone: bool
    of: str = ""
    outcomes: list[Outcome] = field(default_factory=list[Outcome])
    replayed: bool = False

    @property
    def last(self) -> Outcome | None:
        """The outcome that is its end, None while there is none."""
        found = self.outcomes[-1] if self.outcomes else None
        return found if found is not None and _ends(found.event.body) else None


def _ends(body: object) -> bool:
    """Whether an outcome is the end of its call."""
    if isinstance(body, StepFailed | UndoFailed):
        return body.retry_at is None
    return isinstance(
        body, StepSucceeded | StepResolved | ChildEnded | UndoSucceeded | CallAnswered
    )


def recorded_input(activity: Activity, image: Image) -> bytes:
    """The input of a call as recorded: no class is needed."""
    given: list[Encoded] = [list(activity.args), dict(activity.kwargs)]
    return canonical(given, image.nodes)


class Record:
    """Everything that a run began, in order, with the outcomes.

    Attributes:
        run: its id.
        version: of the last event that is known.
        calls: by activity.
        by: activities of the same call, oldest first.
        order: all activities, oldest first.
        undos: the undo of an activity.
        inputs: commands and cancellations, oldest first.
        commands: ids of the commands.
        events: all events, oldest first.
    """

    def __init__(self, run: str, input_of: InputOf = recorded_input) -> None:
        self.run = run
        self.calls: dict[str, Recorded] = {}
        self.by: dict[What, list[str]] = {}
        self.order: list[str] = []
        self.undos: dict[str, str] = {}
        self.inputs: list[Event] = []
        self.commands: set[str] = set()
        self.events: list[Event] = []
        self._input_of = input_of
        self._state: RunState | None = None

    @property
    def version(self) -> int:
        """Of the last event that is known."""
        return len(self.events)

    def add(self, events: Iterable[Event]) -> None:
        """Take the next events of the run, folding them."""
        for event in events:
            self._state = evolve(self._state, event)
            self.note(self._state, event)

    def note(self, state: RunState, event: Event) -> None:
        """Take the next event of the run, which has led to this state."""
        self.events.append(event)
        body = event.body
        if isinstance(body, BEGIN):
            self._begin(state, event, state.pending[body.activity])
        elif isinstance(body, OUTCOMES):
            self._end(state, event)
        elif isinstance(body, INPUTS):
            self.inputs.append(event)
            if isinstance(body, CommandReceived):
                self.commands.add(event.cause)
        elif isinstance(body, OutcomeReplayed) and body.activity in self.calls:
            self.calls[body.activity].replayed = True

    def _begin(self, state: RunState, event: Event, activity: Activity) -> None:
        what = self._what(state, event, activity)
        made = Recorded(
            activity.id, activity.kind, activity.name, activity.state, event.version, what,
            activity.thread, activity.alone, activity.of,
        )  # fmt: skip
        self.calls[activity.id] = made
        self.order.append(activity.id)
        self.by.setdefault(what, []).append(activity.id)
        if activity.of:
            self.undos[activity.of] = activity.id

    def _what(self, state: RunState, event: Event, activity: Activity) -> What:
        kind, body = activity.kind, event.body
        if kind in ("step", "child"):
            image = state.thread(activity).image
            return kind, activity.name, self._input_of(activity, image)
        if isinstance(body, ApprovalRequested):
            return kind, body.name, body.facts
        if isinstance(body, WaitStarted):
            return kind, *body.commands
        return (kind, activity.of) if kind == "undo" else (kind, activity.state)

    def _end(self, state: RunState, event: Event) -> None:
        body: Any = event.body
        call = self.calls.get(body.activity)
        if call is None or (isinstance(body, StepResolved) and not body.happened):
            return
        if isinstance(body, CallAnswered) and body.how in ("live", "recorded"):
            return
        if isinstance(body, ActivityStopped) and not body.over:
            return
        nodes: Nodes = {}
        if isinstance(body, StepSucceeded):
            nodes = reachable(_image(state, call).nodes, body.result)
        elif isinstance(body, StepFailed):
            nodes = reachable(_image(state, call).nodes, body.error.value)
        call.outcomes.append(Outcome(event, nodes))


def _image(state: RunState, call: Recorded) -> Image:
    thread = state.threads.get(call.thread)
    return state.image if thread is None else thread.image


def reachable(nodes: Mapping[int, Encoded], encoded: Encoded) -> Nodes:
    """Copies of the objects that a value refers to, which later changes do not reach."""
    found: Nodes = {}
    waiting: list[Any] = [encoded]
    while waiting:
        value = waiting.pop()
        if class_of(value) is list:
            waiting.extend(value)
        elif class_of(value) is dict:
            number = value.get("$")
            if type(number) is not int:
                waiting.extend(value.values())
            elif number not in found and number in nodes:
                found[number] = _copied(nodes[number])
                waiting.append(found[number])
    return found


def _copied(node: Any) -> Any:
    if class_of(node) not in (list, dict):
        return node
    copy: Any = node.copy()
    content: Any = copy.get("v") if class_of(copy) is dict else None
    if class_of(content) in (list, dict):
        copy["v"] = content.copy()
    return copy


__all__ = ["BEGIN", "INPUTS", "Outcome", "Record", "Recorded", "recorded_input"]
