"""Commands about circuit breakers: `breakers`, `breaker`."""

from __future__ import annotations

from typing import Annotated

import typer

from interlock.cli.errors import reporting
from interlock.cli.options import (
    DEFAULT_STORE,
    AsJson,
    By,
    Correlation,
    Debug,
    Reason,
    StoreUrl,
    speaking,
    who,
)


def breakers(
    time: Annotated[
        str,
        typer.Option("--time", metavar="T", help="As they were at this instant; as for `at`."),
    ] = "",
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """List the circuit breakers that ever moved."""
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import circuits

        circuits.list_breakers(store, time, as_json=as_json)


def breaker(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of the breaker.", show_default=False)
    ],
    open_it: Annotated[
        bool, typer.Option("--open", help="Open it, until a person closes it.")
    ] = False,
    close_it: Annotated[bool, typer.Option("--close", help="Close it; counting anew.")] = False,
    by: By = "",
    reason: Reason = "",
    correlation: Correlation = "",
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show a circuit breaker; open or close it by hand."""
    if open_it and close_it:
        raise typer.BadParameter("give --open or --close, not both")
    with reporting(as_json=as_json, debug=debug), speaking(reason, correlation):
        from interlock.cli import circuits

        if open_it or close_it:
            circuits.force(store, name, who(by), reason, opened=open_it)
        circuits.show_breaker(store, name, as_json=as_json)
