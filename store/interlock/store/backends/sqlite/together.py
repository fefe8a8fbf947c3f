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
from interlock.store.backends.sqlite.rows import (
    VALUES,
    entry_row,
    instant,
    is_open,
    is_plain,
    move_of,
)
from interlock.store.prepared import Prepared

_ENTRY = ("kind", *VALUES, "sort", "run", "open", "was_version", "was_digest", "events")
_NOTE = ("kind", "run", "name", "version", "due")
_EVENT = ("version", "name", "length")
_COLUMNS = (*_ENTRY[:-1], "name", "due", "position", "bytes")

_FENCE = (
    "sort=new.sort AND run=new.run AND version=new.was_version AND digest=new.was_digest "
    "AND archive='' AND open=1"
)
_MOVED = "SELECT RAISE(ABORT, 'the head moved') WHERE changes() = 0"
_SET = ", ".join(f"{name}=new.{name}" for name in VALUES)
_KEPT = (*VALUES, "sort", "run", "open")
_NEW = ", ".join(f"new.{name}" for name in _KEPT)

LARGE = 2**20
"""Bytes of events after which no more commits go into a statement."""

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


def _places(names: Sequence[str], array: str = "value") -> dict[str, str]:
    """What an array of JSON holds, if its places have these names."""
    return {name: f"json_extract({array}, '$[{place}]')" for place, name in enumerate(names)}


def _select(columns: Mapping[str, str], source: str = "") -> str:
    chosen = ", ".join(columns.get(name, "NULL") for name in _COLUMNS)
    return f"SELECT {chosen} {source}"


_COMMIT, _OF = _places(_ENTRY, "one.value"), _places(_EVENT, "event.value")
_IN_ORDER = "OVER (ORDER BY one.key, event.key)"
_LENGTH = _OF["length"]
_PLACED = {
    "kind": "'event'",
    "run": _COMMIT["run"],
    "position": f":newest + row_number() {_IN_ORDER}",
    "bytes": f"substr(:states, 1 + sum({_LENGTH}) {_IN_ORDER} - {_LENGTH}, {_LENGTH})",
}
_EVENTS = (
    f"FROM json_each(:rows) AS one, json_each(one.value, '$[{_ENTRY.index('events')}]') AS event"
)
_INSERT = "INSERT INTO temp.interlock_batch " + " UNION ALL ".join(
    (
        _select({"kind": "'after'", "version": ":newest"}),
        _select(_places(_ENTRY), "FROM json_each(:rows)"),
        _select(_places(_NOTE), "FROM json_each(:notes)"),
        _select({**_OF, **_PLACED}, _EVENTS),
    )
)
_ENCODER = msgspec.json.Encoder()


class Texts:
    """Commits as the statement takes them.

    Attributes:
        rows, notes: arrays of JSON, each followed by a comma: of the index with what there is to
            say about the events, and of commands and timers.
        states: the bytes of the events, one after the other.
        commits, events: how many there are.
    """

    __slots__ = ("commits", "events", "notes", "rows", "states")

    def __init__(self, batch: Iterable[Prepared] = ()) -> None:
        self.rows, self.notes, self.states = bytearray(), bytearray(), bytearray()
        self.commits = self.events = 0
        for prepared in batch:
            self.add(prepared)

    def add(self, prepared: Prepared) -> None:
        """Add a commit after the others.

        It is not counted if it cannot be text, or is one too many for one statement, which keeps
        all of them in memory three times.
        """
        if len(self.states) > LARGE:
            return
        with suppress(Exception):  # said by the commit itself, when it is written alone
            commit = prepared.commit
            before, still_open = commit.head, is_open(commit.entry)
            events = [(version, topic, len(state)) for _, version, topic, state in prepared.rows]
            known = (still_open, before.version, before.digest, events)
            _ENCODER.encode_into((move_of(commit), *entry_row(prepared), *known), self.rows, -1)
            self.rows += b","
            if not is_plain(commit):
                for note in _notes(prepared):
                    _ENCODER.encode_into(note, self.notes, -1)
                    self.notes += b","
            for row in prepared.rows:
                self.states += row[3]
            self.commits += 1
            self.events += len(events)

    def extend(self, others: Texts) -> None:
        """Add the commits of others after these."""
        self.rows += others.rows
        self.notes += others.notes
        self.states += others.states
        self.commits += others.commits
        self.events += others.events


class Together:
    """Writes batches through one connection. Used by one thread at a time.

    Attributes:
        able: False once the statement turned out not to be understood (SQLite 3.25 with JSON is).
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.able = True
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
        rows, notes = _array(batch.rows), _array(batch.notes)
        given = {"newest": newest, "rows": rows, "notes": notes, "states": batch.states}
        cursor.execute(_INSERT, given)

    def _prepare(self) -> sqlite3.Cursor:
        self.able = False
        cursor = self._connection.cursor()
        columns = ", ".join(f"NULL AS {name}" for name in _COLUMNS)
        cursor.execute(f"CREATE TEMP VIEW IF NOT EXISTS interlock_batch AS SELECT {columns}")
        for kind, action in _ACTIONS.items():
            cursor.execute(
                f"CREATE TEMP TRIGGER IF NOT EXISTS interlock_{kind} INSTEAD OF INSERT "
                f"ON interlock_batch WHEN new.kind = '{kind}' BEGIN {action}; END"
            )
        nothing = {"newest": 0, "rows": "[]", "notes": "[]", "states": b""}
        cursor.execute(f"EXPLAIN {_INSERT}", nothing).fetchall()
        self.able, self._cursor = True, cursor
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
