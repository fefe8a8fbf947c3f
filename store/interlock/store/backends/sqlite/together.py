"""A batch of commits as one statement, which a thread runs while the loop goes on.

Python's lock is given back while SQLite runs a statement, and must be taken again after it from a
loop that keeps it as long as it has work. A transaction of many statements waits for the loop as
many times; one statement runs beside it. So a batch is handed over as texts of JSON and the bytes
of its events, and triggers on a view do the rest. Both are temporary: the file does not know them.

The loop makes the texts, as the commits come: they are at hand then. The thread, on another core,
took four times as long to look at them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

import msgspec

from interlock.store.backends.sqlite.recorder import EVENTS
from interlock.store.backends.sqlite.rows import entry_row, instant, is_open, is_plain, move_of
from interlock.store.prepared import Prepared

_VALUES = (
    "machine", "hash", "state", "status", "since", "waits", "waits_for", "started", "parent",
    "version", "digest", "at",
)  # fmt: skip
_ENTRY = ("kind", *_VALUES, "sort", "run", "open", "was_version", "was_digest")
_NOTE = ("kind", "run", "name", "version", "due")
_EVENT = ("run", "version", "name", "length")
_COLUMNS = (*_ENTRY, "name", "due", "position", "bytes")

_FENCE = (
    "sort=new.sort AND run=new.run AND version=new.was_version AND digest=new.was_digest "
    "AND archive='' AND open=1"
)
_MOVED = "SELECT RAISE(ABORT, 'the head moved') WHERE changes() = 0"
_SET = ", ".join(f"{name}=new.{name}" for name in _VALUES)
_KEPT = (*_VALUES, "sort", "run", "open")
_NEW = ", ".join(f"new.{name}" for name in _KEPT)

NEWEST = f"SELECT IFNULL(MAX(seq), 0) FROM main.sqlite_sequence WHERE name='{EVENTS}'"
"""The position of the newest event."""

_ACTIONS = {
    "after": f"SELECT RAISE(ABORT, 'the log moved') WHERE ({NEWEST}) <> new.version",
    "create": f"INSERT INTO interlock_entries ({', '.join(_KEPT)}) VALUES ({_NEW})",
    "stay": f"UPDATE interlock_entries SET {_SET} WHERE {_FENCE}; {_MOVED}",
    "end": f"UPDATE interlock_entries SET {_SET}, open=0 WHERE {_FENCE}; {_MOVED}",
    "command": "INSERT INTO interlock_commands VALUES (new.name, new.run, new.version)",
    "clear": "DELETE FROM interlock_timers WHERE run=new.run AND name=new.name",
    "set": "INSERT OR REPLACE INTO interlock_timers VALUES (new.run, new.name, new.due)",
    "event": (
        f"INSERT INTO {EVENTS} (rowid, originator_id, originator_version, topic, state) "
        "VALUES (new.position, new.run, new.version, new.name, new.bytes)"
    ),
}
"""What the trigger of each kind of row does."""


def _places(names: Sequence[str]) -> dict[str, str]:
    """What an array of JSON holds, if its places have these names."""
    return {name: f"json_extract(value, '$[{place}]')" for place, name in enumerate(names)}


def _select(columns: Mapping[str, str]) -> str:
    return "SELECT " + ", ".join(columns.get(name, "NULL") for name in _COLUMNS)


_LENGTH = _places(_EVENT)["length"]
_BYTES = f"substr(?5, 1 + sum({_LENGTH}) OVER (ORDER BY key) - {_LENGTH}, {_LENGTH})"
_INSERT = "INSERT INTO temp.interlock_batch " + " UNION ALL ".join(
    (
        _select({"kind": "'after'", "version": "?1"}),
        _select(_places(_ENTRY)) + " FROM json_each(?2)",
        _select(_places(_NOTE)) + " FROM json_each(?3)",
        _select({**_places(_EVENT), "kind": "'event'", "position": "?1 + 1 + key", "bytes": _BYTES})
        + " FROM json_each(?4)",
    )
)
_ENCODER = msgspec.json.Encoder()


class Texts:
    """Commits as the statement takes them.

    Attributes:
        rows, notes, events: rows of JSON, each followed by a comma: of the index, of commands and
            timers, and of events.
        states: the bytes of the events, one after the other.
        commits, count: how many commits, and how many events.
    """

    __slots__ = ("commits", "count", "events", "notes", "rows", "states")

    def __init__(self, batch: Iterable[Prepared] = ()) -> None:
        self.rows, self.notes, self.events = bytearray(), bytearray(), bytearray()
        self.states = bytearray()
        self.commits = self.count = 0
        for prepared in batch:
            self.add(prepared)

    def add(self, prepared: Prepared) -> None:
        """Add a commit after the others. It is not counted if a name of it is not valid text."""
        commit = prepared.commit
        before, still_open = commit.head, is_open(commit.entry)
        row = (move_of(commit), *entry_row(prepared), still_open, before.version, before.digest)
        with suppress(UnicodeEncodeError):
            _put(row, self.rows)
            if not is_plain(commit):
                for note in _notes(prepared):
                    _put(note, self.notes)
            for run, version, topic, state in prepared.rows:
                _put((run, version, topic, len(state)), self.events)
                self.states += state
            self.commits += 1
            self.count += len(prepared.rows)

    def extend(self, others: Texts) -> None:
        """Add the commits of others after these."""
        self.rows += others.rows
        self.notes += others.notes
        self.events += others.events
        self.states += others.states
        self.commits += others.commits
        self.count += others.count


def _put(row: tuple[str | int, ...], rows: bytearray) -> None:
    _ENCODER.encode_into(row, rows, -1)
    rows += b","


class Together:
    """Writes batches through one connection. Used by one thread at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._cursor: sqlite3.Cursor | None = None

    def write(self, batch: Texts, newest: int) -> None:
        """Write a batch, committed when this returns.

        Args:
            newest: position of the newest event in the log.

        Raises:
            sqlite3.Error: a commit does not follow the head of its stream or was made before,
                `newest` is not the newest, or the file cannot be written. Nothing was written,
                unless only the answer to the commit was lost.
        """
        cursor = self._cursor or self._prepare()
        arrays = (_array(batch.rows), _array(batch.notes), _array(batch.events))
        cursor.execute(_INSERT, (newest, *arrays, batch.states))

    def _prepare(self) -> sqlite3.Cursor:
        cursor = self._connection.cursor()
        columns = ", ".join(f"NULL AS {name}" for name in _COLUMNS)
        cursor.execute(f"CREATE TEMP VIEW IF NOT EXISTS interlock_batch AS SELECT {columns}")
        for kind, action in _ACTIONS.items():
            cursor.execute(
                f"CREATE TEMP TRIGGER IF NOT EXISTS interlock_{kind} INSTEAD OF INSERT "
                f"ON interlock_batch WHEN new.kind = '{kind}' BEGIN {action}; END"
            )
        self._cursor = cursor
        return cursor


def _array(rows: bytearray) -> str:
    """An array of all rows.

    Raises:
        sqlite3.DataError: before version 3.45 SQLite ends a text at a zero character.
    """
    if b"\\u0000" in rows:
        message = "a text has a zero character"
        raise sqlite3.DataError(message)
    return f"[{rows[:-1].decode()}]"


def _notes(prepared: Prepared) -> Iterator[tuple[str | int, ...]]:
    """The commands and timers of a commit, in the order of `_NOTE`."""
    commit, run = prepared.commit, prepared.stream
    if commit.command_id:
        yield "command", run, commit.command_id, prepared.head.version
    for key, version in commit.taken:
        yield "command", run, key, version
    for name in commit.clear_timers:
        yield "clear", run, name
    for timer in commit.set_timers:
        yield "set", run, timer.name, 0, instant(timer.due)
