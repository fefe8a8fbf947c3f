"""How index rows, timers and instants stand in the tables."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, TypeAlias

from msgspec import to_builtins

from interlock.store.contract import FINISHED, Commit, Entry, Timer
from interlock.store.envelope import utc
from interlock.store.order import sort_key
from interlock.store.prepared import Prepared

Move: TypeAlias = Literal["create", "stay", "end"]

VALUES = (
    "machine", "hash", "state", "status", "since", "waits", "waits_for", "started", "parent",
    "version", "digest", "at",
)  # fmt: skip
"""The columns of an index row that commits change, in the order of `entry_row`."""

_COLUMNS = "run, machine, hash, state, status, since, waits, waits_for, started"
_PARENT = (
    "IFNULL((SELECT json_extract(CAST(state AS TEXT), '$.body.parent') FROM stored_events "
    "WHERE originator_id = run AND originator_version = 1 AND topic = 'RunStarted'), '')"
)
ENTRY_COLUMNS = {1: f"{_COLUMNS}, {_PARENT}, ''", 2: f"{_COLUMNS}, parent, archive"}
"""By version of the tables, what an `Entry` is made of, in the order of its fields."""


def instant(at: datetime) -> str:
    """An instant as text whose order is that of time."""
    if at.tzinfo is UTC and at.microsecond:  # as below, in a tenth of the time
        return f"{to_builtins(at)[:-1]}+00:00"
    return utc(at).isoformat(timespec="microseconds")


_known = lru_cache(maxsize=4096)(instant)  # a run in flight is asked for at each of its commits


def entry_row(prepared: Prepared) -> tuple[str | int, ...]:
    """The values of a commit's index row, in the order of `VALUES`, then the key `sort, run`."""
    commit, head = prepared.commit, prepared.head
    entry, at = commit.entry, head.at or commit.at
    run, now = entry.run, instant(at)
    return (
        entry.machine,
        entry.hash,
        entry.state,
        entry.status,
        now if entry.since is at else _known(utc(entry.since)),
        entry.waits,
        entry.waits_for,
        _known(utc(entry.started)),
        entry.parent,
        head.version,
        head.digest,
        now,
        sort_key(run),
        run,
    )


def is_open(entry: Entry) -> int:
    """1 while the stream can still move by itself, else 0."""
    return 0 if entry.status in FINISHED else 1


def move_of(commit: Commit) -> Move:
    """What a commit does to the row of its stream."""
    if not commit.head.version:
        return "create"
    return "stay" if is_open(commit.entry) else "end"


def is_plain(commit: Commit) -> bool:
    """Whether a commit writes nothing but its events and the row of its stream."""
    return not (commit.command_id or commit.set_timers or commit.clear_timers or commit.taken)


def entry_of(row: tuple[str, ...]) -> Entry:
    """The index row of `ENTRY_COLUMNS`."""
    run, machine, definition, state, status, since, waits, waits_for, started, *more = row
    return Entry(
        run,
        machine,
        definition,
        state,
        status,
        datetime.fromisoformat(since),
        waits,
        waits_for,
        datetime.fromisoformat(started),
        *more,
    )


def timer_of(row: tuple[str, str, str]) -> Timer:
    """The timer of `run, name, due`."""
    return Timer(row[0], row[1], datetime.fromisoformat(row[2]))
