"""The vocabulary: every type of event that can stand in the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from interlock.store import (
    changing,
    decisions,
    failure,
    forgetting,
    forking,
    joining,
    retention,
    vocabulary_shared,
)
from interlock.store.event import Body, Delta, Encoded
from interlock.store.within import Within

Failure = failure.Failure


class RunStarted(Body, frozen=True):
    """A run began.

    Attributes:
        args, kwargs: the input; `memory` defines its objects.
        input_digest: of the input: the same start again finds this run.
        lifecycle: it follows a lifecycle.
        parent, parent_activity: the run that waits for this one, and where.
        entered: the states that a nested lifecycle begins in, outer ones first.
    """

    args: list[Encoded] = []
    kwargs: dict[str, Encoded] = {}
    input_digest: str = ""
    lifecycle: bool = False
    entered: list[str] = []
    memory: Delta | None = None
    parent: str = ""
    parent_activity: str = ""


class StepScheduled(Body, frozen=True):
    """Intent: this call is about to be made. Recorded before the call.

    Attributes:
        activity: id of this visit of the state, unique within the run (`charge#3`).
        step: the step's name.
        args, kwargs: the input, encoded against the run's memory at this event.
        key: idempotency key, the same for every attempt.
        hold: at most once: a `StepStarted` is recorded before each call.
        client: recorded by a process that makes no calls itself.
        within: set where it is not simply what the run waits for. Then the input is encoded in one
            piece; a member of a join has its input there.
    """

    activity: str
    step: str
    key: str
    args: list[Encoded] = []
    kwargs: dict[str, Encoded] = {}
    hold: bool = False
    memory: Delta | None = None
    client: bool = False
    within: Within | None = None


class StepStarted(Body, frozen=True):
    """An at-most-once call is being made now."""

    activity: str
    attempt: int


class StepRecalled(Body, frozen=True):
    """A worker that took over makes a call (or an undo) that it found in the log.

    Attributes:
        attempt: the attempt that was found.
        interruptions: calls of this attempt that its workers may have made and that have no
            outcome. 0 when none can have been made: a client recorded the intent.
    """

    activity: str
    attempt: int
    interruptions: int = 0


class StepSucceeded(Body, frozen=True):
    """A call returned. `memory` defines the objects of the result.

    Attributes:
        reused: "" for a call of this run's own; `cache` or `flight` when no call was made, and
            the result is that of a call of the run `reused_run`.
        irreversible: why this cannot be undone, "" where nothing is said about it.
    """

    activity: str
    step: str
    result: Encoded = None
    attempt: int = 1
    undoable: bool = False
    memory: Delta | None = None
    reused: str = ""
    reused_run: str = ""
    irreversible: str = ""


class StepPostponed(Body, frozen=True):
    """The call is not made yet: something holds it back.

    Attributes:
        by: what does, such as `breaker payments`.
        until: when it will be tried again, None when only a `StepReleased` can say so.
    """

    activity: str
    by: str
    reason: str = ""
    until: datetime | None = None


class StepReleased(Body, frozen=True):
    """What held the call back does so no more: it is due now."""

    activity: str
    reason: str = ""


class StepFailed(Body, frozen=True):
    """An attempt raised. With `retry_at` it is also the intent of the next attempt.

    Without `called` no call was made: something that guards it said no.
    """

    activity: str
    step: str
    attempt: int
    error: Failure
    retry_at: datetime | None = None
    memory: Delta | None = None
    called: bool = True


class StepInDoubt(Body, frozen=True):
    """A call was started, and whether it happened is unknown: somebody has to find out.

    With `interruptions` it was made so many times, and its process died each time.
    """

    activity: str
    step: str
    attempt: int
    interruptions: int = 0


class StepResolved(Body, frozen=True):
    """Somebody found out whether a doubtful call happened. `result` is encoded in one piece.

    With `again` nobody knows: it is to be called once more, under the same key.
    """

    activity: str
    step: str
    happened: bool
    reason: str = ""
    result: Encoded = None
    undoable: bool = False
    again: bool = False
    irreversible: str = ""


class CancelDelivered(Body, frozen=True):
    """The wait of `activity` was abandoned, and `CancelledError` was raised there."""

    activity: str


class SleepStarted(Body, frozen=True):
    """The run sleeps until an instant."""

    activity: str
    until: datetime
    memory: Delta | None = None
    within: Within | None = None


class SleepEnded(Body, frozen=True):
    """The instant has come."""

    activity: str


class WaitStarted(Body, frozen=True):
    """The run waits for a command of one of these types."""

    activity: str
    commands: list[str]
    deadline: datetime | None = None
    memory: Delta | None = None
    within: Within | None = None


class CommandReceived(Body, frozen=True):
    """A command was accepted into the run's inbox; its id is the envelope's `cause`.

    Attributes:
        command: its type.
        value: the command, encoded in one piece (it shares nothing with the run's memory).
    """

    command: str
    value: Encoded


class WaitMatched(Body, frozen=True):
    """The wait took this command out of the inbox."""

    activity: str
    command_id: str


class WaitDeclined(Body, frozen=True):
    """The wait's `where` said no to these commands; they stay in the inbox for others."""

    activity: str
    command_ids: list[str]


class WaitTimedOut(Body, frozen=True):
    """The deadline of an approval or a wait passed."""

    activity: str


class CancelRequested(Body, frozen=True):
    """Somebody asked for the run to be cancelled."""

    reason: str = ""


class CompensationStarted(Body, frozen=True):
    """The run ended badly (`error`) or was cancelled; what was done is now undone, newest first."""

    error: Failure | None = None
    memory: Delta | None = None


class UndoScheduled(Body, frozen=True):
    """Intent: the undo of `of` (an activity) is about to be called."""

    activity: str
    of: str
    step: str
    undo: str
    key: str


class UndoSucceeded(Body, frozen=True):
    """The undo returned."""

    activity: str
    of: str


class UndoFailed(Body, frozen=True):
    """An attempt at the undo raised; without `retry_at` the next undo follows.

    Attributes:
        person: it waits for a person's decision. (It was given up in logs of old.)
        notify: somebody is to be told.
    """

    activity: str
    of: str
    attempt: int
    error: Failure
    retry_at: datetime | None = None
    person: bool = False
    notify: bool = False


class RunCompleted(Body, frozen=True):
    """The workflow returned (or the lifecycle reached a final state)."""

    result: Encoded = None
    memory: Delta | None = None


class RunFailed(Body, frozen=True):
    """The workflow raised, and there was nothing to undo."""

    error: Failure
    memory: Delta | None = None


class RunCompensated(Body, frozen=True):
    """The workflow raised, and everything that could be undone was undone.

    Attributes:
        undone: activities of steps.
        stays: activities of irreversible steps that had been made.
    """

    error: Failure
    undone: list[str] = []
    stays: list[str] = []


class RunCompensationFailed(Body, frozen=True):
    """The workflow raised, and what is in `not_undone` stays, as a person decided."""

    error: Failure
    undone: list[str] = []
    not_undone: list[str] = []
    stays: list[str] = []


class RunCancelled(Body, frozen=True):
    """The run was cancelled, and what could be undone was undone."""

    reason: str = ""
    undone: list[str] = []
    not_undone: list[str] = []
    memory: Delta | None = None
    stays: list[str] = []


class RunHeld(Body, frozen=True):
    """The run cannot go on here, and why: until it can, it stands still visibly."""

    reason: str


class TransitionTaken(Body, frozen=True):
    """A lifecycle moved by a command, a timer or by itself; `memory` is what changed in its data.

    Where states are nested, what was left and entered is recorded, so that no fold needs the
    machine to know where the run is.

    Attributes:
        transition: id of the machine's edge.
        source: state it left.
        command: type of the command, "" where there was none.
        value: the command, encoded.
        also: edges that were taken together with it, in other regions.
        exited, entered: states, in the order in which they were left and entered.
        history: by history, what it brings back from now on.
        deferred: id of the command if it had been kept for later.
    """

    transition: str
    source: str
    command: str = ""
    value: Encoded = None
    also: list[str] = []
    exited: list[str] = []
    entered: list[str] = []
    history: dict[str, list[str]] = {}
    deferred: str = ""
    memory: Delta | None = None


class CommandIgnored(Body, frozen=True):
    """A command moved nothing, and that is how its state is declared; or it is given up.

    Attributes:
        command: its type.
        value: the command, encoded.
        deferred: id of the command if it had been kept for later.
        reason: why it was given up, "" for one that the state ignores.
    """

    command: str
    value: Encoded = None
    deferred: str = ""
    reason: str = ""


def _bodies(*modules: Mapping[str, object]) -> dict[str, type[Body]]:
    classes = (found for module in modules for found in module.values() if isinstance(found, type))
    return {c.__name__: c for c in classes if issubclass(c, Body) and c not in (Body, Failure)}


_SUBJECTS = (joining, decisions, forking, vocabulary_shared, forgetting, retention, changing)
BODIES = _bodies(globals(), *map(vars, _SUBJECTS))
"""Every body by its type name."""
