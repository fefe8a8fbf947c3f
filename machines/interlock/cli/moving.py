"""`export` and `import`: a run's history as a file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from interlock.cli.auditing import seals_of
from interlock.cli.errors import BadArgument, RunExists
from interlock.cli.files import text_of
from interlock.cli.render import Screen, print_document
from interlock.cli.stores import entry_of_run, may_be_made, reading, run_async
from interlock.cli.target import import_apps
from interlock.cli.text import many
from interlock.engine import UnknownMachine
from interlock.engine.after import after_timers
from interlock.engine.evidence import check_definitions, evidence
from interlock.engine.privacy import keys_of
from interlock.engine.programs import Programs, definition_of
from interlock.engine.unreadable import unreadable
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.projections import Evidence, RunState, entry_of, load_evidence
from interlock.projections.timers import timers_of
from interlock.store.backends.base import Backend
from interlock.store.cipher import cipher_of
from interlock.store.contract import Commit, Draft, Head, Store, Timer
from interlock.store.event import Event
from interlock.store.open import open_store
from interlock.store.prepared import prepare

_NAMED = 5
"""So many subjects are named whose values cannot be read; JSON names all."""


def export_run(
    store: str,
    run: str,
    output: Path | None,
    html: Path | None,
    seals: str,
    *,
    as_json: bool,
) -> None:
    """Print or write a run's evidence; what is printed is JSON lines anyhow."""
    kept = seals_of(seals)

    async def load() -> str:
        async with reading(store) as opened:
            await entry_of_run(opened, run)
            return await evidence(opened, run, kept)

    text = run_async(load())
    count = text.count('\n{"kind":"event"')
    written: list[Path] = []
    if html is not None:
        from interlock.cli.page import page

        _write(html, page(text))
        written.append(html)
    if output is not None:
        _write(output, text)
        written.append(output)
    if not written:
        sys.stdout.write(text)
        return
    names = [str(path) for path in written]
    if as_json:
        print_document({"run": run, "events": count, "file": names[-1], "files": names})
    else:
        Screen().line(f"{many(count, 'event')} of {run} written to {' and '.join(names)}")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        message = f"cannot write {path}: {error.strerror}"
        raise BadArgument(message) from error


def import_run(
    store: str, file: Path, apps: Sequence[str], *, unfinished: bool, as_json: bool
) -> None:
    """Take an exported run into a database.

    Raises:
        BadArgument: the file cannot be read, or its run has not ended and `unfinished` is false.
        BadExport, BrokenChain, UnknownEvent: it is no sound export.
        RunExists: the database has another run of this id.
    """
    cipher_of(None)  # an export of an encrypted database is encrypted
    found = load_evidence(text_of(file))
    check_definitions(found)
    history = found.history
    state = history.state()
    if state.ended is None and not unfinished:
        message = (
            f"run {state.run!r} is {state.status}: a worker would go on with it here too; "
            "give --unfinished when nothing goes on with it where it came from"
        )
        raise BadArgument(message)
    import_apps(apps)
    may_be_made(store)
    new, foreign = run_async(_take(store, found, state))
    if as_json:
        said = {"run": state.run, "events": len(history), "new": new, "store": store}
        print_document({**said, "unreadable": foreign})
        return
    where = "taken into" if new else "already in"
    Screen().line(f"{many(len(history), 'event')} of {state.run} {where} {store}")
    if foreign:
        whose = ", ".join(foreign[:_NAMED]) + (", …" if len(foreign) > _NAMED else "")
        print(
            f"personal values of {whose} cannot be read here: their keys are in the key store of "
            "the database that the run comes from, and they can be erased only there",
            file=sys.stderr,
        )


async def _take(url: str, found: Evidence, state: RunState) -> tuple[bool, list[str]]:
    """Append all events, unless they are there; and whose personal values cannot be read here."""
    store = open_store(url)
    try:
        new = await _append(store, url, found, state)
        return new, unreadable(found.history.events, keys_of(store))
    finally:
        await store.close()


async def _append(store: Store, url: str, found: Evidence, state: RunState) -> bool:
    """Append all events in one commit. False when the very same run is there already."""
    events = found.history.events
    head = await store.head(state.run)
    if head.version:
        if head.digest == events[-1].digest:
            return False
        message = f"{url} has a run {state.run!r} already, with {many(head.version, 'event')}"
        raise RunExists(message)
    commit = _commit(events, state, found.commands)
    cipher = store.cipher.id if isinstance(store, Backend) and store.cipher else ""
    if prepare(commit, events[-1].at, cipher).head.digest != events[-1].digest:
        message = (
            f"the events of {state.run!r} would not be stored here as they are in the export:"
            " they are of an older form, or encrypted with the key of another store"
        )
        raise BadArgument(message)
    for definition in found.definitions:
        await store.define(definition)
    await store.append(commit)
    program = Programs(()).find(state.machine, state.hash)
    if program is not None and program.machine.hash == state.hash:
        await store.define(definition_of(program.machine))
    return True


def _commit(events: Sequence[Event], state: RunState, taken: Sequence[tuple[str, int]]) -> Commit:
    """All events of a run in one commit: it is there as a whole, or not at all."""
    first = events[0]
    timers = timers_of(state) | lifecycle_timers(events, state)
    return Commit(
        head=Head(),
        entry=entry_of(state),
        drafts=[
            Draft(e.body, e.state, e.actor, e.cause, e.at, e.id, e.reason, e.correlation, e.hash)
            for e in events
        ],
        at=first.at,
        correlation=first.correlation,
        set_timers=[Timer(state.run, name, due) for name, due in timers.items()],
        taken=taken,
    )


def lifecycle_timers(events: Sequence[Event], state: RunState) -> dict[str, datetime]:
    """The `after` timers of a lifecycle that has not ended, from its program.

    Raises:
        UnknownMachine: its module is not imported.
    """
    if not state.lifecycle or state.ended is not None:
        return {}
    program = Programs(()).find(state.machine, state.hash)
    if not isinstance(program, LifecycleProgram):
        message = (
            f"lifecycle {state.machine!r} is not imported here, so its timers cannot be set; "
            "name its module with --app MODULE or INTERLOCK_APP"
        )
        raise UnknownMachine(message)
    return after_timers(program, events, state)
