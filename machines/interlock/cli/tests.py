"""Commands about tests: `test`, `coverage`, `simulate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interlock.cli.errors import reporting
from interlock.cli.options import DEFAULT_STORE, Apps, AsJson, Debug, RunId, StoreUrl, Target


def make_test(
    run: RunId,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE",
            help="Write here; test_RUN.py by default. - prints it.", show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file.")] = False,
    replay: Annotated[
        bool,
        typer.Option("--replay", help="Replay the history, written beside it; script nothing."),
    ] = False,
    app: Apps = [],  # noqa: B006  typer copies it
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:  # fmt: skip
    """Turn a run into a test of what the code does now."""
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import regressing

        regressing.write_test(store, app, run, output, force=force, replay=replay, as_json=as_json)


def coverage(
    target: Annotated[
        str,
        typer.Argument(
            metavar="[MODULE:NAME]", help="A machine; all of the modules by default.",
            show_default=False,
        ),
    ] = "",
    since: Annotated[
        str,
        typer.Option("--since", metavar="DURATION", help='Only the last of it: "90 days".'),
    ] = "",
    tests: Annotated[
        Path | None,
        typer.Option(
            "--tests", metavar="FILE", help="What tests did: of pytest --machine-coverage-json."
        ),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option("--picture", metavar="FOLDER", help="Draw each: NAME.mmd and NAME.dot."),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--from", metavar="FOLDER", help="Where archives are now, if they moved."),
    ] = None,
    app: Apps = [],  # noqa: B006  typer copies it
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:  # fmt: skip
    """Tell which transitions ran in production, how often.

    Archived runs are read from their files.
    """
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import covering

        asked = covering.Asked(target, since, tests, picture, folder)
        covering.show(store, app, asked, as_json=as_json)


def simulate(
    target: Target,
    seeds: Annotated[
        int, typer.Option("--seeds", metavar="N", min=1, help="How many simulations.")
    ] = 100,
    seed: Annotated[
        int | None,
        typer.Option("--seed", metavar="SEED", help="This one alone.", show_default=False),
    ] = None,
    own: Annotated[bool, typer.Option("--own", help="Call the steps themselves.")] = False,
    no_faults: Annotated[bool, typer.Option("--no-faults", help="Nothing goes wrong.")] = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Run a machine while all goes wrong that may.

    Several engines share a store, in virtual time: requests are lost, processes die, clocks jump.
    No step is called, unless --own says so. Ends with code 1 when something did not hold.
    """
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import simulating

        wanted = range(seeds) if seed is None else [seed]
        held = simulating.simulate(target, wanted, own=own, faults=not no_faults, as_json=as_json)
    if not held:
        raise typer.Exit(1)
