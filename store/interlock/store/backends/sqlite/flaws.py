"""What can be wrong with the tables of a file, apart from what the events in them say."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from interlock.store.backends.sqlite.encryption import plain_pair
from interlock.store.backends.sqlite.recorder import EVENTS
from interlock.store.backends.sqlite.rows import instant
from interlock.store.backends.sqlite.schema import SCHEMA
from interlock.store.cipher import MARK
from interlock.store.contract import FINISHED
from interlock.store.digest import digest_of
from interlock.store.inspection import sum_of
from interlock.store.order import sort_key
from interlock.store.secrecy import KeyRequired
from interlock.store.snapshot import Snapshot, opened

_TYPES = {
    EVENTS: ("rowid integer", "originator_id text", "originator_version integer", "topic text",
             "state blob"),
    "interlock_entries": (
        "sort text", "run text", "machine text", "hash text", "state text", "status text",
        "since text", "waits text", "waits_for text", "started text", "version integer",
        "digest text", "at text", "open integer", "parent text", "archive text",
    ),
    "interlock_timers": ("run text", "name text", "due text"),
    "interlock_commands": ("id text", "run text", "version integer"),
    "interlock_definitions": ("hash text", "name text", "ir text", "source text"),
    "interlock_meta": ("key text", "value text"),
    "interlock_snapshots": ("run text", "version integer", "digest text", "hash text",
                            "fold text", "state blob"),
    "interlock_digests": ("position integer", "stream text", "version integer", "digest blob"),
    "sqlite_sequence": ("name text", "seq integer"),
}  # fmt: skip
"""The type of each column. A value of another one was not written by a store."""

_SINCE_2 = ("interlock_snapshots", "interlock_digests", "parent text", "archive text")
"""Tables and columns that files of schema 1 have not."""

_INDEXES = ("interlock_open", "interlock_timers_due", "interlock_digests_of")
"""Those that are made beside the tables; the last one is of schema 2."""

_NAMES = {EVENTS: "originator_id", "interlock_entries": "run", "interlock_timers": "run",
          "interlock_commands": "id", "interlock_definitions": "hash",
          "interlock_meta": "key", "interlock_snapshots": "run",
          "interlock_digests": "position", "sqlite_sequence": "name"}  # fmt: skip


def flaws(connection: sqlite3.Connection) -> Iterator[str]:
    """What is wrong, said for a person; nothing when all is sound."""
    try:
        for (said,) in connection.execute("PRAGMA integrity_check(20)"):
            if said != "ok":
                yield f"SQLite finds the file damaged: {said}"
        yield from _schema(connection)
        yield from _types(connection)
        yield from _positions(connection)
        yield from _entries(connection)
        yield from _timers(connection)
        yield from _meta(connection)
        yield from _snapshots(connection)
    except sqlite3.DatabaseError as error:
        yield f"SQLite cannot read the file: {error}"


def meta(connection: sqlite3.Connection) -> dict[str, str]:
    """What is kept about the file itself."""
    return dict(connection.execute("SELECT key, value FROM interlock_meta"))


def _is_old(connection: sqlite3.Connection) -> bool:
    """Whether the file, of schema 1, is only read and was not upgraded."""
    return meta(connection).get("schema_version") == "1"


def _schema(connection: sqlite3.Connection) -> Iterator[str]:
    """Nothing may act on the tables by itself, and what finds their rows is there."""
    found = connection.execute("SELECT type, name, tbl_name FROM sqlite_master").fetchall()
    for kind, name, table in found:
        if kind == "trigger" and table in _TYPES:
            yield f"the trigger {name!r} acts on {table}: no store makes one"
    names = {name for kind, name, _ in found if kind == "index"}
    wanted = _INDEXES[:-1] if _is_old(connection) else _INDEXES
    for name in wanted:
        if name not in names:
            yield f"the index {name!r} is missing from the file"


def _types(connection: sqlite3.Connection) -> Iterator[str]:
    lacking = _SINCE_2 if _is_old(connection) else ()
    for table, columns in _TYPES.items():
        if table in lacking:
            continue
        pairs = [column.split() for column in columns if column not in lacking]
        wrong = " OR ".join(f"typeof({name}) <> '{kind}'" for name, kind in pairs)
        for (name,) in connection.execute(f"SELECT {_NAMES[table]} FROM {table} WHERE {wrong}"):
            yield f"the row of {name!r} in {table} holds a value of another type"


def _positions(connection: sqlite3.Connection) -> Iterator[str]:
    """Positions are given once each and in order: none is missing, none is beyond the last."""
    every = f"SELECT rowid FROM {EVENTS}"
    if not _is_old(connection):
        every += " UNION ALL SELECT position FROM interlock_digests"
    count, first, last = connection.execute(
        f"SELECT COUNT(*), MIN(rowid), MAX(rowid) FROM ({every})"
    ).fetchone()
    given = connection.execute(
        "SELECT seq FROM sqlite_sequence WHERE name = ?", (EVENTS,)
    ).fetchall()
    last = last or 0
    if (len(given) != 1 and count) or any(seq != last for (seq,) in given):
        yield _end(last, [seq for (seq,) in given])
    both = (
        not _is_old(connection)
        and connection.execute(
            f"SELECT 1 FROM interlock_digests JOIN {EVENTS} ON rowid = position LIMIT 1"
        ).fetchone()
    )
    if count and (both or (first, last) != (1, count)):
        yield from _gap(connection.execute(f"{every} ORDER BY 1"))


def _end(last: int, given: Sequence[object]) -> str:
    """What is wrong with the last position that was ever given, of which there should be one."""
    ever = given[0] if len(given) == 1 else None
    if isinstance(ever, int) and ever > last:
        gone = f"position {ever} is" if ever == last + 1 else f"positions {last + 1} to {ever} are"
        return f"{gone} missing from the end of the log: events were removed"
    said = ", ".join(str(one) for one in given) or "nothing"
    return (
        f"the log ends at position {last}, and sqlite_sequence says {said} in place of it: it was"
        " altered, and positions would be given again"
    )


def _gap(positions: Iterable[tuple[int]]) -> Iterator[str]:
    for expected, (position,) in enumerate(positions, 1):
        if position > expected:
            yield f"position {expected} of the log is missing: an event was removed or moved"
            return
        if position < expected:
            yield f"position {position} of the log is there twice: in it, and in an archive"
            return


def _entries(connection: sqlite3.Connection) -> Iterator[str]:
    rows = connection.execute(
        "SELECT sort, run, status, since, started, at, open FROM interlock_entries"
    )
    for sort, run, status, since, started, at, still_open in rows:
        if sort != _sort_key(run):
            yield f"run {run!r} is sorted under {sort!r} in the index"
        if still_open != (status not in FINISHED):
            yield f"run {run!r} is {status}, but marked as {'open' if still_open else 'ended'}"
        if not all(map(_is_instant, (since, started, at))):
            yield f"an instant of run {run!r} in the index is not as it is written"


def _timers(connection: sqlite3.Connection) -> Iterator[str]:
    for run, name, due in connection.execute("SELECT run, name, due FROM interlock_timers"):
        if not _is_instant(due):
            yield f"timer {name!r} of run {run!r} has no instant: {due!r}"


def _meta(connection: sqlite3.Connection) -> Iterator[str]:
    """The file's own facts, each beside a digest of it."""
    known = meta(connection)
    if _is_old(connection):  # its facts have no digests yet
        return
    if known.pop("schema_version", None) != str(SCHEMA):
        yield f"the file does not say that its schema is {SCHEMA}"
    sums = {key: known.pop(key) for key in [*known] if key.startswith("sum ")}
    facts: dict[str, tuple[Any, ...]] = {"log_id": (known.get("log_id", ""),)}
    if "cipher" in known:
        facts["cipher"] = (known["cipher"],)
    for row in connection.execute("SELECT hash, name, ir, source FROM interlock_definitions"):
        facts[f"definition {row[0]}"] = row
    for name, values in facts.items():
        if sums.pop(f"sum {name}", None) != _sum(values):
            yield f"{name} is not what was stored: it has another digest"
    for name in sums:
        yield f"{name.removeprefix('sum ')} is missing, and its digest is there"


