"""Errors of SQLite and of the library, turned into the store's own."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

from eventsourcing.persistence import PersistenceError

from interlock.store.errors import (
    NotADatabase,
    StoreBusy,
    StoreError,
    StoreFull,
    StoreReadOnly,
)

_PRIMARY = 0xFF  # an extended code has its kind in the low byte
_KINDS: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_FULL: (StoreFull, "the disk is full"),
    sqlite3.SQLITE_READONLY: (StoreReadOnly, "the file or its folder cannot be written"),
    sqlite3.SQLITE_PERM: (StoreReadOnly, "the file may not be opened"),
    sqlite3.SQLITE_CANTOPEN: (StoreReadOnly, "the file cannot be opened or created"),
    sqlite3.SQLITE_BUSY: (StoreBusy, "another process kept the file locked"),
    sqlite3.SQLITE_LOCKED: (StoreBusy, "another connection kept a table locked"),
    sqlite3.SQLITE_NOTADB: (NotADatabase, "the file is not an SQLite database"),
    sqlite3.SQLITE_CORRUPT: (NotADatabase, "the database is damaged"),
}
# A write that failed for another reason than "no space left": a quota, a limit on file sizes, or
# a disk that fails. Nothing of the transaction is kept in any case.
_NO_ROOM = {
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_IOERR_SHMSIZE,
}


def code_of(error: BaseException) -> int:
    """SQLite's extended result code, 0 when the error is not SQLite's."""
    return int(getattr(error, "sqlite_errorcode", 0) or 0)


def is_busy(error: BaseException) -> bool:
    """Whether trying again can help."""
    return code_of(error) & _PRIMARY in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def is_disk(error: BaseException) -> bool:
    """Whether the failure is of the file and not of one commit's values."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(
        error, (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError)
    )


def translate(error: BaseException, path: str) -> StoreError:
    """The store's error for one of SQLite's (or of the library's, which wraps SQLite's)."""
    if isinstance(error, PersistenceError) and error.__cause__ is not None:
        error = error.__cause__
    code = code_of(error)
    if code in _NO_ROOM:
        return StoreFull(f"{path}: a write failed: disk full, over a quota, or failing ({error})")
    kind = _KINDS.get(code & _PRIMARY)
    if kind is None:
        return StoreError(f"{path}: {error}")
    return kind[0](f"{path}: {kind[1]} ({error})")


@contextmanager
def translated(path: str) -> Generator[None]:
    """Raise the store's errors in place of SQLite's."""
    try:
        yield
    except (sqlite3.Error, PersistenceError) as error:
        raise translate(error, path) from error
