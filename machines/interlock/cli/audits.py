"""Commands that audit: `verify`, `seal`, `prove`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from interlock.cli.errors import reporting
from interlock.cli.options import DEFAULT_STORE, AsJson, Debug, RunId, StoreUrl

Seals = Annotated[
    str,
    typer.Option(
        "--seal", metavar="FILE", envvar="INTERLOCK_SEAL",
        help="Where the seals are kept: a file or URL.", show_default=False,
    ),
]  # fmt: skip

Folder = Annotated[
    Path | None,
    typer.Option(
        "--from", metavar="FOLDER", help="Where archives are now, if they moved.",
    ),
]  # fmt: skip


def verify(
    run: Annotated[
        str, typer.Argument(metavar="[RUN]", help="Id of a run; the whole database without it.")
    ] = "",
    seals: Seals = "",
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", metavar="FILE", envvar="INTERLOCK_SEAL_KEY",
            help="Public key that all seals must be signed with.", show_default=False,
        ),
    ] = None,
    proof: Annotated[
        Path | None,
        typer.Option(
            "--proof", metavar="FILE", help="Check this proof instead; no database is needed."
        ),
    ] = None,
    folder: Folder = None,
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:  # fmt: skip
    """Check that nothing in a database was altered.

    Every event, its place and the chain that it is in; the index, timers and command ids against
    what follows from the events; definitions against their hash; the log against its seals.
    """
    if proof is not None and run:
        raise typer.BadParameter("a proof names its own run: leave RUN or --proof out")
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import auditing

        if key is not None and proof is None and not seals:
            print("no seals are given (--seal): no signature is checked", file=sys.stderr)
        if proof is not None:
            auditing.check(proof, seals, key, as_json=as_json)
        else:
            auditing.verify(store, run, seals, key, folder, as_json=as_json)


def seal(
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="FILE_OR_URL", envvar="INTERLOCK_SEAL",
            help="Where the seals are kept: in another place than the database.",
            show_default=False,
        ),
    ] = "",
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", metavar="FILE", envvar="INTERLOCK_SEAL_KEY",
            help="Private key to sign with.", show_default=False,
        ),
    ] = None,
    new_key: Annotated[
        Path | None,
        typer.Option("--new-key", metavar="FILE", help="Make a key, and FILE.pub beside it."),
    ] = None,
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:  # fmt: skip
    """Seal the log: what comes before cannot be altered unseen.

    Adds one line to the place that is named: a Merkle root over all events since the last seal.
    The log is held against the seals before it first. The database is only read.
    """
    if not to and new_key is None:
        raise typer.BadParameter("say where the seal is kept: --to FILE_OR_URL")
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import auditing

        if new_key is not None:
            auditing.make_key(new_key, as_json=as_json)
        else:
            auditing.seal(store, to, key, as_json=as_json)


def prove(
    run: RunId,
    version: Annotated[
        int, typer.Argument(metavar="VERSION", help="Of the event.", show_default=False)
    ],
    seals: Seals = "",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write here instead of printing."),
    ] = None,
    folder: Folder = None,
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Prove that one event stood in a log when it was sealed.

    The proof is a small document that can be checked without the database. An event of an
    archived run is read from its archive.
    """
    if not seals:
        raise typer.BadParameter("say where the seals are kept: --seal FILE_OR_URL")
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import auditing

        auditing.prove(store, run, version, seals, output, folder, as_json=as_json)
