"""Commands of those who decide on behalf of others, or on what went wrong: `delegate`, `undo`."""

from __future__ import annotations

from typing import Annotated

import typer

from interlock.cli.common import Common, deciding
from interlock.cli.decide import Approval
from interlock.cli.errors import reporting
from interlock.cli.options import (
    DEFAULT_STORE,
    Apps,
    AsJson,
    By,
    Correlation,
    Debug,
    RunId,
    StoreUrl,
    speaking,
    who,
)


@deciding
def delegate(
    common: Common,
    run: RunId,
    name: Approval,
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="Who decides instead.")],
) -> None:
    """Hand the right to decide on an approval over."""
    with common.telling():
        from interlock.cli import deciding as made

        common.decide(
            run,
            lambda engine, entry: made.delegate(engine, entry, name, to, common.who, common.reason),
        )


def undo(
    run: RunId,
    step: Annotated[
        str, typer.Argument(metavar="STEP", help="The step to be undone.", show_default=False)
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, in your words.")],
    retry: Annotated[bool, typer.Option("--retry", help="Call the undo again.")] = False,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="It was undone by other means.")
    ] = False,
    skip: Annotated[bool, typer.Option("--skip", help="It stays as it is.")] = False,
    by: By = "",
    correlation: Correlation = "",
    app: Apps = [],  # noqa: B006  typer copies it
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Say what becomes of a step whose undo failed."""
    if retry + resolved + skip != 1:
        raise typer.BadParameter("say one of --retry, --resolved and --skip")
    with reporting(as_json=as_json, debug=debug), speaking(reason, correlation):
        from interlock.cli import deciding as made
        from interlock.engine.undo_answers import UndoAnswer

        answer: UndoAnswer = "retry" if retry else "resolve" if resolved else "skip"
        made.decide(
            store, app, run,
            lambda engine, entry: made.answer_undo(
                engine, entry, step, answer, who(by), reason
            ),
            as_json=as_json,
        )  # fmt: skip
