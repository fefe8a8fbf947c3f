"""The worker's role: a lock on a file beside the database, released by the kernel.

The file holds the worker's notice board, from its second byte on (the first is what some systems
lock). It is written in place, so that it can be written on a full disk, and means nothing unless
the lock is held.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from interlock.store.board import ROOM, Board, Seen, read_board, written
from interlock.store.clock import SystemClock
from interlock.store.errors import StoreReadOnly

if sys.platform == "win32":
    import msvcrt

    def _lock(file: int, *, alone: bool = True) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

    def _unlock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _lock(file: int, *, alone: bool = True) -> None:
        fcntl.flock(file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)

    def _unlock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


_TRIES, _MOMENT = 200, 0.001
"""Attempts to take the lock, and the seconds between them: who asks whether it is held has it for
a moment, which on a busy machine may last."""

_READS = 5
"""Attempts to read a board that is whole."""

_BINARY: int = getattr(os, "O_BINARY", 0)


class WorkerLock:
    """At most one holder for each path on this machine, however many processes try.

    The lock ends with the process that holds it, so there is nothing to clean up after a crash.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def acquire(self) -> bool:
        """Take the lock if nobody else has it; never waits.

        Raises:
            StoreReadOnly: the file of the lock cannot be created.
        """
        if self._file is not None:
            return True
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | _BINARY, 0o644)
        except OSError as error:
            message = f"{self._path} cannot be created: {error.strerror}"
            raise StoreReadOnly(message) from error
        if not _taken(file):
            os.close(file)
            return False
        self._file = file
        self._write(b" " * ROOM)  # what the last holder told is over
        return True

    def release(self) -> None:
        """Let others take it. The file stays: removing it could split the lock in two."""
        if self._file is not None:
            with suppress(OSError):
                os.close(self._file)
            self._file = None

    def post(self, board: Board) -> None:
        """Tell others what this holder does; nothing happens for one that does not hold it."""
        if self._file is not None:
            self._write(written(board))

    def _write(self, data: bytes) -> None:
        with suppress(OSError):  # a board that cannot be written must not stop a worker
            assert self._file is not None  # its callers have it
            os.lseek(self._file, 1, os.SEEK_SET)
            os.write(self._file, data)

    def seen(self) -> Seen | None:
        """What the holder tells; None when nobody holds it."""
        try:
            file = os.open(self._path, os.O_RDONLY | _BINARY)
        except OSError:
            return None
        try:
            if self._file is None and _is_free(file):
                return None
            board = None
            for _ in range(_READS):  # it may be read while it is written
                os.lseek(file, 1, os.SEEK_SET)
                board = board or read_board(os.read(file, ROOM))
            at = datetime.fromtimestamp(os.fstat(file).st_mtime, UTC)
            return Seen(board, max(timedelta(), SystemClock().now() - at))
        finally:
            os.close(file)


def _taken(file: int) -> bool:
    for _ in range(_TRIES):
        try:
            _lock(file)
        except OSError:
            if not _is_free(file):
                return False
            time.sleep(_MOMENT)
        else:
            return True
    return False


def _is_free(file: int) -> bool:
    """Whether nobody has the lock, but for those who ask the same: they have it for a moment."""
    try:
        _lock(file, alone=False)
    except OSError:
        return False
    _unlock(file)
    return True
