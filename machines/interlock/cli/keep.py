"""Commands that keep: `export`, `import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interlock.cli.errors import reporting
from interlock.cli.options import DEFAULT_STORE, Apps, AsJson, Debug, RunId, StoreUrl


def export(
    run: RunId,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write here instead of printing."),
    ] = None,
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Print the history of a run as JSON lines.

    Every event is printed as it is stored; `import` reads them back.
    """
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import moving

        moving.export_run(store, run, output, as_json=as_json)


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
