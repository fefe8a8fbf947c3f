"""What an event says that people caused, or that waits for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from interlock.cli.text import compact, instant
from interlock.cli.wording import Plain, because, by, name_of
from interlock.store.decisions import (
    ApprovalDelegated,
    ApprovalEscalated,
    ApprovalGranted,
    ApprovalRejected,
    ApprovalReminded,
    ApprovalRequested,
    ApprovalVoted,
    Approvers,
    Notified,
    UndoResolved,
    UndoRetried,
    UndoSkipped,
)
from interlock.store.event import Event

_DIGITS = 16
"""Of a digest, in a line for people."""


def _requested(event: Event, body: ApprovalRequested, plain: Plain) -> str:
    said = f"approval {body.name} asked for"
    if body.approvers != Approvers():
        said += f" from {approvers(body.approvers)}"
    if body.quorum > 1:
        said += f", {body.quorum} of them"
    if body.requester:
        said += f", but not {body.requester}"
    if body.deadline:
        said += f" until {instant(body.deadline)}"
    return said if body.about is None else f"{said}, about {compact(plain(body.about))}"


def approvers(who: Approvers) -> str:
    """Who may decide."""
    named = [*who.names, *(f"group {group}" for group in who.groups)]
    return ", ".join([*named, who.rule] if who.rule else named) or "anybody"


def _granted(event: Event, body: ApprovalGranted, plain: Plain) -> str:
    said = f"approval {body.name} granted{by(event, ' by ')}{_right(body.right)}{_seen(body)}"
    return because(said, body.reason)


def _rejected(event: Event, body: ApprovalRejected, plain: Plain) -> str:
    said = f"approval {body.name} rejected{by(event, ' by ')}{_right(body.right)}{_seen(body)}"
    return because(said, body.reason)


def _voted(event: Event, body: ApprovalVoted, plain: Plain) -> str:
    word = "yes" if body.granted else "no"
    said = f"{by(event)} said {word} to approval {body.name}{_right(body.right)}{_seen(body)}"
    return because(said, body.reason)


def _right(right: str) -> str:
    return "" if right in ("", "anybody", "named") else f" ({right})"


def _seen(body: ApprovalGranted | ApprovalRejected | ApprovalVoted) -> str:
    return f", having seen {body.facts[:_DIGITS]}" if body.seen else ""


def _reminded(event: Event, body: ApprovalReminded, plain: Plain) -> str:
    return f"reminder {body.number} of approval {body.name}"


def _escalated(event: Event, body: ApprovalEscalated, plain: Plain) -> str:
    return f"approval {body.name} escalated: others decide from now on"


def _delegated(event: Event, body: ApprovalDelegated, plain: Plain) -> str:
    whose = [right for right in body.rights if right != event.actor.id]
    also = f", and that of {', '.join(whose)}" if whose else ""
    said = f"{by(event)} handed the right to decide on {body.name} over to {body.to}{also}"
    return because(said, body.reason)


def _notified(event: Event, body: Notified, plain: Plain) -> str:
    return f"somebody was told of {body.notice} of {name_of(body.activity)}"


def _undo_retried(event: Event, body: UndoRetried, plain: Plain) -> str:
    said = f"{by(event)} has the undo of {name_of(body.of)} called again (attempt {body.attempt})"
    return because(said, body.reason)


def _undo_resolved(event: Event, body: UndoResolved, plain: Plain) -> str:
    return because(f"{by(event)} undid {name_of(body.of)} by other means", body.reason)


def _undo_skipped(event: Event, body: UndoSkipped, plain: Plain) -> str:
    return because(f"{by(event)} decided that {name_of(body.of)} stays", body.reason)


PEOPLE: dict[str, Callable[[Event, Any, Plain], str]] = {
    ApprovalRequested.__name__: _requested,
    ApprovalGranted.__name__: _granted,
    ApprovalRejected.__name__: _rejected,
    ApprovalVoted.__name__: _voted,
    ApprovalReminded.__name__: _reminded,
    ApprovalEscalated.__name__: _escalated,
    ApprovalDelegated.__name__: _delegated,
    Notified.__name__: _notified,
    UndoRetried.__name__: _undo_retried,
    UndoResolved.__name__: _undo_resolved,
    UndoSkipped.__name__: _undo_skipped,
}
"""The phrase of each of these types of event, by its name."""
