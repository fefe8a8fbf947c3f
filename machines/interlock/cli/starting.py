"""`start`: one run, from the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from interlock.cli.deciding import After, Told, follow, opened, show
from interlock.cli.intake import Read, intake_of
from interlock.cli.notifying import notify_of
from interlock.cli.stores import may_be_made, run_async
from interlock.cli.target import import_apps, load_target
from interlock.machines.workflow import Workflow


def start(
    store: str, target: str, given: str, run: str, by: str, apps: Sequence[str], *, as_json: bool
) -> None:
    """Start a run, drive it on if this process may, and print where it is then.

    Args:
        target: the machine, as `MODULE:NAME`.
        given: its input as JSON, as a line of `interlock run` is read.
        run: its id, "" to have one made.

    Raises:
        BadArgument: the input does not fit.
    """
    may_be_made(store)
    kind = load_target(target)
    read = intake_of(kind, "").read(given.encode())
    modules = [target, *apps]
    resources, notify = import_apps(modules), notify_of(modules)

    async def begin(read: Read) -> After:
        _, args, kwargs = read
        async with opened(store, resources, notify) as (engine, lacking):
            known = bool(run) and await engine.store.entry(run) is not None
            machine = cast("Workflow[..., Any]", kind)
            handle = await engine.start(machine, *args, id=run or None, by=by, **kwargs)
            said = "was started before with this input" if known else f"started by {by}"
            return await follow(engine, handle.id, Told(f"{handle.id} {said}"), lacking)

    show(run_async(begin(read)), as_json=as_json)
