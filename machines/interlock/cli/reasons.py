"""The command `why`: what a run waits for, and what a person would type next."""

from __future__ import annotations

from interlock.cli.errors import reporting
from interlock.cli.options import DEFAULT_STORE, Apps, AsJson, Debug, RunId, StoreUrl


def why(
    run: RunId,
    app: Apps = [],  # noqa: B006  typer copies it
    store: StoreUrl = DEFAULT_STORE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Tell what a run waits for, and what can be done about it.

    Needs neither its code nor a worker. With --app, its guards and groups are asked as well.
    """
    with reporting(as_json=as_json, debug=debug):
        from interlock.cli import answering

        answering.answer(store, run, app, as_json=as_json)
