"""An effect: a call that a run made or meant to make, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

EffectStatus = Literal[
    "intended", "started", "retrying", "confirmed", "failed", "in doubt", "cancelled",
    "compensated", "not compensated", "postponed", "reused", "asked",
    "left alone",
]  # fmt: skip


@dataclass(slots=True)
class Effect:
    """One effect in the world, as far as the log knows it.

    Attributes:
        activity: id of the visit that made it.
        step: what was called.
        key: idempotency key that the call was given.
        status: `intended` (recorded, no outcome yet), `started` (also of a child: it is
            under way), `confirmed` (it returned), `failed` (it
            raised for the last time), `cancelled` (abandoned: it may or may not have happened),
            `in doubt`, `compensated` or `not compensated` (confirmed, and its undo failed),
            `postponed` (held back), `reused` (no call was made: another call's result was taken),
            `asked` (a fork waits for a person to say what becomes of it), `left alone` (a child
            that goes on by itself: the run does not wait for it any more).
        attempts: calls that have an outcome or are under way; one that was interrupted and made
            again is the same attempt.
        interruptions: calls besides these that ended with their process, without an outcome: how
            many times the effect may have been asked for is `attempts + interruptions`.
        since: when it got this status.
        error: text of its last error.
        note: for `postponed` what holds it back, for `reused` where the result is from.
        irreversible: why it cannot be undone, "" where that is not said.
        undoes: of an undo, the activity whose effect it undoes.
        abandon: of a child: it goes on by itself when the run ends.
    """

    activity: str
    step: str
    key: str
    status: EffectStatus
    attempts: int
    since: datetime
    error: str = ""
    interruptions: int = 0
    note: str = ""
    irreversible: str = ""
    undoes: str = ""
    abandon: bool = False
