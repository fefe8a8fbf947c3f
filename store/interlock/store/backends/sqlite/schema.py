"""The tables beside the library's own, and the check that a file is one of ours."""

from __future__ import annotations

import sqlite3

from interlock.store import crash
from interlock.store.backends.sqlite.recorder import EVENTS
from interlock.store.errors import NewerSchema, NotADatabase, SchemaLost, StoreError
from interlock.store.inspection import sum_of

SCHEMA = 2
"""Version of these tables. A file of a newer one is refused and left as it is; one of an older
one is upgraded when it is opened to be written."""

_NEW_IN_2 = (
    # A cache: deleting all rows changes nothing but how long a long run takes to load.
    """
    CREATE TABLE interlock_snapshots (
        run TEXT NOT NULL, version INTEGER NOT NULL, digest TEXT NOT NULL, hash TEXT NOT NULL,
        fold TEXT NOT NULL, state BLOB NOT NULL, PRIMARY KEY (run, version)
    )
    """,
    # What is left of events that were moved to an archive: enough to check a seal of the log.
    """
    CREATE TABLE interlock_digests (
        position INTEGER PRIMARY KEY, stream TEXT NOT NULL, version INTEGER NOT NULL,
        digest BLOB NOT NULL
    )
    """,
    "CREATE INDEX interlock_digests_of ON interlock_digests (stream, version)",
)

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
        parent TEXT NOT NULL DEFAULT '', archive TEXT NOT NULL DEFAULT '',
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
    *_NEW_IN_2,
)

UPGRADES: dict[int, tuple[str, ...]] = {
    1: (
        "ALTER TABLE interlock_entries ADD COLUMN parent TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE interlock_entries ADD COLUMN archive TEXT NOT NULL DEFAULT ''",
        # The parent of a run stands in its first event. One that cannot be read leaves it open.
        f"""
        UPDATE interlock_entries SET parent = found.parent FROM (
            SELECT originator_id, json_extract(text, '$.body.parent') AS parent FROM (
                SELECT originator_id, CAST(state AS TEXT) AS text FROM {EVENTS}
                WHERE originator_version = 1 AND topic = 'RunStarted'
            ) WHERE json_valid(text)
        ) AS found
        WHERE run = found.originator_id AND found.parent <> ''
        """,
        *_NEW_IN_2,
    ),
}
"""By version of the tables, the statements that lead to the next one."""


def version_of(connection: sqlite3.Connection, path: str) -> int:
    """Version of our tables in the file, 0 for none.

    Raises:
        NewerSchema: they are newer than this program.
        SchemaLost: the file does not say.
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
        return 0
    found = connection.execute(
        "SELECT value FROM interlock_meta WHERE key = 'schema_version'"
    ).fetchone()
    version = found[0] if found else None
    if version is None or not str(version).isdecimal():
        what = "no schema" if version is None else f"the schema {version!r}, which there is not"
        message = (
            f"{path} names {what} in its table interlock_meta: it was altered, or was not copied "
            "whole; restore a backup"
        )
        raise SchemaLost(message)
    if int(version) > SCHEMA:
        message = f"{path} has schema {version}; this Interlock knows {SCHEMA}: upgrade it"
        raise NewerSchema(message)
    return int(version)


def bring(
    connection: sqlite3.Connection, path: str, log_id: str, library: list[str], cipher: str = ""
) -> None:
    """See that the file has our tables in the present version: create them, or upgrade them.

    It happens in one transaction, and only if no other process has just done it.

    Args:
        log_id: identity of the log, kept with it.
        library: the library's own statements.
        cipher: id of the key that a new file is encrypted with, "" for none.
    """
    if version_of(connection, path) == SCHEMA:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = version_of(connection, path)
        if not found:
            _create(connection, log_id, library, cipher)
        for version in range(found or SCHEMA, SCHEMA):
            _upgrade(connection, version)
        crash.reached("store.before_schema")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _create(connection: sqlite3.Connection, log_id: str, library: list[str], cipher: str) -> None:
    for statement in (*library, *TABLES):
        connection.execute(statement)
    facts = [("schema_version", str(SCHEMA)), ("log_id", log_id), ("sum log_id", sum_of(log_id))]
    if cipher:
        facts += [("cipher", cipher), ("sum cipher", sum_of(cipher))]
    connection.executemany("INSERT INTO interlock_meta (key, value) VALUES (?, ?)", facts)


def _upgrade(connection: sqlite3.Connection, version: int) -> None:
    for statement in UPGRADES[version]:
        connection.execute(statement)
    if version == 1:
        _vouch(connection)
    connection.execute(
        "UPDATE interlock_meta SET value = ? WHERE key = 'schema_version'", (str(version + 1),)
    )


def _vouch(connection: sqlite3.Connection) -> None:
    """Keep a digest beside what has none: the log's identity, and the definitions."""
    facts = {
        "log_id": connection.execute(
            "SELECT value FROM interlock_meta WHERE key = 'log_id'"
        ).fetchone()
    }
    for row in connection.execute("SELECT hash, name, ir, source FROM interlock_definitions"):
        facts[f"definition {row[0]}"] = row
    connection.executemany(
        "INSERT OR IGNORE INTO interlock_meta VALUES (?, ?)",
        [(f"sum {name}", sum_of(*values)) for name, values in facts.items()],
    )


def require(connection: sqlite3.Connection, path: str) -> int:
    """Check a file that may only be read; version of its tables.

    Raises:
        NotADatabase: it holds no store.
    """
    version = version_of(connection, path)
    if not version:
        message = f"{path} is an SQLite database without an Interlock store in it"
        raise NotADatabase(message)
    return version
