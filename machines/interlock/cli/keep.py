"""Commands that keep: `export`, `import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interlock.cli.audits import Seals
from interlock.cli.errors import reporting
from interlock.cli.options import DEFAULT_STORE, Apps, AsJson, By, Debug, RunId, StoreUrl, who


def export(
    run: RunId,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write here instead of printing."),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write a page that a person can read."),
    ] = None,
    seals: Seals = "",
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Print the evidence of a run as JSON lines.

    Every event as it is stored, definitions, decisions and what was seen, effects, the chain and,
    where seals are given, proofs. `import` reads it back.
    """
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import moving

        moving.export_run(store, run, output, html, seals, as_json=as_json)


def import_(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="An export; - reads the input.", show_default=False),
    ],
    unfinished: Annotated[
        bool,
        typer.Option(
            "--unfinished",
            help="Also take a run that has not ended: a worker of this database then goes on "
            "with it, so the database that it came from must not.",
        ),
    ] = False,
    app: Apps = [],  # noqa: B006  typer copies it
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Take an exported run into a database.

    It keeps its ids, its instants and its digests, so `verify` says of it what it said before.
    """
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import moving

        moving.import_run(store, file, app, unfinished=unfinished, as_json=as_json)


def archive(
    older: Annotated[
        str,
        typer.Option(
            "--older", metavar="DURATION", help='How long ago they ended, such as "90 days".'
        ),
    ],
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where the files go.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say which runs would be moved.")
    ] = False,
    by: By = "",
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Move finished runs to files, and out of the database.

    A run goes with its children, or not at all; each file is read back before anything goes.
    Workers go on. The ids stay taken, and `restore` brings runs back.
    """
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import retaining

        retaining.archive(store, older, to, who(by), dry_run=dry_run, as_json=as_json)


def restore(
    what: Annotated[
        str,
        typer.Argument(
            metavar="RUN|FILE", help="An archived run, or all of an archive.", show_default=False
        ),
    ],
    folder: Annotated[
        Path | None,
        typer.Option("--from", metavar="FOLDER", help="Where the files are now, if they moved."),
    ] = None,
    by: By = "",
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Bring an archived run back, or all runs of an archive.

    Its children come with it.
    """
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import retaining

        retaining.restore(store, what, folder, who(by), as_json=as_json)


def backup(
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="A new file.")],
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Copy the database, as it is now, to a new file. Workers go on.

    The keys of personal values, and archives, are files of their own: copy them, too.
    """
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import retaining

        retaining.backup(store, to, as_json=as_json)
