"""Small commits, as the tests of stores append them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from interlock.store import Actor, Commit, Draft, Entry, Head, Timer
from interlock.store.event import Body
from interlock.store.vocabulary import SleepEnded, StepStarted, StepSucceeded

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ANN = Actor("user", "ann")


def at(minutes: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def entry(run: str, **changed: str | datetime) -> Entry:
    """A row of the index."""
    base = Entry(run, "checkout", "abc", "charge", "running", NOON, "step", "charge", NOON)
    return replace(base, **changed)


def commit(
    run: str,
    head: Head | None = None,
    *,
    bodies: Sequence[Body] = (StepSucceeded("a#1", "a", {"total": 3}), StepStarted("b#1", 1)),
    row: Entry | None = None,
    when: datetime = NOON,
    set_timers: Sequence[Timer] = (),
    clear_timers: Sequence[str] = (),
    command_id: str = "",
) -> Commit:
    """A commit of two events, unless others are given."""
    drafts = [Draft(body, "charge", ANN, "cause-1") for body in bodies]
    return Commit(
        head or Head(),
        row or entry(run),
        drafts,
        when,
        "correlation-1",
        set_timers,
        clear_timers,
        command_id,
    )


ONE = (SleepEnded("s#1"),)
