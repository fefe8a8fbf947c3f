"""Commands that look: `runs`, `show`, `approvals`, `history`, `at`."""

from __future__ import annotations

from typing import Annotated

import typer

from interlock.cli.errors import reporting
from interlock.cli.options import (
    DEFAULT_STORE,
    Apps,
    AsJson,
    AtTime,
    AtVersion,
    Debug,
    RunId,
    Steps,
    StoreUrl,
    one_moment,
)


def runs(
    state: Annotated[str, typer.Option("--state", help="Only runs in this state.")] = "",
    machine: Annotated[str, typer.Option("--machine", help="Only runs of this machine.")] = "",
    status: Annotated[
        list[str] | None,
        typer.Option("--status", help="Only runs of this status; may be repeated."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="At most N runs.")
    ] = None,
    archived: Annotated[
        bool, typer.Option("--archived", help="Only runs that were moved to an archive.")
    ] = False,
    app: Apps = [],  # noqa: B006  typer copies it
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """List the runs: where each is, and what it waits for.

    With --app, those that follow another definition than the module's are marked.
    """
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import listing

        listing.list_runs(
            store, state, machine, status or [], limit, app, archived=archived, as_json=as_json
        )


def show(
    run: RunId,
    every: Annotated[
        bool, typer.Option("--all", help="Each of many calls in a row of its own.")
    ] = False,
    app: Apps = [],  # noqa: B006  typer copies it
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show a run: state, variables, waits, and every effect."""
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import showing

        showing.show_run(store, run, app, every=every, as_json=as_json)


def approvals(
    run: Annotated[str, typer.Option("--run", help="Only of this run.")] = "",
    name: Annotated[str, typer.Option("--name", help="Only those of this name.")] = "",
    approver: Annotated[
        str, typer.Option("--for", metavar="NAME", help="Only those that this person may decide.")
    ] = "",
    group: Annotated[
        str, typer.Option("--group", metavar="NAME", help="Only those that this group may decide.")
    ] = "",
    app: Apps = [],  # noqa: B006  typer copies it
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """List the approvals that wait for somebody."""
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import asked
        from interlock.cli.target import import_apps
        from interlock.engine.inbox import Wanted

        import_apps(app if approver or group else [])  # they may declare groups
        wanted = Wanted(run or None, name or None, approver or None, group or None)
        asked.list_approvals(store, wanted, as_json=as_json)


def history(
    run: RunId,
    state: Annotated[
        list[str] | None,
        typer.Option("--state", help="Only events in this state; may be repeated."),
    ] = None,
    actor: Annotated[
        list[str] | None,
        typer.Option("--actor", help="Only by this person, or kind of actor; may be repeated."),
    ] = None,
    step: Annotated[
        list[str] | None,
        typer.Option("--step", help="Only of this step, approval or child; may be repeated."),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option("--type", help="Only of this type, as StepFailed; may be repeated."),
    ] = None,
    branch: Annotated[
        list[str] | None,
        typer.Option("--branch", metavar="NAME", help="Only of this branch or item."),
    ] = None,
    after: Annotated[
        int, typer.Option("--after", metavar="N", min=0, help="Only events after this version.")
    ] = 0,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            metavar="N",
            min=0,
            help="At most N events, 0 for all; a table has 1000 without it, JSON all.",
            show_default=False,
        ),
    ] = None,
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """List every event of a run: when, who, and what."""
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import telling
        from interlock.projections import Chosen

        wanted = Chosen(state or (), actor or (), step or (), kind or (), branch or ())
        part = telling.Part(after, limit)
        telling.tell_history(store, run, wanted, part, as_json=as_json)


def at(
    run: RunId,
    version: AtVersion = None,
    time: AtTime = "",
    step: Steps = 0,
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show a run as it was: state, variables, source line."""
    one_moment(version, time)
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import at

        at.tell_moment(store, run, version, time, step, as_json=as_json)
