"""What people decide about runs: recorded at once, driven on where this process may."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

from interlock.cli.render import Screen, Styled, print_document, status
from interlock.cli.stores import entry_of_run, module_of, must_hold_store, run_async
from interlock.cli.target import import_apps, import_module
from interlock.cli.text import instant
from interlock.cli.typed import command_of, result_of
from interlock.cli.view import entry_view
from interlock.engine import Engine
from interlock.engine.programs import Programs
from interlock.engine.resources import missing
from interlock.projections import fold
from interlock.store.contract import FINISHED, Entry

Act: TypeAlias = Callable[[Engine, Entry], Awaitable[None]]
"""Records one decision on a run."""


def decide(
    store: str, apps: Sequence[str], run: str, act: Act, said: str, *, as_json: bool
) -> None:
    """Record a decision, drive the run on if this process may, and print where it is then.

    Args:
        said: what was decided, for people.
    """
    must_hold_store(store)
    resources = import_apps(apps)
    entry, continued, hint = run_async(_decide(store, resources, run, act))
    if as_json:
        print_document({**entry_view(entry), "recorded": said, "continued": continued})
        return
    screen = Screen()
    screen.line(Styled(said, "bold"))
    stands = entry.waits and entry.status != "running"
    waits = [f"for {entry.waits} {entry.waits_for}".rstrip()] if stands else []
    place = [] if entry.state == entry.status else [f"at {entry.state},"]
    screen.line(f"{run} is", *place, status(entry.status), *waits)
    if hint:
        screen.line(Styled(hint, "dim"))


async def _decide(
    url: str, resources: Mapping[Any, Any], run: str, act: Act
) -> tuple[Entry, bool, str]:
    lacking = "; ".join(filter(None, (missing(p, resources) for p in Programs(()).served())))
    async with Engine(url, recover=False, worker=not lacking, resources=resources) as engine:
        entry = await entry_of_run(engine.store, run)
        module = await module_of(engine.store, entry.hash)
        if module == "interlock.demo" or module.startswith("interlock.demo."):
            import_module("interlock.demo")
        await act(engine, entry)
        serves = engine.programs.find(entry.machine, entry.hash) is not None
        if engine.driving and serves:
            await engine.settle()
        after = await entry_of_run(engine.store, run)
        hint = await _hint(engine, after, module, serves)
        if lacking and hint:
            hint = f"a worker goes on with it; this command does not: {lacking}"
        return after, engine.driving and serves, hint


async def _hint(engine: Engine, entry: Entry, module: str, serves: bool) -> str:
    """Who goes on with the run, when this process does not."""
    if entry.status in FINISHED:
        return ""
    if not engine.driving:
        return "the worker that has this database open goes on with it"
    if not serves:
        where = module or "MODULE"
        return (
            f"{entry.machine} is not imported here: `interlock work {where}` goes on with it "
            f"(or give --app {where})"
        )
    state = fold(await engine.store.read(entry.run))
    if state.cancel is not None and state.held:
        undone = ", ".join(undo.step for undo in state.stack)
        then = f", and then undoes {undone}" if undone else ""
        return f"the cancellation is recorded: it reaches the run when it can go on{then}"
    for activity in state.pending.values():
        if activity.status == "retrying" and activity.due is not None:
            again = instant(activity.due)
            return f"{activity.name} is tried again at {again}; `interlock work {module}` does it"
    return ""


async def send(
    engine: Engine, entry: Entry, command: str, fields: str, by: str, command_id: str
) -> None:
    """Send the command that a name and JSON describe."""
    made = command_of(engine, entry, command, fields)
    await engine.send(entry.run, made, by=by, command_id=command_id)


async def resolve(
    engine: Engine,
    entry: Entry,
    step: str,
    happened: bool | None,
    result: str,
    by: str,
    reason: str,
) -> None:
    """Record what a person found out about a step in doubt."""
    value = result_of(engine, entry, step, result) if result else None
    await engine.resolve(entry.run, step, happened=happened, result=value, by=by, reason=reason)
