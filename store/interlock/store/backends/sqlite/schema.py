"""The tables beside the library's own, and the check that a file is one of ours."""

from __future__ import annotations

import sqlite3

from interlock.store.backends.sqlite.recorder import EVENTS
from interlock.store.errors import NewerSchema, NotADatabase, StoreError
from interlock.store.inspection import sum_of

SCHEMA = 1
"""Version of these tables. A file of a newer one is refused and left as it is."""

TABLES = (
    """
    CREATE TABLE interlock_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID
    """,
    # The row carries the head of its stream: the update that moves the index is also the fence.
    # The order of ids is part of the key, so that the table needs no second tree for it.
    """
    CREATE TABLE interlock_entries (
        sort TEXT NOT NULL, run TEXT NOT NULL, machine TEXT NOT NULL, hash TEXT NOT NULL,
        state TEXT NOT NULL, status TEXT NOT NULL, since TEXT NOT NULL, waits TEXT NOT NULL,
        waits_for TEXT NOT NULL, started TEXT NOT NULL, version INTEGER NOT NULL,
        digest TEXT NOT NULL, at TEXT NOT NULL, open INTEGER NOT NULL,
        PRIMARY KEY (sort, run)
    ) WITHOUT ROWID
    """,
    # Touched only when a stream begins and ends: an engine finds its unfinished work by it.
    "CREATE INDEX interlock_open ON interlock_entries (sort, run) WHERE open = 1",
    """
    CREATE TABLE interlock_timers (
        run TEXT NOT NULL, name TEXT NOT NULL, due TEXT NOT NULL, PRIMARY KEY (run, name)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX interlock_timers_due ON interlock_timers (due, run, name)",
    """
    CREATE TABLE interlock_commands (
        id TEXT PRIMARY KEY, run TEXT NOT NULL, version INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE interlock_definitions (
        hash TEXT PRIMARY KEY, name TEXT NOT NULL, ir TEXT NOT NULL, source TEXT NOT NULL
    )
    """,
)


def is_ready(connection: sqlite3.Connection, path: str) -> bool:
    """Whether the file holds our tables, in a version that this program knows.

    Raises:
        NewerSchema: they are newer.
        StoreError: the file holds the events of another program.
    """
    names = {
        name
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE name IN ('interlock_meta', ?)", (EVENTS,)
        ).fetchall()
    }
    if "interlock_meta" not in names:
        if EVENTS in names:
            message = f"{path} already holds events of another program (table {EVENTS})"
            raise StoreError(message)
        return False
    found = connection.execute(
        "SELECT value FROM interlock_meta WHERE key = 'schema_version'"
    ).fetchone()
    version = found[0] if found else "?"
    if not str(version).isdigit() or int(version) > SCHEMA:
        message = f"{path} has schema {version}; this Interlock knows {SCHEMA}: upgrade it"
        raise NewerSchema(message)
    return True


def create(connection: sqlite3.Connection, path: str, log_id: str, library: list[str]) -> None:
    """Create all tables, the library's included, unless another process just did.

    Args:
        log_id: identity of the log, kept with it.
        library: the library's own statements.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not is_ready(connection, path):
            for statement in (*library, *TABLES):
                connection.execute(statement)
            connection.executemany(
                "INSERT INTO interlock_meta (key, value) VALUES (?, ?)",
                [
                    ("schema_version", str(SCHEMA)),
                    ("log_id", log_id),
                    ("sum log_id", sum_of(log_id)),
                ],
            )
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def require(connection: sqlite3.Connection, path: str) -> None:
    """Check a file that may only be read.

    Raises:
        NotADatabase: it holds no store.
    """
    if not is_ready(connection, path):
        message = f"{path} is an SQLite database without an Interlock store in it"
        raise NotADatabase(message)
