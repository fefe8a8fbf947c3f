"""A folder of archives: one archiving at a time writes there, and what it named stays named."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from interlock.store.errors import StoreBusy

if sys.platform == "win32":  # a folder cannot be opened there: it has neither lock nor flush

    @contextmanager
    def alone(folder: Path) -> Generator[None]:
        """Let nobody else archive to this folder meanwhile."""
        yield

    def flush(folder: Path) -> None:
        """Make the names in it durable."""
else:
    import fcntl

    @contextmanager
    def alone(folder: Path) -> Generator[None]:
        """Let nobody else archive to this folder meanwhile. It ends with the process at the latest.

        Raises:
            StoreBusy: somebody does.
        """
        handle = os.open(folder, os.O_RDONLY)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                message = f"another process is archiving to {folder}: wait for it"
                raise StoreBusy(message) from error
            yield
        finally:
            os.close(handle)

    def flush(folder: Path) -> None:
        """Make the names in it durable: a file whose name is lost is lost."""
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
