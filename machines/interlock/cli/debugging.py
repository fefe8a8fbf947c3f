"""Commands of time travel: `diff`, `timeline`, `source`."""

from __future__ import annotations

from typing import Annotated

import typer

from interlock.cli.errors import reporting
from interlock.cli.options import (
    DEFAULT_STORE,
    AsJson,
    AtTime,
    AtVersion,
    Debug,
    RunId,
    Steps,
    StoreUrl,
    one_moment,
)


def timeline(
    run: RunId,
    every: Annotated[
        bool, typer.Option("--all", help="Each of many items in a row of its own.")
    ] = False,
    children: Annotated[
        bool, typer.Option("--children", help="Below each child what its run did.")
    ] = False,
    after: Annotated[
        int | None,
        typer.Option(
            "--after", metavar="N", min=0, help="Begin after this event; a long run's end is drawn."
        ),
    ] = None,
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Draw what ran when: calls, attempts, waits, children, undos."""
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import timeline as drawing

        drawing.draw_timeline(
            store, run, after, every=every, children=children, as_json=as_json
        )  # fmt: skip


def diff(
    run: RunId,
    first: Annotated[
        str,
        typer.Argument(
            metavar="FROM",
            help="A version (4), an instant ('10 minutes ago'), or the id of another run.",
            show_default=False,
        ),
    ],
    second: Annotated[
        str,
        typer.Argument(metavar="TO", help="A version or an instant; now by default."),
    ] = "",
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show what changed in a run, or what differs between two."""
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import differing

        differing.tell_difference(store, run, first, second, as_json=as_json)


def source(
    run: RunId,
    version: AtVersion = None,
    time: AtTime = "",
    step: Steps = 0,
    branch: Annotated[
        str, typer.Option("--branch", metavar="NAME", help="Where this branch or item stood.")
    ] = "",
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show the line of source where a run stood, and its values."""
    one_moment(version, time)
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import placing

        placing.tell_source(store, run, version, time, step, branch, as_json=as_json)
