"""What an event says, as a phrase for people: one function for each type of event."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from interlock.cli.joined import JOINED, LEFT_ALONE, error_text
from interlock.cli.phrases_archive import ARCHIVES
from interlock.cli.phrases_changing import CHANGING
from interlock.cli.phrases_forks import FORKS
from interlock.cli.phrases_people import PEOPLE
from interlock.cli.phrases_personal import PERSONAL
from interlock.cli.phrases_shared import SHARED
from interlock.cli.text import compact, instant, moment
from interlock.cli.wording import Plain, branch_of
from interlock.cli.wording import because as _because
from interlock.cli.wording import by as _by
from interlock.cli.wording import name_of as _name
from interlock.store.event import Event
from interlock.store.vocabulary import (
    CancelDelivered,
    CancelRequested,
    CommandIgnored,
    CommandReceived,
    CompensationStarted,
    Failure,
    RunCancelled,
    RunCompensated,
    RunCompensationFailed,
    RunCompleted,
    RunFailed,
    RunHeld,
    RunStarted,
    SleepEnded,
    SleepStarted,
    StepFailed,
    StepInDoubt,
    StepPostponed,
    StepRecalled,
    StepReleased,
    StepResolved,
    StepScheduled,
    StepStarted,
    StepSucceeded,
    TransitionTaken,
    UndoFailed,
    UndoScheduled,
    UndoSucceeded,
    WaitDeclined,
    WaitMatched,
    WaitStarted,
    WaitTimedOut,
)


def phrase(event: Event, plain: Plain, branch: str | None = None, *, alone: bool = False) -> str:
    """What happened, in one line. An event type without a phrase is named by its type.

    Args:
        branch: what the branch or item is called that it happened to, "" for none; None where
            only the event is at hand.
        alone: what is stopped goes on by itself.
    """
    make = (LEFT_ALONE if alone else PHRASES).get(event.type)
    if make is None:
        return event.type
    said = make(event, event.body, plain)
    if event.reason and not hasattr(event.body, "reason"):
        said = _because(said, event.reason)
    if branch is None:
        branch = branch_of(getattr(event.body, "activity", ""))
    return f"[{branch}] {said}" if branch else said


def _started(event: Event, body: RunStarted, plain: Plain) -> str:
    shown = [compact(plain(value)) for value in body.args]
    shown += [f"{name}={compact(plain(value))}" for name, value in body.kwargs.items()]
    return f"{event.machine} started with {', '.join(shown) or 'no input'}"


def _step_scheduled(event: Event, body: StepScheduled, plain: Plain) -> str:
    if branch_of(body.activity):  # of many, whose keys are long and say nothing more
        return f"{body.step} is to be called" if body.client else f"{body.step} called"
    word = "is to be called" if body.client else "called"
    return f"{body.step} {word} (attempt 1, key {body.key})"


def _step_started(event: Event, body: StepStarted, plain: Plain) -> str:
    return f"{_name(body.activity)} is being called, at most once (attempt {body.attempt})"


def _step_recalled(event: Event, body: StepRecalled, plain: Plain) -> str:
    name, number = _name(body.activity.removeprefix("undo ")), body.interruptions
    if not number:
        return f"{name} is called now (attempt {body.attempt}): no worker was there before"
    times = "once" if number == 1 else f"{number} times"
    return f"{name} is called again (attempt {body.attempt}, interrupted {times})"


def _step_succeeded(event: Event, body: StepSucceeded, plain: Plain) -> str:
    if body.reused:
        result = compact(plain(body.result))
        return f"{body.step} was not called: {body.reused_run} had {result} ({body.reused})"
    attempt = "" if body.attempt == 1 else f" (attempt {body.attempt})"
    return f"{body.step} returned {compact(plain(body.result))}{attempt}"


def _step_failed(event: Event, body: StepFailed, plain: Plain) -> str:
    if not body.called:
        return f"{body.step} was not called: {error_text(body.error)}"
    return _failed(body.step, body.attempt, body.error, body.retry_at)


def _failed(what: str, attempt: int, error: Failure, retry_at: datetime | None) -> str:
    then = f"; again at {moment(retry_at)}" if retry_at else "; not tried again"
    return f"{what} raised {error_text(error)} (attempt {attempt}){then}"


def _step_in_doubt(event: Event, body: StepInDoubt, plain: Plain) -> str:
    if body.interruptions:
        said = f"attempt {body.attempt} was called {body.interruptions} times"
        return f"{body.step} is in doubt: {said}, and its process died each time"
    return f"{body.step} is in doubt: attempt {body.attempt} was started, and nobody knows its end"


def _step_resolved(event: Event, body: StepResolved, plain: Plain) -> str:
    if body.happened:
        said = f"{body.step} did happen, with result {compact(plain(body.result))}"
    elif body.again:
        return _because(f"{_by(event)} wants {body.step} to be called again", body.reason)
    else:
        said = f"{body.step} did not happen"
    return _because(f"{_by(event)} found that {said}", body.reason)


def _step_postponed(event: Event, body: StepPostponed, plain: Plain) -> str:
    until = f"; again at {moment(body.until)}" if body.until else ""
    return f"{_name(body.activity)} waits for {body.by}: {body.reason}{until}"


def _step_released(event: Event, body: StepReleased, plain: Plain) -> str:
    return f"{_name(body.activity)} need not wait any more"


def _cancel_requested(event: Event, body: CancelRequested, plain: Plain) -> str:
    return _because(f"cancellation asked for{_by(event, ' by ')}", body.reason)


def _cancel_delivered(event: Event, body: CancelDelivered, plain: Plain) -> str:
    return f"cancelled while waiting for {_name(body.activity)}"


def _sleep_started(event: Event, body: SleepStarted, plain: Plain) -> str:
    return f"sleeps until {instant(body.until)}"


def _sleep_ended(event: Event, body: SleepEnded, plain: Plain) -> str:
    return "slept long enough"


def _wait_started(event: Event, body: WaitStarted, plain: Plain) -> str:
    until = f" until {instant(body.deadline)}" if body.deadline else ""
    return f"waits for {' or '.join(body.commands)}{until}"


def _command_received(event: Event, body: CommandReceived, plain: Plain) -> str:
    return f"{body.command} {compact(plain(body.value))} received{_by(event, ' from ')}"


def _wait_matched(event: Event, body: WaitMatched, plain: Plain) -> str:
    return f"{_name(body.activity)} took command {body.command_id}"


def _wait_declined(event: Event, body: WaitDeclined, plain: Plain) -> str:
    ids = ", ".join(body.command_ids)
    return f"{_name(body.activity)} declined, as its where= says: command {ids}"


def _wait_timed_out(event: Event, body: WaitTimedOut, plain: Plain) -> str:
    return f"{_name(body.activity)} timed out"


def _compensation_started(event: Event, body: CompensationStarted, plain: Plain) -> str:
    why = (
        "the run was cancelled"
        if body.error is None
        else f"the run raised {error_text(body.error)}"
    )
    return f"{why}; what was done is undone, newest first"


def _undo_scheduled(event: Event, body: UndoScheduled, plain: Plain) -> str:
    return f"{body.undo} called to undo {body.step} (attempt 1, key {body.key})"


def _undo_succeeded(event: Event, body: UndoSucceeded, plain: Plain) -> str:
    return f"{_name(body.of)} undone"


def _undo_failed(event: Event, body: UndoFailed, plain: Plain) -> str:
    said = _failed(f"undo of {_name(body.of)}", body.attempt, body.error, body.retry_at)
    return f"{said}: it waits for a person" if body.person else said


def _completed(event: Event, body: RunCompleted, plain: Plain) -> str:
    if body.result is None:  # a lifecycle
        return f"{event.state} is final: the run is completed"
    return f"completed with {compact(plain(body.result))}"


def _run_failed(event: Event, body: RunFailed, plain: Plain) -> str:
    return f"failed: {error_text(body.error)}"


def _compensated(event: Event, body: RunCompensated, plain: Plain) -> str:
    said = f"failed and compensated: {error_text(body.error)}; undone: {_names(body.undone)}"
    return said + _stays(body.stays)


def _compensation_failed(event: Event, body: RunCompensationFailed, plain: Plain) -> str:
    left = f"NOT undone: {_names(body.not_undone)}; undone: {_names(body.undone)}"
    said = f"failed, and could not be compensated: {error_text(body.error)}; {left}"
    return said + _stays(body.stays)


def _cancelled(event: Event, body: RunCancelled, plain: Plain) -> str:
    said = _because("cancelled", body.reason)
    if body.undone:
        said += f"; undone: {_names(body.undone)}"
    if body.not_undone:
        said += f"; NOT undone: {_names(body.not_undone)}"
    return said + _stays(body.stays)


def _held(event: Event, body: RunHeld, plain: Plain) -> str:
    return f"stands still: {body.reason}"


def _transition(event: Event, body: TransitionTaken, plain: Plain) -> str:
    if not body.command:
        methods = (edge.rpartition(".")[2] for edge in (body.transition, *body.also))
        return f"{' and '.join(methods)} by {'time' if event.actor.kind == 'timer' else 'itself'}"
    late = ", kept since it came" if body.deferred else ""
    return f"{body.command} {compact(plain(body.value))} accepted{_by(event, ' from ')}{late}"


def _ignored(event: Event, body: CommandIgnored, plain: Plain) -> str:
    if body.reason:
        return f"{body.command} given up: {body.reason}"
    return f"{body.command} {compact(plain(body.value))} ignored{_by(event, ' from ')}"


def _names(activities: list[str]) -> str:
    return ", ".join(_name(activity) for activity in activities) or "nothing"


def _stays(activities: list[str]) -> str:
    return f"; irreversible: {_names(activities)}" if activities else ""


PHRASES: dict[str, Callable[[Event, Any, Plain], str]] = {
    RunStarted.__name__: _started,
    StepScheduled.__name__: _step_scheduled,
    StepStarted.__name__: _step_started,
    StepRecalled.__name__: _step_recalled,
    StepSucceeded.__name__: _step_succeeded,
    StepFailed.__name__: _step_failed,
    StepInDoubt.__name__: _step_in_doubt,
    StepResolved.__name__: _step_resolved,
    StepPostponed.__name__: _step_postponed,
    StepReleased.__name__: _step_released,
    CancelRequested.__name__: _cancel_requested,
    CancelDelivered.__name__: _cancel_delivered,
    SleepStarted.__name__: _sleep_started,
    SleepEnded.__name__: _sleep_ended,
    WaitStarted.__name__: _wait_started,
    CommandReceived.__name__: _command_received,
    WaitMatched.__name__: _wait_matched,
    WaitDeclined.__name__: _wait_declined,
    WaitTimedOut.__name__: _wait_timed_out,
    CompensationStarted.__name__: _compensation_started,
    UndoScheduled.__name__: _undo_scheduled,
    UndoSucceeded.__name__: _undo_succeeded,
    UndoFailed.__name__: _undo_failed,
    RunCompleted.__name__: _completed,
    RunFailed.__name__: _run_failed,
    RunCompensated.__name__: _compensated,
    RunCompensationFailed.__name__: _compensation_failed,
    RunCancelled.__name__: _cancelled,
    RunHeld.__name__: _held,
    TransitionTaken.__name__: _transition,
    **JOINED,
    CommandIgnored.__name__: _ignored,
    **CHANGING,
    **PEOPLE,
    **SHARED,
    **FORKS,
    **PERSONAL,
    **ARCHIVES,
}
"""The phrase of each type of event, by its name."""
