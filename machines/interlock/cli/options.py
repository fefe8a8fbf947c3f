"""The options that many commands share, and the panels of the help."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_STORE = "sqlite:///interlock.db"

LOOK = "Look"
DECIDE = "Decide"
WRITE = "Write and run"
KEEP = "Keep"
TRY = "Try out"

StoreUrl = Annotated[
    str,
    typer.Option(
        "--store", metavar="URL", envvar="INTERLOCK_STORE", help="The database: sqlite:///PATH."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Apps = Annotated[
    list[str],
    typer.Option(
        "--app",
        metavar="MODULE",
        envvar="INTERLOCK_APP",
        help="Module that defines the machines; may be repeated.",
    ),
]
KeyFile = Annotated[
    Path | None,
    typer.Option("--key-file", metavar="FILE", help="The key of an encrypted database."),
]
PersonalKeys = Annotated[
    Path | None,
    typer.Option("--personal-keys", metavar="FILE", help="The key store of personal data."),
]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="Id of the run.", show_default=False)]
Target = Annotated[
    str,
    typer.Argument(
        metavar="MODULE:NAME", help="A workflow or lifecycle in a module.", show_default=False
    ),
]
By = Annotated[
    str,
    typer.Option(
        "--by", metavar="NAME", help="Who decides; the name of the login by default.",
        show_default=False,
    ),
]  # fmt: skip
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, in your words.")]

AtVersion = Annotated[int | None, typer.Option("--version", metavar="N", help="After this event.")]
AtTime = Annotated[
    str,
    typer.Option(
        "--time",
        metavar="T",
        help="At this instant: '2026-11-21 09:21:03' (UTC when no zone is given), "
        "or '10 minutes ago'.",
    ),
]
Steps = Annotated[
    int,
    typer.Option("--step", metavar="N", help="So many events later; earlier with -N."),
]
Correlation = Annotated[
    str,
    typer.Option(
        "--correlation", metavar="ID", envvar="INTERLOCK_CORRELATION", show_default=False,
        help="Id of the request that this serves; it stands on every event of it.",
    ),
]  # fmt: skip


def one_moment(version: int | None, time: str) -> None:
    """Check that a moment is named in one way only."""
    if version is not None and time:
        raise typer.BadParameter("give --version or --time, not both")


@contextmanager
def speaking(reason: str, correlation: str) -> Generator[None]:
    """Record what the block asks for with a reason and a correlation."""
    from interlock.engine.caller import acting

    with acting(reason=reason, correlation=correlation):
        yield


@contextmanager
def keys_in(key_file: Path | None, personal_keys: Path | None) -> Generator[None]:
    """Say in the environment, for the block, which files of keys are meant; None leaves it."""
    named = {"INTERLOCK_KEY_FILE": key_file, "INTERLOCK_PERSONAL_KEYS": personal_keys}
    before = {name: os.environ.get(name) for name, file in named.items() if file is not None}
    os.environ.update({name: str(named[name]) for name in before})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def who(by: str) -> str:
    """The name that a decision is recorded under."""
    if by:
        return by
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a process without a user name, as in some containers
        return f"uid:{os.getuid()}"
