"""A snapshot of one SQLite file, for audits: read leniently, so that damage can be named."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from heapq import merge
from typing import Any

from interlock.store.backends.sqlite.flaws import flaws, meta
from interlock.store.backends.sqlite.recorder import EVENTS
from interlock.store.backends.sqlite.rows import ENTRY_COLUMNS, entry_of, timer_of
from interlock.store.contract import Definition, Head, Timer
from interlock.store.digest import digest_of
from interlock.store.inspection import Accepted, Digest, Indexed, Raw

_ROWS = f"SELECT originator_id, originator_version, topic, state, rowid FROM {EVENTS} "
_PAGE = 2000


class SQLiteInspection:
    """See `interlock.store.inspection.Inspection`. Close it when done.

    It has a connection of its own, in one transaction that reads.
    """

    def __init__(self, uri: str) -> None:
        self._connection = sqlite3.connect(
            uri, uri=True, check_same_thread=False, isolation_level=None
        )
        self._connection.text_factory = _lenient_text
        self._connection.execute("BEGIN")
        known = meta(self._connection)
        self.log = known.get("log_id", "")
        self._archives = known.get("schema_version") != "1"
        self._columns = ENTRY_COLUMNS[2 if self._archives else 1]
        self.events, self.last = self._one(f"SELECT COUNT(*), MAX(rowid) FROM {EVENTS}")
        ever = self._one("SELECT MAX(seq) FROM sqlite_sequence WHERE name = ?", EVENTS)[0]
        self.last = max(self.last or 0, ever if isinstance(ever, int) else 0)

    def close(self) -> None:
        """End the snapshot."""
        self._connection.close()

    def _one(self, statement: str, *values: object) -> Any:
        return self._connection.execute(statement, values).fetchone()

    def _all(self, statement: str, *values: object) -> Iterator[Any]:
        if not all(map(_can_be_asked, values)):
            return
        cursor = self._connection.execute(statement, values)
        while page := cursor.fetchmany(_PAGE):
            yield from page

    def rows(self, stream: str | None = None) -> Iterator[Raw]:
        """The events, by stream and version."""
        order = "ORDER BY originator_id, originator_version"
        if stream is None:
            yield from map(Raw._make, self._all(f"{_ROWS} {order}"))
        else:
            yield from map(Raw._make, self._all(f"{_ROWS} WHERE originator_id=? {order}", stream))

    def digests(self, after: int = 0) -> Iterator[Digest]:
        """The digests of events with `position > after`, by position."""
        rows = map(Raw._make, self._all(f"{_ROWS} WHERE rowid>? ORDER BY rowid", after))
        here = (Digest(r.position, r.stream, r.version, lenient_digest(r)) for r in rows)
        gone = self._archived("position>? ORDER BY position", after)
        yield from merge(here, gone, key=lambda one: one.position)

    def archived(self, stream: str) -> Iterator[Digest]:
        """The digests of a stream's archived events, by version."""
        yield from self._archived("stream=? ORDER BY version", stream)

    def _archived(self, condition: str, value: object) -> Iterator[Digest]:
        if not self._archives:
            return
        for row in self._all(
            "SELECT position, stream, version, lower(hex(digest)) FROM interlock_digests "
            f"WHERE {condition}",
            value,
        ):
            yield Digest(*row)

    def entries(self) -> Iterator[Indexed]:
        """All rows of the index, by run."""
        columns = f"{self._columns}, version, digest, at"
        for *row, version, digest, at in self._all(
            f"SELECT {columns} FROM interlock_entries ORDER BY run"
        ):
            try:
                head = Head(version, digest, datetime.fromisoformat(at))
                yield Indexed(row[0], entry_of(tuple(row)), head)
            except (TypeError, ValueError):
                yield Indexed(row[0])

    def timers(self) -> Iterator[Timer]:
        """All timers that can be read, by run; `flaws` names the others."""
        for row in self._all("SELECT run, name, due FROM interlock_timers ORDER BY run, name"):
            try:
                yield timer_of(row)
            except (TypeError, ValueError):
                continue

    def accepted(self) -> Iterator[Accepted]:
        """All command ids, by run and version."""
        statement = "SELECT id, run, version FROM interlock_commands ORDER BY run, version"
        yield from map(Accepted._make, self._all(statement))

    def command(self, command_id: str) -> Accepted | None:
        """Where a command id led."""
        rows = self._all("SELECT id, run, version FROM interlock_commands WHERE id=?", command_id)
        return next(map(Accepted._make, rows), None)

    def definitions(self) -> Iterator[Definition]:
        """All definitions, by hash."""
        statement = "SELECT hash, name, ir, source FROM interlock_definitions ORDER BY hash"
        for row in self._all(statement):
            yield Definition(*row)

    def flaws(self) -> Iterator[str]:
        """What is wrong with the storage itself."""
        yield from flaws(self._connection)


def _can_be_asked(value: object) -> bool:
    """Whether a value is no damaged text, which is equal to nothing."""
    try:
        return not isinstance(value, str) or bool(value.encode()) or not value
    except UnicodeEncodeError:
        return False


def _lenient_text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def lenient_digest(row: Raw) -> str:
    """The digest of a row, "" for one that cannot have any."""
    try:
        return digest_of(row.stream, row.version, row.topic, row.state)
    except (TypeError, UnicodeEncodeError):
        return ""
