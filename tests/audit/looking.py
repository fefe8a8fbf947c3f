"""Audits of a file, and the rows of its tables, for the laws."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from interlock.audit import Audited, audit
from interlock.engine.auditing import read_definition
from interlock.store import open_store
from interlock.store.backends.sqlite.inspection import SQLiteInspection

TABLES = (
    "stored_events", "interlock_entries", "interlock_timers", "interlock_commands",
    "interlock_definitions", "interlock_meta", "interlock_snapshots", "interlock_digests",
    "sqlite_sequence",
)  # fmt: skip


def look(path: Path) -> Audited:
    """The audit of a file."""
    import asyncio

    async def looked() -> Audited:
        store = open_store(f"sqlite:///{path}", readonly=True)
        try:
            with store.inspect() as snapshot:
                return audit(snapshot, read_definition)
        finally:
            await store.close()

    return asyncio.run(looked())


def look_at(path: Path) -> Audited:
    """The same without opening the store, which refuses some of what was altered."""
    with closing(SQLiteInspection(f"file:{path}?mode=ro")) as snapshot:
        return audit(snapshot, read_definition)


def columns(path: Path, table: str) -> list[str]:
    """The columns of a table."""
    with closing(sqlite3.connect(path)) as database:
        return [row[1] for row in database.execute(f"PRAGMA table_info({table})")]


def dump(path: Path, like: Path) -> list[Any]:
    """Everything that is stored, byte for byte, by the columns of a file that is whole.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    with closing(sqlite3.connect(path)) as database:
        database.text_factory = bytes
        return [
            sorted(map(repr, database.execute(f"SELECT {', '.join(columns(like, t))} FROM {t}")))
            for t in TABLES
        ]
