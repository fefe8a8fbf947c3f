"""Commands that decide: `start`, `approve`, `reject`, `send`, `cancel`, `resolve`."""

from __future__ import annotations

from typing import Annotated

import typer

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


def approve(
    run: RunId,
    name: Approval,
    by: By = "",
    reason: Reason = "",
    correlation: Correlation = "",
    facts: Facts = "",
    app: Apps = [],  # noqa: B006  typer copies it
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Grant an approval that is pending."""
    with reporting(as_json=as_json, debug=debug), speaking(reason, correlation):
        from interlock.cli import deciding

        deciding.decide(
            store, app, run,
            lambda engine, entry: deciding.vote(
                engine, entry, name, granted=True, by=who(by), reason=reason, facts=facts
            ),
            as_json=as_json,
        )  # fmt: skip


def reject(
    run: RunId,
    name: Approval,
    by: By = "",
    reason: Reason = "",
    correlation: Correlation = "",
    facts: Facts = "",
    app: Apps = [],  # noqa: B006  typer copies it
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Say no to an approval that is pending."""
    with reporting(as_json=as_json, debug=debug), speaking(reason, correlation):
        from interlock.cli import deciding

        deciding.decide(
            store, app, run,
            lambda engine, entry: deciding.vote(
                engine, entry, name, granted=False, by=who(by), reason=reason, facts=facts
            ),
            as_json=as_json,
        )  # fmt: skip


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


def send(
    run: RunId,
    command: Annotated[
        str, typer.Argument(metavar="COMMAND", help="Name of its class.", show_default=False)
    ],
    fields: Annotated[str, typer.Argument(metavar="JSON", help="Its fields.")] = "{}",
    by: By = "",
    reason: Reason = "",
    correlation: Correlation = "",
    command_id: Annotated[
        str, typer.Option("--id", metavar="ID", help="The same id again is the same command.")
    ] = "",
    reply: Annotated[
        bool, typer.Option("--reply", help="Wait for the run's answer, and print it.")
    ] = False,
    timeout: Annotated[
        str, typer.Option("--timeout", metavar="TIME", help="How long to wait for the answer.")
    ] = "10s",
    app: Apps = [],  # noqa: B006  typer copies it
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Send a command to a run."""
    with reporting(as_json=as_json, debug=debug), speaking(reason, correlation):
        from interlock.cli import deciding
        from interlock.cli.typed import parse_wait

        limit = parse_wait(timeout, "--timeout") if reply else None
        sent = deciding.Sent(command, fields, command_id, limit)

        deciding.decide(
            store, app, run,
            lambda engine, entry: deciding.send(engine, entry, sent, who(by)),
            as_json=as_json,
        )  # fmt: skip


def cancel(
    run: RunId,
    by: By = "",
    reason: Reason = "",
    correlation: Correlation = "",
    app: Apps = [],  # noqa: B006  typer copies it
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Cancel a run: what it did is undone."""
    with reporting(as_json=as_json, debug=debug), speaking(reason, correlation):
        from interlock.cli import deciding

        deciding.decide(
            store, app, run,
            lambda engine, entry: deciding.cancel(engine, entry, who(by), reason),
            as_json=as_json,
        )  # fmt: skip


def resolve(
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
    by: By = "",
    reason: Reason = "",
    correlation: Correlation = "",
    app: Apps = [],  # noqa: B006  typer copies it
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Say whether a step that is in doubt happened."""
    if (happened is None) is not again:
        raise typer.BadParameter("say one of --happened, --did-not and --again")
    if result and not happened:
        raise typer.BadParameter("--result belongs to --happened")
    with reporting(as_json=as_json, debug=debug), speaking(reason, correlation):
        from interlock.cli import deciding

        deciding.decide(
            store, app, run,
            lambda engine, entry: deciding.resolve(
                engine, entry, step, happened, result, who(by), reason
            ),
            as_json=as_json,
        )  # fmt: skip
