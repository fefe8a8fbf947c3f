"""Commands that decide: `start`, `approve`, `reject`, `send`, `cancel`, `resolve`."""

from __future__ import annotations

from typing import Annotated

import typer

from interlock.cli.common import Common, deciding
from interlock.cli.errors import reporting
from interlock.cli.options import (
    DEFAULT_STORE,
    Apps,
    AsJson,
    By,
    Correlation,
    Debug,
    Reason,
    RunId,
    StoreUrl,
    Target,
    speaking,
    who,
)

Approval = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="Name of the approval, as `interlock approvals` lists it.",
        show_default=False,
    ),
]
Facts = Annotated[
    str,
    typer.Option(
        "--facts", metavar="DIGEST", help="Of the facts that were seen; others are refused."
    ),
]


@deciding
def approve(
    common: Common,
    run: RunId,
    name: Approval,
    facts: Facts = "",
) -> None:
    """Grant an approval that is pending."""
    with common.telling():
        from interlock.cli import deciding as made

        common.decide(
            run,
            lambda engine, entry: made.vote(
                engine, entry, name, granted=True, by=common.who, reason=common.reason, facts=facts
            ),
        )


@deciding
def reject(
    common: Common,
    run: RunId,
    name: Approval,
    facts: Facts = "",
) -> None:
    """Say no to an approval that is pending."""
    with common.telling():
        from interlock.cli import deciding as made

        common.decide(
            run,
            lambda engine, entry: made.vote(
                engine, entry, name, granted=False, by=common.who, reason=common.reason, facts=facts
            ),
        )


def start(
    target: Target,
    given: Annotated[
        str,
        typer.Argument(
            metavar="JSON", help="Its input: the one parameter, or an object with a field each."
        ),
    ] = "{}",
    run: Annotated[
        str, typer.Option("--id", metavar="ID", help="Of the run; generated without it.")
    ] = "",
    by: By = "",
    reason: Reason = "",
    correlation: Correlation = "",
    app: Apps = [],  # noqa: B006  typer copies it
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Start one run.

    The same id with the same input again is the same run.
    """
    with reporting(as_json=as_json, debug=debug), speaking(reason, correlation):
        from interlock.cli import starting

        starting.start(store, target, given, run, who(by), app, as_json=as_json)


@deciding
def send(
    common: Common,
    run: RunId,
    command: Annotated[
        str, typer.Argument(metavar="COMMAND", help="Name of its class.", show_default=False)
    ],
    fields: Annotated[str, typer.Argument(metavar="JSON", help="Its fields.")] = "{}",
    command_id: Annotated[
        str, typer.Option("--id", metavar="ID", help="The same id again is the same command.")
    ] = "",
    reply: Annotated[
        bool, typer.Option("--reply", help="Wait for the run's answer, and print it.")
    ] = False,
    timeout: Annotated[
        str, typer.Option("--timeout", metavar="TIME", help="How long to wait for the answer.")
    ] = "10s",
) -> None:
    """Send a command to a run."""
    with common.telling():
        from interlock.cli import deciding as made
        from interlock.cli.typed import parse_wait

        limit = parse_wait(timeout, "--timeout") if reply else None
        sent = made.Sent(command, fields, command_id, limit)
        common.decide(run, lambda engine, entry: made.send(engine, entry, sent, common.who))


@deciding
def cancel(
    common: Common,
    run: RunId,
    without_undo: Annotated[
        bool,
        typer.Option(
            "--without-undo", help="Give up a run that is held: what it did is not undone."
        ),
    ] = False,
) -> None:
    """Cancel a run: what it did is undone."""
    with common.telling():
        from interlock.cli import deciding as made

        common.decide(
            run,
            lambda engine, entry: made.cancel(
                engine, entry, common.who, common.reason, undo=not without_undo
            ),
        )


@deciding
def resolve(
    common: Common,
    run: RunId,
    step: Annotated[
        str, typer.Argument(metavar="STEP", help="The step in doubt.", show_default=False)
    ],
    happened: Annotated[
        bool | None,
        typer.Option("--happened/--did-not", help="Whether the call was made.", show_default=False),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Nobody knows: call it again, under the same key.")
    ] = False,
    result: Annotated[
        str, typer.Option("--result", metavar="JSON", help="What the call returned.")
    ] = "",
) -> None:
    """Say whether a step that is in doubt happened."""
    if (happened is None) is not again:
        raise typer.BadParameter("say one of --happened, --did-not and --again")
    if result and not happened:
        raise typer.BadParameter("--result belongs to --happened")
    with common.telling():
        from interlock.cli import deciding as made

        common.decide(
            run,
            lambda engine, entry: made.resolve(
                engine, entry, step, happened, result, common.who, common.reason
            ),
        )
