"""Opening a file: the connections that a store holds, and how they are given back."""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack
from pathlib import Path

from eventsourcing.persistence import PersistenceError

from interlock.store.backends.sqlite import schema
from interlock.store.backends.sqlite.errors import is_busy, translate
from interlock.store.backends.sqlite.recorder import Datastore, Recorder
from interlock.store.errors import StoreError, StoreReadOnly

ATTEMPTS = 5
"""How often opening is tried while another process creates the same file (each waits 5 s)."""


LOG_LENGTH = 8 * 2**20
"""Bytes of the write-ahead log before the first commit: what it grows to between checkpoints."""


class Connections:
    """One connection to write with and two to read with, for as long as the store is open.

    The library's pool makes them. They are taken once and not given back before `close`: a pool
    that closes a connection which a thread still uses brings the interpreter down.

    Attributes:
        schema: version of the tables; an older one than the present only where nothing is written.
        write: None for a store that is only read.
        near: for short questions, asked on the event loop.
        far: for long ones, asked in the reader's thread.
    """

    def __init__(self, path: Path, *, readonly: bool, log_id: str, cipher: str = "") -> None:
        self._stack = ExitStack()
        self._datastore = Datastore(uri_of(path, readonly=readonly), readonly=readonly)
        try:
            self.recorder = Recorder(self._datastore)
            self.write = None if readonly else self._take(writes=True)
            self.near = self._take(writes=False)
            self.far = self._take(writes=False)
            if self.write is None:
                self.schema = schema.require(self.near, str(path))
            else:
                statements = self.recorder.create_table_statements
                schema.bring(self.write, str(path), log_id, statements, cipher)
                self.schema = schema.SCHEMA
                self._can_write(self.write)
            for impatient in (self.write, self.near):
                if impatient is not None:  # the loop must not wait: others do, in threads
                    impatient.execute("PRAGMA busy_timeout=0")
        except BaseException:
            self.close()
            raise

    def _take(self, *, writes: bool) -> sqlite3.Connection:
        held = self._stack.enter_context(self._datastore.get_connection(commit=writes))
        cursor: sqlite3.Cursor = held.cursor().sqlite_cursor
        return cursor.connection

    @staticmethod
    def _can_write(connection: sqlite3.Connection) -> None:
        """Find a file that cannot be written when it is opened, not at the first commit."""
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")

    def lengthen_log(self, path: Path) -> None:
        """Give the write-ahead log its length now, instead of page by page in each commit.

        A flush of a file that grew also writes the file system's own journal: on ext4 a commit
        then takes half as long again. A large change that is rolled back leaves its pages in the
        log, to be written over; nobody ever reads them. It is a matter of speed only, so a
        failure (a busy file, a full disk) is passed over.
        """
        log = path.with_name(path.name + "-wal")
        if self.write is None or (log.exists() and log.stat().st_size >= LOG_LENGTH):
            return
        (cache,) = self.write.execute("PRAGMA cache_size").fetchone()
        try:
            self.write.execute("PRAGMA cache_size=-64")  # KiB: the rest is spilled into the log
            self.write.execute("BEGIN IMMEDIATE")
            self.write.execute("CREATE TABLE interlock_log_length (pages BLOB)")
            fill = "INSERT INTO interlock_log_length VALUES (zeroblob(?))"
            self.write.execute(fill, (LOG_LENGTH + 2**18,))
        except sqlite3.Error:
            pass
        finally:
            if self.write.in_transaction:
                self.write.rollback()
            self.write.execute(f"PRAGMA cache_size={int(cache)}")

    def close(self) -> None:
        """Give everything back. No thread may be using a connection any more."""
        self._stack.close()
        self._datastore.close()


def connect(path: Path, *, readonly: bool, log_id: str, cipher: str = "") -> Connections:
    """Open a file, and create it when it does not exist, to be encrypted by the key `cipher`.

    Raises:
        StoreError: see `interlock.store.open_store`.
    """
    if readonly and not path.is_file():
        message = f"{path} does not exist, and a store that is only read cannot create it"
        raise StoreError(message)
    if not path.parent.is_dir():
        message = f"{path.parent} is not a folder: create it first"
        raise StoreError(message)
    if path.is_dir():
        message = f"{path} is a folder, not a file"
        raise StoreError(message)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return Connections(path, readonly=readonly, log_id=log_id, cipher=cipher)
        except (sqlite3.Error, PersistenceError) as error:
            cause = error.__cause__ if isinstance(error, PersistenceError) else error
            if attempt < ATTEMPTS and cause is not None and is_busy(cause):
                continue
            raise translate(error, str(path)) from error
    raise AssertionError  # the last attempt returns or raises


def uri_of(path: Path, *, readonly: bool = True) -> str:
    """The file as a URI that says how it may be opened."""
    if not readonly:
        if path.exists() and not os.access(path, os.W_OK):
            message = f"{path} cannot be written, only looked at"
            raise StoreReadOnly(message)
        return f"{path.as_uri()}?mode=rwc"
    log = path.with_name(path.name + "-wal")
    if not os.access(path.parent, os.W_OK) and not (log.exists() and log.stat().st_size):
        # SQLite cannot create the log's index here, and nothing waits in the log: the file is
        # all there is.
        return f"{path.as_uri()}?immutable=1"
    return f"{path.as_uri()}?mode=ro"
