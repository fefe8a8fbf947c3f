"""Commands for changing code while runs are in flight: `lock` and `deploy-check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interlock.cli.errors import reporting
from interlock.cli.options import (
    DEFAULT_STORE,
    AsJson,
    Debug,
    KeyFile,
    PersonalKeys,
    StoreUrl,
    keys_in,
)

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
    accept: Annotated[
        bool,
        typer.Option("--accept", help="Write also what leaves runs behind that may be in flight."),
    ] = False,
    file: LockFile = DEFAULT_LOCK,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Write down every machine for review: interlock.lock.

    Without modules, those that the file names already. A change that leaves runs behind is refused
    without --accept: a state or a variable is gone, or another one, and no migration says what
    becomes of runs there. Ends with code 1 then, and when --check finds the file out of date.
    """
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import locking

        good = locking.lock(file, modules or (), check=check, accept=accept, as_json=as_json)
    if not good:
        raise typer.Exit(1)


def deploy_check(
    modules: Annotated[
        list[str],
        typer.Argument(
            metavar="MODULE...",
            help="Modules with the new code; old code that is kept behind it.",
            show_default=False,
        ),
    ],
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Also move every run over in a copy; no call is made there."
        ),
    ] = False,
    key_file: KeyFile = None,
    personal_keys: PersonalKeys = None,
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Say what a deploy of this code does to runs in flight.

    The database is only read. Ends with code 1 when runs would be held.
    """
    with reporting(as_json=as_json, debug=debug), keys_in(key_file, personal_keys):
        from interlock.cli import deploying

        good = deploying.deploy_check(store, modules, dry_run=dry_run, as_json=as_json)
    if not good:
        raise typer.Exit(1)
