"""Commands of personal data and keys: `erase`, `key`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interlock.cli.audits import Folder
from interlock.cli.errors import reporting
from interlock.cli.options import DEFAULT_STORE, AsJson, By, Debug, Reason, StoreUrl, who


def erase(
    subject: Annotated[
        str, typer.Argument(metavar="SUBJECT", help="Whose personal data.", show_default=False)
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    folder: Folder = None,
    by: By = "",
    reason: Reason = "",
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Forget a person: destroy the key of their personal data.

    It cannot be undone. Every value of theirs that any run recorded becomes unreadable, at once and
    for every process, in archives too; the runs go on, and digest chains stay valid.
    """
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import erasing

        erasing.erase(
            store, subject, who(by), reason, folder, dry_run=dry_run, yes=yes, as_json=as_json
        )


def key(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A file that is not there.", show_default=False)
    ],
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Make a key for a database that is to be encrypted.

    A database that is made by `interlock --key-file FILE COMMAND …` can be opened with that file
    only: keep a copy.
    """
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import erasing

        erasing.make_key(file, as_json=as_json)
