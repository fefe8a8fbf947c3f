"""`test`: a run becomes a file that pytest runs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from interlock.cli.errors import BadArgument
from interlock.cli.render import Screen, Styled, print_document
from interlock.cli.stores import events_of_run, reading, run_async
from interlock.cli.target import import_apps
from interlock.engine.errors import UnknownMachine
from interlock.machines import registry
from interlock.projections import History
from interlock.store.contract import Store
from interlock.store.joining import ChildStarted
from interlock.testing.regression import Regression, regression


def write_test(
    store: str,
    apps: Sequence[str],
    run: str,
    output: Path | None,
    *,
    force: bool,
    replay: bool,
    as_json: bool,
) -> None:
    """Write the test of a run, and what it needs beside it.

    Raises:
        BadArgument: a file is there, or cannot be written.
        UnknownRun: there is no such run.
        UnknownMachine: its machine, or that of a child, was not imported.
        PersonalInside, NoRegression: no test can be made of it.
    """
    import_apps(apps)
    printed = str(output) == "-"
    file = _name(run) if output is None or printed else output
    beside = file.with_suffix(".jsonl")
    if not printed:
        _free(file, force=force)
    made = run_async(_made(store, run, beside.name, replayed=replay))
    if printed:
        if made.history:
            message = f"it needs a second file: {made.why}; name a file with --output"
            raise BadArgument(message)
        typer.echo(made.text, nl=False)
        return
    if made.history:
        _free(beside, force=force)
        _write(beside, made.history)
    _write(file, made.text)
    written = [str(file), *([str(beside)] if made.history else [])]
    if as_json:
        print_document({"run": run, "files": written, "replays": made.why})
        return
    screen = Screen()
    screen.line("written:", Styled(" and ".join(written), "bold"))
    if made.why:
        screen.line("it replays the history, for the run could not be made anew:", made.why)
    screen.line(f"it passes now; run it with: pytest {file}")


async def _made(url: str, run: str, beside: str, *, replayed: bool) -> Regression:
    async with reading(url) as store:
        histories = await _histories(store, run)
    kinds = {name: _kind(name) for name in {h.events[0].machine for h in histories}}
    return await regression(histories, kinds, beside=beside, replayed=replayed)


async def _histories(store: Store, run: str) -> list[History]:
    """Of a run, and of the children that it started, and theirs."""
    found = [History(await events_of_run(store, run))]
    for event in found[0].events:
        if isinstance(event.body, ChildStarted) and await store.entry(event.body.child):
            found += await _histories(store, event.body.child)
    return found


def _kind(machine: str) -> Any:
    found = registry.candidates(machine)
    if len(found) == 1:
        return found[0]
    if not found:
        message = f"machine {machine!r} is not imported here; name its module: --app MODULE"
        raise UnknownMachine(message)
    registry.find(machine)  # says which ones
    return found[-1]


def _name(run: str) -> Path:
    return Path(f"test_{re.sub(r'[^A-Za-z0-9_]+', '_', run).strip('_').lower() or 'run'}.py")


def _free(file: Path, *, force: bool) -> None:
    if file.exists() and not force:
        message = f"{file} is there already; name another with --output, or say --force"
        raise BadArgument(message)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        message = f"cannot write {file}: {error.strerror}"
        raise BadArgument(message) from error
