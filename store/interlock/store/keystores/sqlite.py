"""Keys in an SQLite file of their own, beside the database or elsewhere."""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from interlock.store.keystore import SubjectKey, new_key
from interlock.store.secrecy import KeyStoreError, KeyStoreLost

T = TypeVar("T")

PATIENCE = 10.0
"""Seconds that a call waits for another process to release the file."""

_TABLES = (
    "CREATE TABLE interlock_keystore (id TEXT NOT NULL, schema INTEGER NOT NULL)",
    """
    CREATE TABLE interlock_keys (
        subject TEXT PRIMARY KEY, id TEXT NOT NULL, secret BLOB
    ) WITHOUT ROWID
    """,
    "CREATE INDEX interlock_keys_id ON interlock_keys (id)",
)
_SCHEMA = 1


class SQLiteKeys:
    """Keys in one file. See `interlock.store.keystore.KeyStore`.

    No key is kept in memory: each use reads the file, so that an erasure by any process reaches
    all others with their next use. The file has a rollback journal and no write-ahead log: at the
    instant at which a destruction is committed the journal is unlinked, and the page in the file
    is written over. (What a file system keeps of unlinked files is beyond it.)

    Attributes:
        path: the file.
    """

    def __init__(self, path: str | Path) -> None:
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.RLock()
        self.path = Path(path)
        self._file: tuple[int, int] | None = None

    def identity(self) -> str:
        """The id of the file, "" while it does not exist."""
        with self._lock:
            if not self._present():
                return ""
            return self._ask(_identity)

    def get(self, key: str) -> SubjectKey | None:
        """The key of this id."""
        return self._find("SELECT subject, id, secret FROM interlock_keys WHERE id = ?", key)

    def find(self, subject: str) -> SubjectKey | None:
        """The key of a subject."""
        statement = "SELECT subject, id, secret FROM interlock_keys WHERE subject = ?"
        return self._find(statement, subject)

    def create(self, subject: str) -> SubjectKey:
        """The key of a subject, made (with the file) if it never had one. One flush to disk."""
        found = self.find(subject)
        if found is not None:
            return found
        made = new_key(subject)

        def add(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            statement = "INSERT OR IGNORE INTO interlock_keys VALUES (?,?,?)"
            connection.execute(statement, (made.subject, made.id, made.secret))
            connection.execute("COMMIT")

        with self._lock:
            self._begin_file()
            self._ask(add)
            found = self.find(subject)
        if found is None:  # it, or another process's, was just inserted
            raise self._damaged()
        return found

    def destroy(self, subject: str) -> SubjectKey:
        """Destroy a subject's key, and write over where it stood."""

        def remove(connection: sqlite3.Connection) -> None:
            connection.execute("PRAGMA synchronous=EXTRA")  # the journal's end is flushed, too
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "INSERT INTO interlock_keys VALUES (?, '', NULL) "
                "ON CONFLICT (subject) DO UPDATE SET secret = NULL",
                (subject,),
            )
            connection.execute("COMMIT")
            # Pages that moved may have left copies behind: write the file anew, without them.
            connection.execute("VACUUM")
            connection.execute("PRAGMA synchronous=FULL")

        with self._lock:
            self._begin_file()
            self._ask(remove)
            found = self.find(subject)
        if found is None:  # the row was just written
            raise self._damaged()
        return found

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    def __del__(self) -> None:
        self.close()

    def _find(self, statement: str, value: str) -> SubjectKey | None:
        with self._lock:
            if not self._present():
                return None
            row = self._ask(lambda connection: connection.execute(statement, (value,)).fetchone())
        return None if row is None else self._key_of(row)

    def _key_of(self, row: tuple[object, ...]) -> SubjectKey:
        subject, key, secret = row
        if isinstance(subject, str) and isinstance(key, str) and isinstance(secret, bytes | None):
            return SubjectKey(subject, key, secret)
        raise self._damaged()

    def _damaged(self) -> KeyStoreLost:
        message = f"the key store {self.path} is damaged; put its latest backup back"
        return KeyStoreLost(message)

    def _present(self) -> bool:
        """Whether the file is there. One that was replaced is opened anew."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            self.close()
            return False
        except OSError as error:
            message = f"the key store {self.path} cannot be opened: {error}"
            raise KeyStoreError(message) from error
        if self._file != (found.st_dev, found.st_ino):
            self.close()
            self._file = (found.st_dev, found.st_ino)
        return found.st_size > 0

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Use the connection; the lock is held."""
        try:
            connection = self._connection or self._open()
            try:
                return question(connection)
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.DatabaseError as error:
            self.close()
            if isinstance(error, sqlite3.OperationalError) and "no such table" not in str(error):
                message = f"the key store {self.path} cannot be used: {error}"
                raise KeyStoreError(message) from error
            message = f"{self.path} is not a key store ({error}); put the right file back"
            raise KeyStoreLost(message) from error
        except (TypeError, UnicodeDecodeError) as error:
            self.close()
            raise self._damaged() from error

    def _open(self) -> sqlite3.Connection:
        uri = f"{self.path.absolute().as_uri()}?mode=rw"
        connection = sqlite3.connect(
            uri, uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False
        )
        self._connection = connection
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("PRAGMA temp_store=MEMORY")  # no copy of keys in another folder
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    def _begin_file(self) -> None:
        """Make the file with its tables, readable by its owner alone, if it is not there."""
        if self._present():
            return
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            message = f"the key store {self.path} cannot be made: {error}"
            raise KeyStoreError(message) from error
        self._present()
        self._ask(_create_tables)


def _identity(connection: sqlite3.Connection) -> str:
    row = connection.execute("SELECT id, schema FROM interlock_keystore").fetchone()
    if row is None or row[1] > _SCHEMA:
        why = "it was written by a newer Interlock" if row else "it has no id"
        message = f"the key store cannot be read: {why}"
        raise KeyStoreLost(message)
    return str(row[0])


def _create_tables(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name='interlock_keystore'")
    if known.fetchone() is None:
        for statement in _TABLES:
            connection.execute(statement)
        values = (secrets.token_hex(8), _SCHEMA)
        connection.execute("INSERT INTO interlock_keystore VALUES (?,?)", values)
    connection.execute("COMMIT")
