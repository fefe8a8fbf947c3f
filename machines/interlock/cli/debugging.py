"""Commands of time travel: `diff`, `timeline`, `source`."""

from __future__ import annotations

from typing import Annotated

import typer

from interlock.cli.errors import reporting
from interlock.cli.options import DEFAULT_STORE, AsJson, Debug, RunId, StoreUrl


def timeline(
    run: RunId,
    every: Annotated[
        bool, typer.Option("--all", help="Each of many items in a row of its own.")
    ] = False,
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Draw what ran when: calls, attempts, waits, children, undos."""
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import timeline as drawing

        drawing.draw_timeline(store, run, every=every, as_json=as_json)
