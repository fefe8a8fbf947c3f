"""What the row of a run says of why it is there: for runs that are too many to be looked into."""

from __future__ import annotations

from datetime import datetime

from interlock.projections.held import held_cause
from interlock.projections.why import Cause, Wait, Why
from interlock.store.contract import Entry

_STATUS: dict[str, Cause] = {
    "in doubt": "in_doubt", "undo failed": "undo_failed", "completed": "completed",
    "failed": "failed", "cancelled": "cancelled", "compensated": "compensated",
    "compensation failed": "compensation_failed",
}  # fmt: skip

_WAITS: dict[str, Cause] = {
    "approval": "approval", "command": "command", "timer": "sleep", "step": "call",
    "breaker": "breaker_open", "rate": "rate_limit", "bulkhead": "bulkhead",
}  # fmt: skip


def glance(entry: Entry, now: datetime) -> Why:
    """The answer for a run, as far as its row goes."""
    cause = _STATUS.get(entry.status) or _WAITS.get(entry.waits, "due")
    if entry.status == "held":
        cause = held_cause(entry.waits_for)
    said = f"it is {entry.status}"
    if entry.waits:
        said += f", for {entry.waits} {entry.waits_for}".rstrip()
    one = Wait("run", entry.run, "", entry.state, entry.since, None, cause, said)
    return Why(
        entry.run, entry.machine, entry.hash, entry.state, entry.status, entry.since, now, 0,
        cause, said, entry.run, (entry.run,), waits=(one,),
    )  # fmt: skip
