"""Commands for authors: `graph`, `check`, `run`, `work`, `demo`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from interlock.cli.errors import reporting
from interlock.cli.options import DEFAULT_STORE, Apps, AsJson, Debug, StoreUrl, Target


class Format(StrEnum):
    """The languages of diagrams and of descriptions."""

    MERMAID = "mermaid"
    DOT = "dot"
    SVG = "svg"
    SCXML = "scxml"
    JSON = "json"


def graph(
    target: Annotated[
        str,
        typer.Argument(
            metavar="[MODULE:NAME]",
            help="A workflow or lifecycle, or a .scxml or .json file; "
            "with --run alone, the definition in the database.",
        ),
    ] = "",
    format_: Annotated[
        Format,
        typer.Option("--format", help="Of the diagram, or of a description of the machine."),
    ] = Format.MERMAID,
    run: Annotated[
        str, typer.Option("--run", metavar="RUN", help="Mark where this run is and was.")
    ] = "",
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Draw a machine."""
    if not target and not run:
        raise typer.BadParameter("name a machine as MODULE:NAME, or a run with --run")
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import drawing

        drawing.draw(store, target, format_.value, run, as_json=as_json)


def check(
    target: Target,
    lock: Annotated[
        Path, typer.Option("--lock", metavar="FILE", help="What was released: see lock.")
    ] = Path("interlock.lock"),
    prove: Annotated[
        bool,
        typer.Option(
            "--prove", help="Look at every place that a lifecycle can come to, and give verdicts."
        ),
    ] = False,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, help="Places to look at, at most.")
    ] = 20_000,
    tests: Annotated[
        Path | None,
        typer.Option("--pytest", metavar="FILE", help="Prove; a test of each counter-example."),
    ] = None,
    app: Apps = [],  # noqa: B006  typer copies it
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Warnings count as errors; commands without a word, too."),
    ] = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Check a machine: states, transitions, errors, problems.

    Where interlock.lock names it, a state or a variable that runs may be in or hold must not be
    gone without a migration. Ends with code 1 when there are errors.
    """
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import checking

        sound = checking.check(
            target,
            lock,
            app,
            prove=prove,
            limit=limit,
            tests=tests,
            strict=strict,
            as_json=as_json,
        )
    if not sound:
        raise typer.Exit(1)


def run(
    target: Target,
    source: Annotated[
        Path,
        typer.Option(
            "--input",
            metavar="FILE",
            help="JSON lines, a run each; - reads the input.",
            show_default=False,
        ),
    ],
    id_field: Annotated[
        str,
        typer.Option(
            "--id-field", metavar="NAME", help="Field with the run's id; generated without it."
        ),
    ] = "",
    in_flight: Annotated[
        int, typer.Option("--in-flight", metavar="N", min=1, help="Runs moved at the same time.")
    ] = 64,
    wait: Annotated[
        str,
        typer.Option(
            "--wait", metavar="TIME", help="Wait for sleeps and timeouts that end within it."
        ),
    ] = "10s",
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Start a run for every line of a file, and drive them.

    A workflow with one parameter gets the whole line; one with several gets the field of each
    parameter's name. Lines that do not fit are reported by number and stop no other. Ends with
    code 1 when a line was refused, or when a run failed without being compensated.
    """  # fmt: skip
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import batch
        from interlock.cli.typed import parse_wait

        clean = batch.run_file(
            store, target, source, id_field, in_flight, parse_wait(wait), as_json=as_json
        )
    if not clean:
        raise typer.Exit(1)


def work(
    modules: Annotated[
        list[str] | None,
        typer.Argument(metavar="[MODULE]...", help="Modules that define the machines."),
    ] = None,
    app: Apps = [],  # noqa: B006  typer copies it
    until_idle: Annotated[
        bool,
        typer.Option("--until-idle", help="End when nothing is left but to wait."),
    ] = False,
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Drive the runs of a database until interrupted."""
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import working

        working.work(store, [*(modules or ()), *app], until_idle=until_idle, as_json=as_json)


def demo(
    kill: Annotated[
        bool, typer.Option("--kill", help="Kill the worker at random moments; prove the result.")
    ] = False,
    scale: Annotated[
        int, typer.Option("--scale", metavar="N", min=1, help="The same orders N times over.")
    ] = 1,
    orders: Annotated[
        Path | None,
        typer.Option("--orders", metavar="PATH", help="Lifecycles of the orders of an Olist CSV."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Of all that goes wrong.")
    ] = None,
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Run 99 real orders through a checkout.

    Leaves a database to look at, and a file beside it for the simulated payment provider.
    """
    if orders is not None and (kill or scale != 1):
        raise typer.BadParameter("--orders goes with neither --kill nor --scale")
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import demonstrating

        sound = demonstrating.demo(
            store, kill=kill, scale=scale, orders=orders, seed=seed, as_json=as_json
        )
    if not sound:
        raise typer.Exit(1)
