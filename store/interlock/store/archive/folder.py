"""A folder of archives: one archiving at a time writes there, and what it named stays named."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from interlock.store.errors import StoreBusy

PART = ".part"
"""How the name of a file ends that is being written; it begins with a dot."""


def tidy(folder: Path) -> None:
    """Remove what an archiving that was killed has left behind; only for who is `alone` there."""
    if sys.platform == "win32":
        return  # nobody is
    for left in folder.glob(f".*{PART}"):
        if is_part(left.name):
            left.unlink(missing_ok=True)


def part_in(folder: Path) -> Path:
    """A name for a file that is being written."""
    return folder / f".{uuid4().hex}{PART}"


def is_part(name: str) -> bool:
    """Whether a file may be one of these: `part_in` names no others."""
    return _PART.fullmatch(name) is not None


_PART = re.compile(rf"\.[0-9a-f]{{32}}{re.escape(PART)}")

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
