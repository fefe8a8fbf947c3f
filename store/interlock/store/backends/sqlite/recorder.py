"""The library's process recorder for SQLite, with ids that are never reused, and its datastore."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import chain
from typing import Any
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import (
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteProcessRecorder,
)

from interlock.store.prepared import Row

EVENTS = "stored_events"
"""The library's own table of events: its tools can read the log."""


LOCK_TIMEOUT = 5
"""Seconds that opening a file waits for another process to release it."""

CHUNK = 16
"""Up to so many events are inserted by one statement: each counts the ids on by itself."""


class Pool(SQLiteConnectionPool):
    """The library's pool, with the pragmas that durability rests on.

    The library keeps one compiled statement a connection (`cached_statements=True` counts as 1),
    so each statement of a commit would be compiled again every time.
    """

    def __init__(self, db_name: str, *, readonly: bool) -> None:
        super().__init__(db_name=db_name, lock_timeout=LOCK_TIMEOUT)
        # A reader cannot change the journal mode, and need not: the file remembers it.
        self.is_journal_mode_wal = readonly

    def _create_connection(self) -> SQLiteConnection:
        connection = sqlite3.connect(
            self.db_name,
            uri=True,
            check_same_thread=False,  # the store sees to it that threads take turns
            isolation_level=None,  # transactions are begun and ended by statements
            timeout=LOCK_TIMEOUT,
        )
        try:
            if not self.is_journal_mode_wal:
                connection.execute("PRAGMA journal_mode=WAL")
                self.is_journal_mode_wal = True
            # A commit that was answered survives power loss.
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA cache_size=-16000")  # kB
            # What is written passes a temporary table: not through a file of its own.
            connection.execute("PRAGMA temp_store=MEMORY")
        except UnicodeDecodeError as error:  # of a damaged schema, which is parsed here
            connection.close()
            message = "database disk image is malformed: a name in its schema is no text"
            raise sqlite3.DatabaseError(message) from error
        except BaseException:
            connection.close()
            raise
        connection.row_factory = sqlite3.Row  # the library's queries name columns
        return SQLiteConnection(connection, self.max_age)


class Datastore(SQLiteDatastore):
    """The library's datastore with text ids, over our pool."""

    def __init__(self, db_name: str, *, readonly: bool = False) -> None:
        super().__init__(db_name, originator_id_type="text")
        self.pool = Pool(db_name, readonly=readonly)


class Recorder(SQLiteProcessRecorder):
    """The library's recorder over the same table, differing in two ways.

    Ids are `AUTOINCREMENT`: deleting the newest events or restoring a dump never gives an old
    id to a new event, which would hide it from followers. And events are inserted many by one
    statement.
    """

    def __init__(self, datastore: SQLiteDatastore, *, events_table_name: str = EVENTS) -> None:
        super().__init__(datastore, events_table_name=events_table_name)
        self.insert_events_statement = (
            f"INSERT INTO {events_table_name} "
            "(originator_id, originator_version, topic, state) VALUES (?,?,?,?)"
        )
        self._inserts = [self.insert_events_statement + ",(?,?,?,?)" * n for n in range(CHUNK)]

    def construct_create_table_statements(self) -> list[str]:
        """The library's statements, with an explicit id in the table of events."""
        statements = super().construct_create_table_statements()
        statements[0] = (
            f"CREATE TABLE IF NOT EXISTS {self.events_table_name} ("
            "rowid INTEGER PRIMARY KEY AUTOINCREMENT, "
            "originator_id TEXT NOT NULL, "
            "originator_version INTEGER NOT NULL, "
            "topic TEXT NOT NULL, "
            "state BLOB NOT NULL, "
            "UNIQUE (originator_id, originator_version))"
        )
        return statements

    def insert_rows(self, cursor: SQLiteCursor, rows: Sequence[Row]) -> int:
        """Insert rows inside the caller's transaction; the id of the first of them.

        Ids are consecutive, because the transaction is the only one that writes.
        """
        for first in range(0, len(rows), CHUNK):
            some = rows[first : first + CHUNK]
            cursor.execute(self._inserts[len(some) - 1], [*chain.from_iterable(some)])
        return int(cursor.lastrowid) - len(rows) + 1

    def _insert_events(
        self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        rows: list[Row] = [
            (
                s.originator_id.hex if isinstance(s.originator_id, UUID) else s.originator_id,
                s.originator_version,
                s.topic,
                s.state,
            )
            for s in stored_events
        ]
        first = self.insert_rows(c, rows) if rows else 1
        tracking = kwargs.get("tracking")
        if tracking is not None:
            self._insert_tracking(c, tracking)
        return list(range(first, first + len(rows)))
