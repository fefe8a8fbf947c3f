"""Copying a database that is in use."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from interlock.store.backends.sqlite.errors import translated
from interlock.store.errors import NotADatabase, StoreError


def copy(uri: str, path: Path) -> int:
    """Copy a database to a new file in one step, as it is at one instant; its size in bytes.

    The file gets its name when it is complete and sound: what is cut off leaves none of it.

    Raises:
        StoreError: the file exists, or cannot be written.
    """
    if path.exists():
        message = f"{path} exists: name a file that does not"
        raise StoreError(message)
    if not path.parent.is_dir():
        message = f"{path.parent} is not a folder: create it first"
        raise StoreError(message)
    part = path.with_name(f".{path.name}.part")
    try:
        _remove(part)
        with translated(str(path)):
            _copy(uri, part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.rename(path)
        return path.stat().st_size
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}"
        raise StoreError(message) from error
    finally:
        _remove(part)


def _remove(part: Path) -> None:
    """What a backup that was killed has left behind, a journal of SQLite's included."""
    for end in ("", "-journal", "-wal", "-shm"):
        part.with_name(part.name + end).unlink(missing_ok=True)


def _copy(uri: str, path: Path) -> None:
    with closing(sqlite3.connect(uri, uri=True)) as source, closing(sqlite3.connect(path)) as to:
        source.backup(to)
        to.execute("PRAGMA journal_mode=DELETE")  # all of it in one file; opened, it is a log again
        for (said,) in to.execute("PRAGMA quick_check(1)"):
            if said != "ok":
                message = f"the copy is damaged: {said}"
                raise NotADatabase(message)
