"""What a recorded run says for a test: outcomes of its calls, and what came from outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from interlock.projections import Activity, History, RunState, evolve
from interlock.projections.recorded import BEGIN
from interlock.store.decisions import (
    ApprovalDelegated,
    ApprovalGranted,
    ApprovalRejected,
    ApprovalVoted,
    UndoResolved,
    UndoRetried,
    UndoSkipped,
)
from interlock.store.event import Event
from interlock.store.failure import Failure
from interlock.store.values import Image
from interlock.store.vocabulary import (
    CancelRequested,
    CommandIgnored,
    CommandReceived,
    RunStarted,
    StepFailed,
    StepInDoubt,
    StepResolved,
    StepScheduled,
    StepSucceeded,
    TransitionTaken,
    UndoFailed,
    UndoScheduled,
    UndoSucceeded,
)
from interlock.testing.regression.layout import quoted, span
from interlock.testing.regression.literal import Literals

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class Made:
    """A call that was made.

    Attributes:
        step: by which the script knows it.
        since: when it was made.
        outcome: as Python text; `Hang()` while there is none.
        until: when it had its outcome.
        beside: something else happened meanwhile, so it has to take its time.
    """

    step: str
    since: datetime
    order: tuple[datetime, int]
    outcome: str = "Hang()"
    until: datetime | None = None
    beside: bool = False

    def text(self) -> str:
        """The outcome, with the time that it takes where that matters."""
        if not self.beside or self.until in (None, self.since) or self.outcome == "Hang()":
            return self.outcome
        assert self.until is not None  # it was compared with None
        takes = f"takes={quoted(span(self.until - self.since))}"
        between = "" if self.outcome.endswith("()") else ", "
        return f"{self.outcome[:-1]}{between}{takes})"


@dataclass(frozen=True, slots=True)
class Act:
    """Something that came from outside.

    Attributes:
        run: to which run.
        state: where that was.
        at: when.
        after: when the run had come there.
        text: the call of the environment, without `await`.
        position: in the log.
    """

    run: str
    state: str
    at: datetime
    after: datetime
    text: str
    position: int


@dataclass
class Reading:
    """One history, read."""

    history: History
    literals: Literals
    made: list[Made] = field(default_factory=list[Made])
    acts: list[Act] = field(default_factory=list[Act])
    words: set[str] = field(default_factory=set[str])
    since: datetime = _NEVER
    _activities: dict[str, Activity] = field(default_factory=dict[str, Activity])
    _open: dict[str, Made] = field(default_factory=dict[str, Made])
    _causes: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        state: RunState | None = None
        before: Event | None = None
        for event in self.history.events:
            state = evolve(state, event)
            self._activities.update(state.pending)
            self._beside(event)
            self._call(state, event)
            text = self._outside(event)
            if text and before is not None:
                self.acts.append(
                    Act(event.stream, before.state, event.at, self.since, text, event.position)
                )
            if before is None or before.state != event.state:
                self.since = event.at
            before = event

    def _beside(self, event: Event) -> None:
        """Note the calls that are under way beside something else that happens."""
        mine = getattr(event.body, "activity", "")
        begins = isinstance(event.body, BEGIN)
        for name, made in self._open.items():
            others = len(self._open) > 1 and not begins
            if others if name == mine else event.at > made.since or not begins:
                made.beside = True

    def _call(self, state: RunState, event: Event) -> None:
        body = event.body
        if isinstance(body, StepScheduled):
            self._begin(body.activity, body.step, event.at, event)
        elif isinstance(body, UndoScheduled):
            if not self._activities[body.activity].child:
                self._begin(body.activity, body.undo, event.at, event)
        elif isinstance(body, StepSucceeded) and not body.reused:
            image = self._image(state, body.activity)
            self._end(body.activity, f"Value({self.literals.of(body.result, image)})", event)
        elif isinstance(body, UndoSucceeded):
            self._end(body.activity, "Value(None)", event)
        elif isinstance(body, StepFailed | UndoFailed):
            self._failed(state, event, body)
        elif isinstance(body, StepInDoubt):
            self._end(body.activity, "Crash()", event)
        elif isinstance(body, StepResolved) and (body.again or not body.happened):
            self._begin(body.activity, body.step, event.at, event)
        elif isinstance(body, UndoRetried):
            name = self._activities[body.activity].name
            self._begin(body.activity, name, event.at, event)

    def _failed(self, state: RunState, event: Event, body: StepFailed | UndoFailed) -> None:
        if isinstance(body, StepFailed) and not body.called:
            self._open.pop(body.activity, None)
            return
        self._end(body.activity, self._error(state, body.activity, body.error), event)
        if body.retry_at is not None:
            self._begin(body.activity, self._activities[body.activity].name, body.retry_at, event)

    def _error(self, state: RunState, activity: str, failure: Failure) -> str:
        if failure.type == "TimedOut":
            return "Timeout()"
        return f"Error({self.literals.error(failure, self._image(state, activity))})"

    def _image(self, state: RunState, activity: str) -> Image:
        found = self._activities.get(activity)
        return state.image if found is None else state.thread(found).image

    def _begin(self, activity: str, step: str, at: datetime, event: Event) -> None:
        made = Made(step, at, (at, event.position))
        self._open[activity] = made
        self.made.append(made)

    def _end(self, activity: str, outcome: str, event: Event) -> None:
        made = self._open.pop(activity, None)
        if made is not None:
            made.outcome, made.until = outcome, event.at
            if self._one_at_a_time:
                for waiting in self._open.values():
                    waiting.since = max(waiting.since, event.at)
            self.words.add(outcome.partition("(")[0])

    @property
    def _one_at_a_time(self) -> bool:
        """Whether calls wait for those before them, as the effects of a lifecycle do."""
        first = self.history.events[0].body
        return isinstance(first, RunStarted) and first.lifecycle

    def calls(self) -> Iterator[Made]:
        """The calls that a script has to answer; a retry that never came about is none."""
        for made in self.made:
            if made.outcome == "Hang()":
                if made.since > self.history.events[-1].at:
                    continue
                self.words.add("Hang")
            yield made

    # What came from outside

    def _outside(self, event: Event) -> str:
        body: Any = event.body
        tell = _ACTS.get(type(event.body))
        if tell is None or event.actor.kind in ("worker", "timer"):
            return ""
        cause = event.cause or event.id
        text = tell(self, event, body) if cause not in self._causes else ""
        if text and self._causes_once(event):
            self._causes.add(cause)
        return text

    def _causes_once(self, event: Event) -> bool:
        return isinstance(event.body, ApprovalVoted)

    def said(self, event: Event) -> str:
        """Who, and why."""
        by = event.actor.id if event.actor.kind == "user" else ""
        reason = event.reason or getattr(event.body, "reason", "")
        said = f", by={quoted(by)}" if by else ""
        return f"{said}, reason={quoted(reason)}" if reason else said

    def command(self, event: Event, value: Any) -> str:
        """Send a command."""
        by = event.actor.id if event.actor.kind == "user" else ""
        said = f", by={quoted(by)}" if by else ""
        return f"env.send({quoted(event.stream)}, {self.literals.of(value)}{said})"


def _send(reading: Reading, event: Event, body: CommandReceived) -> str:
    return reading.command(event, body.value)


def _took(reading: Reading, event: Event, body: TransitionTaken | CommandIgnored) -> str:
    return reading.command(event, body.value) if body.command and not body.deferred else ""


def _decided(verb: str) -> Any:
    def text(reading: Reading, event: Event, body: Any) -> str:
        return f"env.{verb}({quoted(event.stream)}, {quoted(body.activity)}{reading.said(event)})"

    return text


def _voted(reading: Reading, event: Event, body: ApprovalVoted) -> str:
    verb = "grant" if body.granted else "reject"
    return f"env.{verb}({quoted(event.stream)}, {quoted(body.activity)}{reading.said(event)})"


def _delegated(reading: Reading, event: Event, body: ApprovalDelegated) -> str:
    where = f"{quoted(event.stream)}, {quoted(body.activity)}"
    return f"env.engine.delegate({where}, to={quoted(body.to)}{reading.said(event)})"


def _cancelled(reading: Reading, event: Event, body: CancelRequested) -> str:
    if event.actor.kind != "user":
        return ""  # its parent was
    return f"env.cancel({quoted(event.stream)}{reading.said(event)})"


def _resolved(reading: Reading, event: Event, body: StepResolved) -> str:
    happened = None if body.again else body.happened
    result = f", result={reading.literals.of(body.result)}" if happened else ""
    return (
        f"env.engine.resolve({quoted(event.stream)}, {quoted(body.activity)}, happened={happened}"
        f"{result}{reading.said(event)})"
    )


def _undo(answer: str) -> Any:
    def text(reading: Reading, event: Event, body: Any) -> str:
        where = f"{quoted(event.stream)}, {quoted(body.activity)}"
        return f"env.engine.undo({where}, {quoted(answer)}{reading.said(event)})"

    return text


_ACTS: dict[type, Any] = {
    CommandReceived: _send,
    TransitionTaken: _took,
    CommandIgnored: _took,
    ApprovalGranted: _decided("grant"),
    ApprovalRejected: _decided("reject"),
    ApprovalVoted: _voted,
    ApprovalDelegated: _delegated,
    CancelRequested: _cancelled,
    StepResolved: _resolved,
    UndoRetried: _undo("retry"),
    UndoResolved: _undo("resolve"),
    UndoSkipped: _undo("skip"),
}
