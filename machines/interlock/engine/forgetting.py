"""Forgetting a subject: what the log holds of it is found, its key destroyed, every run told."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from interlock.engine.caller import Caller
from interlock.engine.commands import accept
from interlock.engine.errors import UnknownRun
from interlock.engine.forgetting_archives import Held, look_into
from interlock.engine.session import Session
from interlock.projections import fold
from interlock.projections.personal import mentions, variables_of
from interlock.projections.telling import is_told
from interlock.store import crash
from interlock.store.contract import Filter
from interlock.store.errors import Conflict, RunArchived
from interlock.store.forgetting import SubjectForgotten

if TYPE_CHECKING:
    from interlock.engine.core import Core

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was, or would be, erased.

    Attributes:
        subject: whose data it is.
        key: id of the key, "" for a subject that had none.
        before: the subject was forgotten earlier already.
        done: the key is destroyed; False of a dry run.
        held: where the log and its archives hold something, by run.
        told: runs in which a `SubjectForgotten` was recorded just now; an archived one is told
            when it is restored.
        archived: how many runs are in archives that could not be looked into; without the key
            what they hold cannot be read either.
        unread: of each of those archives, why not.
    """

    subject: str
    key: str
    before: bool
    done: bool
    held: tuple[Held, ...]
    told: tuple[str, ...] = ()
    archived: int = 0
    unread: tuple[str, ...] = ()


async def forget(
    engine: Core,
    subject: str,
    caller: Caller,
    *,
    dry_run: bool = False,
    folder: Path | None = None,
) -> Erasure:
    """See `Engine.forget`."""
    found, position = await _search(engine, subject, 0)
    known = await engine.privacy.load()
    before = subject in known.subjects
    key = engine.vault.keys.find(subject)
    name = "" if key is None else key.id
    away = await engine.store.entries(Filter(archived=True))
    looked = await asyncio.to_thread(look_into, away, subject, folder)
    told: list[str] = []
    if not dry_run:
        await _record(engine, subject, name, caller, len(found) + len(looked.held))
        crash.reached("privacy.recorded")
        engine.vault.keys.destroy(subject)
        crash.reached("privacy.destroyed")
        more, _ = await _search(engine, subject, position)  # recorded while the key was there
        for run, versions in more.items():
            found[run].extend(versions)
        # one that was archived when it was looked for may have come back since
        runs = dict.fromkeys([*found, *(one.run for one in looked.held)])
        told = [run for run in runs if await _tell(engine, run, subject, name, caller)]
    archived = {one.run: one for one in looked.held}
    here = {run: versions for run, versions in found.items() if run not in archived}
    held = (*await _described(engine, subject, here), *looked.held)
    return Erasure(
        subject, name, before, not dry_run, held, tuple(told), looked.missed, tuple(looked.wrong)
    )


async def _search(engine: Core, subject: str, after: int) -> tuple[dict[str, list[int]], int]:
    """The events of all streams that hold something, and the position up to which was looked."""
    found: dict[str, list[int]] = defaultdict(list)
    while True:
        page = await engine.store.log(after=after, limit=_PAGE)
        if not page:
            return found, after
        for event in page:
            if mentions(event, subject):
                found[event.stream].append(event.version)
        after = page[-1].position


async def _described(engine: Core, subject: str, found: dict[str, list[int]]) -> tuple[Held, ...]:
    held: list[Held] = []
    for run, versions in found.items():
        entry = await engine.store.entry(run)
        variables: list[str] = []
        if not run.startswith("$"):
            with suppress(RunArchived):
                variables = variables_of(fold(await engine.store.read(run)), subject)
        machine, status = ("", "") if entry is None else (entry.machine, entry.status)
        held.append(Held(run, machine, status, tuple(versions), tuple(variables)))
    return tuple(held)


async def _record(engine: Core, subject: str, key: str, caller: Caller, runs: int) -> None:
    """Say in the log that the subject is forgotten: from here on the key cannot come back."""
    if engine.vault.keys.identity():
        await engine.privacy.bind()
    while True:
        known = await engine.privacy.load()
        if subject in known.subjects:
            return
        body = SubjectForgotten(subject, key, runs)
        try:
            await engine.privacy.append(known, body, caller)
        except Conflict:
            continue
        return


async def _tell(engine: Core, run: str, subject: str, key: str, caller: Caller) -> bool:
    """Record in a run that a subject of its values is forgotten, unless its log says so."""
    if run.startswith("$"):
        return False
    told = False
    try:
        if is_told(await engine.store.read(run), subject):
            return False

        def record(session: Session) -> None:
            nonlocal told
            session.emit(SubjectForgotten(subject, key))
            told = True

        await accept(engine, run, record, caller, "")
    except (RunArchived, UnknownRun):  # its values are as unreadable; it takes no event any more
        return False
    return told
