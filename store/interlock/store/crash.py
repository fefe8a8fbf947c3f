"""Named crash points: places where tests let the process die by a real SIGKILL."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

POINTS: dict[str, str] = {
    "store.before_begin": "commits are queued, no transaction is open",
    "store.before_commit": "everything is written, the transaction is not committed",
    "store.after_commit": "the transaction is durable, nobody has been told",
    "store.before_schema": "the tables are made or upgraded, the transaction is not committed",
    "archive.written": "an archive was written and read back, nothing is recorded",
    "archive.recorded": "the runs are marked as archived, their rows are still there",
    "archive.swept": "some rows of archived runs have gone, others are still there",
    "archive.put_back": "the rows of restored runs are back, the runs still marked as archived",
    "engine.before_append": "a transition is decided, nothing is appended",
    "engine.after_append": "a transition is appended, nothing is done about it",
    "engine.before_step": "the intent is durable, the call is not made",
    "engine.after_step": "the call returned, its outcome is not recorded",
    "engine.before_undo": "the intent to undo is durable, the call is not made",
    "engine.after_undo": "the undo returned, its outcome is not recorded",
    "engine.timer_due": "a timer was found due, nothing is recorded",
    "privacy.recorded": "that a subject is forgotten is durable, its key is still there",
    "privacy.destroyed": "a subject's key is destroyed, its runs have not been told",
    "engine.command_accepted": "a command is recorded, the run has not moved",
}
"""Every point by name, with what holds there."""

ARMED: dict[str, int] = {}
"""Points at which to die, and at which visit. What every step passes asks this first."""
_hit: Callable[[str], None] | None = None


def arm(point: str, visit: int = 1, hit: Callable[[str], None] | None = None) -> None:
    """Die at the `visit`-th visit of a point (or call `hit` with its name instead of dying)."""
    global _hit  # noqa: PLW0603  one switch for the process
    if point not in POINTS:
        message = f"no crash point is called {point!r}; there are {', '.join(POINTS)}"
        raise KeyError(message)
    ARMED[point] = visit
    _hit = hit


def disarm() -> None:
    """Die nowhere."""
    ARMED.clear()


def reached(point: str) -> None:
    """Say that a point is reached. Costs one call while nothing is armed."""
    if not ARMED or point not in ARMED:
        return
    ARMED[point] -= 1
    if ARMED[point] == 0:
        if _hit is not None:
            _hit(point)
        else:
            os.kill(os.getpid(), signal.SIGKILL)
