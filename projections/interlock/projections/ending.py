"""How what is in a timeline ended, in a word or two, and what happened to the run besides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from interlock.projections.address import member_name
from interlock.projections.run import Activity, Joined
from interlock.projections.timeline import Mark
from interlock.store.changing import RunMigrated
from interlock.store.event import Event
from interlock.store.failure import Failure
from interlock.store.vocabulary import (
    CancelRequested,
    CommandIgnored,
    CommandReceived,
    CompensationStarted,
    TransitionTaken,
)


def ending(event: Event, activity: Activity, *, own: bool) -> tuple[str, bool]:
    """How an activity ended with an event, and whether badly.

    Args:
        own: whether the event is about this activity; else the code around it went on, or ended.
    """
    if activity.join is not None:
        return _joined(activity.join)
    if not own:
        return ("", False) if activity.status == "done" else ("given up", False)
    told = _ENDINGS.get(event.type)
    return ("", False) if told is None else told(event, event.body)


def _joined(join: Joined) -> tuple[str, bool]:
    if join.how == "race" and join.first >= 0:
        return f"{member_name(join, join.first)} was first", False
    kinds = Counter(outcome.kind for outcome in join.outcomes.values())
    cancelled = kinds["cancelled"]
    failed = kinds["error"] + kinds["timed out"]
    said = [f"{len(join.outcomes) - failed - cancelled} of {len(join.calls)} done"]
    said += [f"{failed} failed"] * bool(failed) + [f"{cancelled} cancelled"] * bool(cancelled)
    return ", ".join(said), bool(failed) and not join.collect


def _error(event: Event, body: Any) -> tuple[str, bool]:
    error: Failure = body.error
    if error.type == "CancelledError":
        return "cancelled", False
    return f"{error.type}: {error.message}", True


def _by(word: str) -> Callable[[Event, Any], tuple[str, bool]]:
    return lambda event, _: (f"{word} by {event.actor.id or event.actor.kind}", False)


def _said(word: str, *, failed: bool = False) -> Callable[[Event, Any], tuple[str, bool]]:
    return lambda _, __: (word, failed)


def _child(event: Event, body: Any) -> tuple[str, bool]:
    return body.status, body.status != "completed"


_ENDINGS: dict[str, Callable[[Event, Any], tuple[str, bool]]] = {
    "StepSucceeded": lambda _, body: ("reused" if body.reused else "", False),
    "StepFailed": _error,
    "StepResolved": _said("settled by hand"),
    "ApprovalGranted": _by("granted"),
    "ApprovalRejected": _by("rejected"),
    "WaitMatched": _said("received"),
    "WaitTimedOut": _said("timed out"),
    "WaitPassed": _said("nothing there"),
    "ChildEnded": _child,
    "BranchRaised": _error,
    "ActivityStopped": _said("cancelled"),
    "CancelDelivered": _said("cancelled"),
    "UndoFailed": _error,
    "UndoResolved": _by("undone by hand,"),
    "UndoSkipped": _by("left as it is"),
}


def marks_of(event: Event) -> list[Mark]:
    """What an event is for the run as a whole."""
    body = event.body
    if isinstance(body, CommandReceived | CommandIgnored):
        return [Mark(event.at, "command", body.command)]
    if isinstance(body, TransitionTaken):
        return [Mark(event.at, "command", body.command)] if body.command else []
    if isinstance(body, CancelRequested):
        return [Mark(event.at, "cancel", body.reason)]
    if isinstance(body, CompensationStarted):
        why = "cancelled" if body.error is None else f"{body.error.type}: {body.error.message}"
        return [Mark(event.at, "undoing", why)]
    if isinstance(body, RunMigrated):
        return [Mark(event.at, "migrated", f"{body.source} → {body.target}")]
    return []
