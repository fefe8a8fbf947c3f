"""Files that a command is given."""

from __future__ import annotations

import sys
from pathlib import Path

from interlock.cli.errors import BadArgument


def text_of(file: Path) -> str:
    """The text of a file; `-` reads the input.

    Raises:
        BadArgument: it cannot be read, or is not UTF-8.
    """
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except OSError as error:
        message = f"cannot read {file}: {error.strerror}"
        raise BadArgument(message) from error
    except UnicodeDecodeError as error:
        message = f"{file} is not UTF-8 text: {error.reason}"
        raise BadArgument(message) from error


def must_be_folder(folder: Path | None) -> None:
    """Check that what `--from` names, if anything, is a folder.

    Raises:
        BadArgument: it is none.
    """
    if folder is not None and not folder.is_dir():
        message = f"--from {folder}: there is no such folder"
        raise BadArgument(message)