def _snapshots(connection: sqlite3.Connection) -> Iterator[str]:
    """Snapshots are of events that are there, and as they were written.

    One that was altered is not believed anyway; one of other code is as good as any.
    """
    if _is_old(connection):
        return
    rows = connection.execute(
        "SELECT run, version, digest, hash, fold, interlock_snapshots.state, topic, event.state"
        f" FROM interlock_snapshots LEFT JOIN {EVENTS} AS event"
        " ON originator_id = run AND originator_version = version"
    )
    for run, version, digest, definition, fold, state, topic, event in rows:
        try:
            fits = digest == digest_of(run, version, topic, event)
            if fits and event.startswith(MARK):
                kept = Snapshot(run, version, digest, definition, fold, state)
                state, event = plain_pair(kept, topic, event)
            fits = fits and definition == json.loads(event)["hash"]
            fits = fits and opened(fold, state) is not None
        except KeyRequired:
            continue  # it has a digest that fits, and more cannot be seen without the key
        except (TypeError, ValueError, KeyError):
            fits = False
        if not fits:
            yield f"the snapshot of {run!r} at version {version} is not what was kept of its events"


def _sum(values: tuple[Any, ...]) -> str:
    try:
        return sum_of(*values)
    except (TypeError, UnicodeEncodeError):
        return sha256(repr(values).encode("utf-8", "replace")).hexdigest()


def _sort_key(run: Any) -> str:
    return sort_key(run) if isinstance(run, str) else ""


def _is_instant(text: Any) -> bool:
    """Whether an instant stands there exactly as a store writes it."""
    try:
        return bool(instant(datetime.fromisoformat(text)) == text)
    except (TypeError, ValueError):
        return False
