"""The worker's role: a lock on a file beside the database, released by the kernel."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from interlock.store.errors import StoreReadOnly

if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


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
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            message = f"{self._path} cannot be created: {error.strerror}"
            raise StoreReadOnly(message) from error
        try:
            _lock(file)
        except OSError:
            os.close(file)
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Let others take it. The file stays: removing it could split the lock in two."""
        if self._file is not None:
            with suppress(OSError):
                os.close(self._file)
            self._file = None
