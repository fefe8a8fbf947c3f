"""The parts that answers are made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from interlock.projections.address import address
from interlock.projections.instants import ago
from interlock.projections.reasons.facts import Facts
from interlock.projections.reasons.worker import obstacle
from interlock.projections.run import Activity
from interlock.projections.why import Action, Cause, Then, Wait, Why
from interlock.store.failure import Failure


def wait(
    facts: Facts,
    activity: Activity,
    cause: Cause,
    said: str,
    actions: Sequence[Action] = (),
    then: Sequence[Then] = (),
    child: Why | None = None,
) -> Wait:
    """The answer for one activity."""
    within = activity.within
    return Wait(
        kind={"join": "batch", "helper": "branch"}.get(activity.kind, activity.kind),
        name=called(facts, activity),
        activity=activity.id,
        state=activity.state,
        since=activity.since,
        until=activity.due,
        cause=cause,
        said=said,
        actions=tuple(actions),
        then=tuple(then),
        aside=within is not None and within.handle,
        error=error_text(activity.error),
        child=child,
    )


def called(facts: Facts, activity: Activity) -> str:
    """What people call an activity; for one without a name, its state."""
    return address(facts.state, activity) if activity.name else activity.state


def due(facts: Facts, activity: Activity, what: str) -> Wait:
    """Something is to be done now: either a worker is about to, or something keeps it from it.

    Args:
        what: is to be done, as `step charge is to be called`.
    """
    hindered = obstacle(facts)
    if hindered is not None:
        said = f"{what}, but {hindered.said}"
        return wait(facts, activity, hindered.cause, said, hindered.actions)
    board = None if facts.worker is None else facts.worker.board
    if board is not None and board.full:
        said = f"{what}, but the worker ({board.worker}) moves as many runs as it may at a time"
        return wait(facts, activity, "worker_busy", said)
    if activity.due is not None and facts.now - activity.due > LATE:
        said = f"{what}: the worker should have seen to it {ago(activity.due, facts.now)}"
        return wait(facts, activity, "overdue", said)
    return wait(facts, activity, "due", f"{what}: the worker is about to")


LATE = timedelta(seconds=5)
"""So long after its instant a timer is fired at the latest, by a worker that has time for it."""


def error_text(error: Failure | None) -> str:
    """A recorded error in words, "" for none."""
    if error is None:
        return ""
    return f"{error.type}: {error.message}" if error.message else error.type
