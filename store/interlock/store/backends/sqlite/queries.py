"""The questions a store answers from its tables, through one connection each."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from heapq import merge
from itertools import islice

from interlock.store.backends.sqlite.recorder import EVENTS
from interlock.store.backends.sqlite.rows import ENTRY_COLUMNS, entry_of, instant, timer_of
from interlock.store.contract import Definition, Entry, Filter, Head, Timer
from interlock.store.digest import digest_of
from interlock.store.envelope import decode
from interlock.store.event import Event
from interlock.store.inspection import Digest, Raw
from interlock.store.order import sort_key
from interlock.store.snapshot import Snapshot

_EVENT = f"SELECT originator_id, originator_version, topic, state, rowid FROM {EVENTS} "


class Queries:
    """Reads through one connection, each answer from one snapshot. One thread at a time.

    Args:
        schema: version of the tables: those of an older one are read as they are.
    """

    def __init__(self, connection: sqlite3.Connection, schema: int) -> None:
        self._cursor = connection.cursor()
        self._cursor.row_factory = None  # plain tuples, in place of the library's rows
        self._old = schema < 2
        self._entry = f"SELECT {ENTRY_COLUMNS[schema]} FROM interlock_entries "

    def read(self, stream: str, after: int, upto: int | None, limit: int = -1) -> list[Event]:
        """Events of a stream with `after < version <= upto`, at most `limit` (-1: all)."""
        end, parameters = "", [stream, after]
        if upto is not None:
            end = "AND originator_version<=? "
            parameters.append(upto)
        rows = self._cursor.execute(
            f"{_EVENT} WHERE originator_id=? AND originator_version>? {end}"
            "ORDER BY originator_version LIMIT ?",
            (*parameters, limit),
        )
        return [decode(*row) for row in rows]

    def archive(self, stream: str) -> str:
        """The file that a stream's events were moved to, "" when they were not."""
        entry = self.entry(stream)
        return "" if entry is None else entry.archive

    def log(self, after: int, limit: int) -> list[Event]:
        """Events with `position > after`, in order."""
        rows = self._cursor.execute(
            f"{_EVENT} WHERE rowid>? ORDER BY rowid LIMIT ?", (after, max(limit, 0))
        )
        return [decode(*row) for row in rows]

    def digests(self, after: int, limit: int) -> list[Digest]:
        """Digests of events with `position > after`, in order."""
        most = max(limit, 0)
        rows = self._cursor.execute(f"{_EVENT} WHERE rowid>? ORDER BY rowid LIMIT ?", (after, most))
        here = [Digest(row[4], row[0], row[1], digest_of(*row[:4])) for row in rows]
        if self._old:
            return here
        rows = self._cursor.execute(
            "SELECT position, stream, version, lower(hex(digest)) FROM interlock_digests "
            "WHERE position>? ORDER BY position LIMIT ?",
            (after, most),
        )
        both = merge(here, (Digest(*row) for row in rows), key=lambda one: one.position)
        return [*islice(both, most)]

    def swept(self, runs: Sequence[str], limit: int) -> list[Raw]:
        """Events of these runs, a run's oldest first."""
        rows = self._cursor.execute(
            f"{_EVENT} WHERE originator_id IN (SELECT value FROM json_each(?)) "
            "ORDER BY originator_id, originator_version LIMIT ?",
            (json.dumps([*runs]), limit),
        )
        return [Raw._make(row) for row in rows]

    def unswept(self) -> list[str]:
        """The archived runs of which there are still events."""
        if self._old:
            return []
        rows = self._cursor.execute(
            "SELECT run FROM interlock_entries WHERE archive <> '' AND EXISTS "
            f"(SELECT 1 FROM {EVENTS} WHERE originator_id = run)"
        )
        return [run for (run,) in rows]

    def log_id(self) -> str:
        """Identity of the log."""
        row = self._cursor.execute("SELECT value FROM interlock_meta WHERE key='log_id'").fetchone()
        return str(row[0])

    def position(self) -> int:
        """Position of the last event."""
        row = self._cursor.execute(f"SELECT MAX(rowid) FROM {EVENTS}").fetchone()
        here = int(row[0] or 0)
        if self._old:
            return here
        row = self._cursor.execute("SELECT MAX(position) FROM interlock_digests").fetchone()
        return max(here, row[0] or 0)

    def head(self, run: str) -> Head:
        """Where a stream ends."""
        row = self._cursor.execute(
            "SELECT version, digest, at FROM interlock_entries WHERE sort=? AND run=?",
            (sort_key(run), run),
        ).fetchone()
        return Head() if row is None else Head(row[0], row[1], datetime.fromisoformat(row[2]))

    def entry(self, run: str) -> Entry | None:
        """One row of the index."""
        row = self._cursor.execute(
            f"{self._entry} WHERE sort=? AND run=?", (sort_key(run), run)
        ).fetchone()
        return None if row is None else entry_of(row)

    def entries(self, where: Filter) -> list[Entry]:
        """Rows of the index, in the natural order of ids."""
        terms: list[str] = []
        values: list[str | int] = []

        def also(term: str, *more: str | int) -> None:
            terms.append(term)
            values.extend(more)

        for column in ("machine", "state", "waits"):
            value = getattr(where, column)
            if value is not None:
                also(f"{column}=?", value)
        if where.status:
            also(f"status IN ({','.join('?' * len(where.status))})", *where.status)
        if where.finished is not None:  # spelt out: a partial index is chosen by its literal
            also("open = 0" if where.finished else "open = 1")
        if where.after is not None:
            also("(sort, run) > (?, ?)", sort_key(where.after), where.after)
        if where.ids:
            keys, ids = json.dumps([sort_key(run) for run in where.ids]), json.dumps(where.ids)
            also("sort IN (SELECT value FROM json_each(?))", keys)
            also("run IN (SELECT value FROM json_each(?))", ids)
        if where.archived is not None and not self._old:
            also("archive <> ''" if where.archived else "archive = ''")
        elif where.archived:
            return []
        if where.own:
            also("substr(run, 1, 1) <> '$'")
        elif where.prefix:
            also("substr(run, 1, ?) = ?", len(where.prefix), where.prefix)
        condition = f"WHERE {' AND '.join(terms)} " if terms else ""
        limit = -1 if where.limit is None else max(where.limit, 0)
        rows = self._cursor.execute(
            f"{self._entry} {condition} ORDER BY sort, run LIMIT ?", (*values, limit)
        )
        return [entry_of(row) for row in rows]

    def due(self, before: datetime, limit: int) -> list[Timer]:
        """Timers due at or before an instant, earliest first."""
        return self._timers(
            "WHERE due<=? ORDER BY due, run, name LIMIT ?", instant(before), max(limit, 0)
        )

    def timers(self, run: str) -> list[Timer]:
        """The timers of one stream, earliest first."""
        return self._timers("WHERE run=? ORDER BY due, run, name", run)

    def _timers(self, condition: str, *values: str | int) -> list[Timer]:
        rows = self._cursor.execute(
            f"SELECT run, name, due FROM interlock_timers {condition}", values
        )
        return [timer_of(row) for row in rows]

    def next_due(self) -> datetime | None:
        """The earliest instant of any timer."""
        row = self._cursor.execute("SELECT MIN(due) FROM interlock_timers").fetchone()
        return None if row[0] is None else datetime.fromisoformat(row[0])

    def command(self, command_id: str) -> tuple[str, int] | None:
        """Stream and version that a command id led to."""
        row = self._cursor.execute(
            "SELECT run, version FROM interlock_commands WHERE id=?", (command_id,)
        ).fetchone()
        return None if row is None else (str(row[0]), int(row[1]))

    def snapshot(self, run: str, fold: str, upto: int | None) -> Snapshot | None:
        """The newest snapshot that code `fold` made, at `upto` or before."""
        if self._old:
            return None
        row = self._cursor.execute(
            "SELECT run, version, digest, hash, fold, state FROM interlock_snapshots "
            "WHERE run=? AND fold=? AND version<=? ORDER BY version DESC LIMIT 1",
            (run, fold, 2**62 if upto is None else upto),
        ).fetchone()
        return None if row is None else Snapshot(*row)

    def definition(self, key: str) -> Definition | None:
        """The definition with this hash."""
        row = self._cursor.execute(
            "SELECT hash, name, ir, source FROM interlock_definitions WHERE hash=?", (key,)
        ).fetchone()
        return None if row is None else Definition(*row)
