"""Commands for changing code while runs are in flight: `lock`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interlock.cli.errors import reporting
from interlock.cli.options import AsJson, Debug

DEFAULT_LOCK = Path("interlock.lock")

Modules = Annotated[
    list[str] | None,
    typer.Argument(metavar="[MODULE]...", help="Modules that define the machines."),
]
LockFile = Annotated[
    Path, typer.Option("--lock", metavar="FILE", help="The lock file.", show_default=True)
]


def lock(
    modules: Modules = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; end with code 1 when out of date.")
    ] = False,
    file: LockFile = DEFAULT_LOCK,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Write down every machine for review: interlock.lock.

    Without modules, those that the file names already. Ends with code 1 when --check finds that the
    file is out of date.
    """
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import locking

        good = locking.lock(file, modules or (), check=check, as_json=as_json)
    if not good:
        raise typer.Exit(1)
