"""Commands that try things out: `fork`, `discard`, `answer` and `replay`."""

from __future__ import annotations

from typing import Annotated

import typer

from interlock.cli.errors import reporting
from interlock.cli.options import (
    DEFAULT_STORE,
    Apps,
    AsJson,
    By,
    Debug,
    Reason,
    RunId,
    StoreUrl,
    who,
)


def fork(
    run: RunId,
    at: Annotated[
        str,
        typer.Option(
            "--at",
            metavar="N|TIME",
            help="A version, or an instant: '2026-11-21 09:21:03', '10 minutes ago'; its last "
            "event by default.",
        ),
    ] = "",
    values: Annotated[
        list[str],
        typer.Option(
            "--set", metavar="PATH=VALUE", help="Change a variable: order.total=900. Repeatable."
        ),
    ] = [],  # noqa: B006  typer copies it
    effects: Annotated[
        str,
        typer.Option(
            "--effects",
            metavar="HOW",
            help="What becomes of its calls: recorded (nothing is called), ask, or live.",
        ),
    ] = "recorded",
    name: Annotated[
        str, typer.Option("--id", metavar="NAME", help="Id of the new run; made up by default.")
    ] = "",
    by: By = "",
    app: Apps = [],  # noqa: B006  typer copies it
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Make a new run from an instant of another one."""
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import forks

        asked = forks.Asked(run, at, values, effects, name, who(by))
        forks.fork_run(store, app, asked, as_json=as_json)


def answer(
    run: RunId,
    step: Annotated[
        str, typer.Argument(metavar="STEP", help="The call asked about.", show_default=False)
    ],
    recorded: Annotated[
        bool, typer.Option("--recorded", help="It has the outcome that the parent recorded.")
    ] = False,
    result: Annotated[str, typer.Option("--result", metavar="JSON", help="It returns this.")] = "",
    error: Annotated[str, typer.Option("--error", metavar="TEXT", help="It raises this.")] = "",
    live: Annotated[bool, typer.Option("--live", help="It is really made.")] = False,
    by: By = "",
    reason: Reason = "",
    app: Apps = [],  # noqa: B006  typer copies it
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Say what becomes of a call that a fork asks about."""
    if recorded + live + bool(result) + bool(error) != 1:
        raise typer.BadParameter("say one of --recorded, --result, --error and --live")
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import deciding, forks

        said = forks.Said(step, recorded, live, result, error, who(by), reason)
        deciding.decide(
            store, app, run, lambda engine, entry: forks.answer(engine, entry, said),
            as_json=as_json,
        )  # fmt: skip


def discard(
    run: RunId,
    by: By = "",
    reason: Reason = "",
    app: Apps = [],  # noqa: B006  typer copies it
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Give up a fork: it ends, and nothing is undone."""
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import deciding, forks

        deciding.decide(
            store, app, run,
            lambda engine, entry: forks.discard(engine, entry, who(by), reason),
            as_json=as_json,
        )  # fmt: skip


def replay(
    run: Annotated[
        str, typer.Argument(metavar="[RUN]", help="Id of the run.", show_default=False)
    ] = "",
    against: Annotated[
        str,
        typer.Option("--against", metavar="MODULE:NAME", help="The new code.", show_default=False),
    ] = "",
    every: Annotated[bool, typer.Option("--all", help="Every run of the machine.")] = False,
    machine: Annotated[
        str,
        typer.Option(
            "--machine",
            metavar="NAME",
            help="Runs of this machine; that of --against by default.",
        ),
    ] = "",
    app: Apps = [],  # noqa: B006  typer copies it
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Run new code over what a run recorded: where does it differ?"""
    if bool(run) is every:
        raise typer.BadParameter("name a run, or say --all")
    if not against:
        raise typer.BadParameter("say --against MODULE:NAME")
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import replaying

        replaying.replay_runs(store, app, run, against, machine, as_json=as_json)
