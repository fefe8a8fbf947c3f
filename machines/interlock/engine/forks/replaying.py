"""Recording an outcome of another run as the outcome of an activity of this one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from interlock.engine.session import Mover, record_stopped
from interlock.machines.errors import StepFailed as StepFailedError
from interlock.projections import Activity
from interlock.projections.recorded import Outcome
from interlock.store.decisions import (
    ApprovalDelegated,
    ApprovalGranted,
    ApprovalRejected,
    ApprovalVoted,
    UndoResolved,
    UndoRetried,
    UndoSkipped,
)
from interlock.store.event import Body, Encoded
from interlock.store.failure import Failure
from interlock.store.forking import CallAnswered, OutcomeReplayed
from interlock.store.joining import ActivityStopped, BatchBegun, ChildEnded
from interlock.store.values import Image, Types
from interlock.store.vocabulary import (
    SleepEnded,
    StepFailed,
    StepResolved,
    StepSucceeded,
    UndoFailed,
    UndoSucceeded,
    WaitTimedOut,
)

if TYPE_CHECKING:
    from interlock.projections.recorded import Nodes

DECISIONS = (
    ApprovalVoted, ApprovalGranted, ApprovalRejected, ApprovalDelegated, UndoRetried, UndoResolved,
    UndoSkipped,
)  # fmt: skip
"""What people said: replayed in their names."""


def replay(mover: Mover, types: Types, activity: Activity, run: str, outcome: Outcome) -> None:
    """Record an outcome that another run recorded, and go on behind it."""
    session, event = mover.session, outcome.event
    session.emit(OutcomeReplayed(run, event.version, activity.id))
    who, cause = session.actor, session.cause
    if isinstance(event.body, DECISIONS):
        session.by(event.actor, event.cause)
    _REPLAY[type(event.body)](mover, types, activity, run, outcome)
    session.by(who, cause)


def decoded(types: Types, nodes: Nodes, encoded: Encoded) -> Any:
    """A recorded value: a copy of its own."""
    image = Image()
    image.nodes = nodes
    return image.decode(types, encoded)


def exception(types: Types, nodes: Nodes, failure: Failure) -> BaseException:
    """A recorded exception, or `StepFailed` where its class is not known."""
    try:
        found = decoded(types, nodes, failure.value)
    except Exception:  # its class may have changed since
        found = None
    if isinstance(found, BaseException):
        return found
    return StepFailedError(f"{failure.type}: {failure.message}", "", failure.type)


def _succeeded(m: Mover, types: Types, mine: Activity, run: str, outcome: Outcome) -> None:
    body = outcome.event.body
    assert isinstance(body, StepSucceeded | StepResolved)  # what this is called for
    m.succeed(mine, decoded(types, outcome.nodes, body.result), ("recorded", run))


def _failed(m: Mover, types: Types, mine: Activity, run: str, outcome: Outcome) -> None:
    body = outcome.event.body
    assert isinstance(body, StepFailed)  # what this is called for
    error = exception(types, outcome.nodes, body.error)
    if body.retry_at is not None:
        m.retry(mine, error, m.session.now)  # nobody has to be waited for
    else:
        m.fail(mine, error, called=False)


def _answered(m: Mover, types: Types, mine: Activity, run: str, outcome: Outcome) -> None:
    body = outcome.event.body
    assert isinstance(body, CallAnswered)  # what this is called for
    if mine.kind == "undo":
        m.session.emit(UndoSucceeded(mine.id, mine.of))
    elif mine.kind == "child":
        status = "completed" if body.error is None else "failed"
        m.session.emit(ChildEnded(mine.id, status, body.result, body.error))
    elif body.error is not None:
        m.fail(mine, exception(types, {}, body.error), called=False)
    else:
        m.succeed(mine, decoded(types, {}, body.result), ("recorded", run))


def _stopped(m: Mover, types: Types, mine: Activity, run: str, outcome: Outcome) -> None:
    record_stopped(m, mine)


def _undo_failed(m: Mover, types: Types, mine: Activity, run: str, outcome: Outcome) -> None:
    body = outcome.event.body
    assert isinstance(body, UndoFailed)  # what this is called for
    again = None if body.retry_at is None else m.session.now
    m.session.emit(replace(body, activity=mine.id, of=mine.of, retry_at=again, notify=False))


def _undo(m: Mover, types: Types, mine: Activity, run: str, outcome: Outcome) -> None:
    body: Any = outcome.event.body
    m.session.emit(replace(body, activity=mine.id, of=mine.of))


def _same(m: Mover, types: Types, mine: Activity, run: str, outcome: Outcome) -> None:
    body: Any = outcome.event.body
    m.session.emit(replace(body, activity=mine.id))


def _delegated(m: Mover, types: Types, mine: Activity, run: str, outcome: Outcome) -> None:
    body = outcome.event.body
    assert isinstance(body, ApprovalDelegated)  # what this is called for
    m.session.emit(replace(body, activity=mine.id, notify=False))


_REPLAY: dict[type[Body], Callable[[Mover, Types, Activity, str, Outcome], None]] = {
    StepSucceeded: _succeeded,
    StepResolved: _succeeded,
    StepFailed: _failed,
    CallAnswered: _answered,
    ActivityStopped: _stopped,
    UndoSucceeded: _undo,
    UndoFailed: _undo_failed,
    UndoRetried: _undo,
    UndoResolved: _undo,
    UndoSkipped: _undo,
    ApprovalVoted: _same,
    ApprovalGranted: _same,
    ApprovalRejected: _same,
    ApprovalDelegated: _delegated,
    SleepEnded: _same,
    WaitTimedOut: _same,
    BatchBegun: _same,
    ChildEnded: _same,
}
"""What records each of the outcomes; those of waits come from commands."""
