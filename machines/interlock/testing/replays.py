"""Recorded histories in tests: does the code still do what production saw it do?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from interlock.engine.replaying import Replayed, Spoken, replay
from interlock.projections import History, load_history
from interlock.store.contract import Definition, Filter, Store
from interlock.store.open import open_store
from interlock.testing.errors import HarnessError


def assert_replays(
    source: History | Path | str, against: object, *, definitions: Iterable[Definition] = ()
) -> Replayed:
    """Code has to do what a run recorded; nothing is called, nothing is stored.

    Args:
        source: a history, the file of an export (`interlock export RUN`), or its text.
        against: a workflow, or a lifecycle's class.
        definitions: those that the run followed, for the lines of its old source.

    Returns:
        The verdict: `same`, or `past` when the code goes on where the record ends.

    Raises:
        AssertionError: the code does something else; with both sides, and where.
        BadExport, BrokenChain, UnknownEvent: the export is damaged, or of a newer Interlock.
    """
    __tracebackhide__ = True
    if not isinstance(source, History):
        text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
        source = load_history(text)
    found = replay(source, against, definitions=definitions)
    if found.diverged:
        raise AssertionError(_said(found))
    return found


async def assert_store_replays(
    store: str | Store,
    against: object,
    *,
    run: str = "",
    machine: str = "",
    since: datetime | None = None,
) -> list[Replayed]:
    """Code has to do what the runs of a store recorded: all of its machine, or one.

    Args:
        store: URL, which is only read, or an open store.
        against: a workflow, or a lifecycle's class.
        run: id of the only one.
        machine: name of the runs' machine, where it is not that of `against`.
        since: an aware instant: only runs that came to their state after it.

    Raises:
        AssertionError: a run was done otherwise; tells of all of them.
        HarnessError: there is no such run, so nothing was compared.
    """
    __tracebackhide__ = True
    opened = open_store(store, readonly=True) if isinstance(store, str) else store
    try:
        name = machine or _name(against)
        ids = (run,) if run else ()
        entries = await opened.entries(Filter(machine=None if run else name, ids=ids))
        runs = [entry.run for entry in entries if since is None or entry.since >= since]
        found = [await _replayed(opened, one, against) for one in runs]
    finally:
        if isinstance(store, str):
            await opened.close()
    if not found:
        which = f"is no run {run!r}" if run else f"are no runs of {name!r}"
        message = f"there {which} in {opened.url} to compare with"
        raise HarnessError(message)
    wrong = [_said(one) for one in found if one.diverged]
    if wrong:
        message = f"{len(wrong)} of {len(found)} runs:\n" + "\n".join(wrong)
        raise AssertionError(message)
    return found


async def _replayed(store: Store, run: str, against: object) -> Replayed:
    history = History(await store.read(run))
    known = [await store.definition(one) for one in {event.hash for event in history.events}]
    return replay(history, against, definitions=[one for one in known if one is not None])


def _name(against: object) -> str:
    from interlock.engine.programs import program_of

    return program_of(against).machine.name


def _said(found: Replayed) -> str:
    lines = [f"run {found.run!r} diverged at version {found.version}"]
    lines += _side("recorded", found.recorded, "the run had nothing more to do")
    lines += _side("now", found.new, "nothing")
    return "\n".join(lines)


def _side(label: str, spoken: Spoken | None, nothing: str) -> list[str]:
    if spoken is None:
        return [f"  {label}: {nothing}"]
    given = "" if spoken.given in (None, []) else f" {msgspec.json.encode(spoken.given).decode()}"
    lines = [f"  {label}: {spoken.did}{given}, at {spoken.state}"]
    if spoken.line:
        lines.append(f"    {spoken.file}:{spoken.line}: {spoken.text}")
    return lines
