"""Forgetting a subject: what the log holds of it is found, its key destroyed, every run told."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlock.engine.caller import Caller
from interlock.engine.commands import accept
from interlock.engine.errors import UnknownRun
from interlock.engine.session import Session
from interlock.projections import fold
from interlock.projections.personal import mentions, variables_of
from interlock.store import crash
from interlock.store.contract import Filter
from interlock.store.errors import Conflict, RunArchived
from interlock.store.event import Event
from interlock.store.forgetting import SubjectForgotten

if TYPE_CHECKING:
    from interlock.engine.core import Core

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Held:
    """What a run (or one of Interlock's own streams) holds of a subject.

    Attributes:
        run: its id.
        machine, status: as in the index.
        events: versions of the events that hold something, in order.
        variables: those that do now.
    """

    run: str
    machine: str
    status: str
    events: tuple[int, ...]
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was, or would be, erased.

    Attributes:
        subject: whose data it is.
        key: id of the key, "" for a subject that had none.
        before: the subject was forgotten earlier already.
        done: the key is destroyed; False of a dry run.
        held: where the log holds something, by run.
        told: runs in which a `SubjectForgotten` was recorded just now.
        archived: how many runs are in archives, which are not looked into; without the key what
            they hold cannot be read either.
    """

    subject: str
    key: str
    before: bool
    done: bool
    held: tuple[Held, ...]
    told: tuple[str, ...] = ()
    archived: int = 0


async def forget(engine: Core, subject: str, caller: Caller, *, dry_run: bool = False) -> Erasure:
    """See `Engine.forget`."""
    found, position = await _search(engine, subject, 0)
    known = await engine.privacy.load()
    before = subject in known.subjects
    key = engine.vault.keys.find(subject)
    name = "" if key is None else key.id
    archived = len(await engine.store.entries(Filter(archived=True)))
    if dry_run:
        held = await _described(engine, subject, found)
        return Erasure(subject, name, before, False, held, archived=archived)
    await _record(engine, subject, name, caller, len(found))
    crash.reached("privacy.recorded")
    engine.vault.keys.destroy(subject)
    crash.reached("privacy.destroyed")
    more, _ = await _search(engine, subject, position)  # recorded while the key was still there
    for run, versions in more.items():
        found[run].extend(versions)
    told = [run for run in found if await _tell(engine, run, subject, name, caller)]
    held = await _described(engine, subject, found)
    return Erasure(subject, name, before, True, held, tuple(told), archived)


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
        if _is_told(await engine.store.read(run), subject):
            return False

        def record(session: Session) -> None:
            nonlocal told
            session.emit(SubjectForgotten(subject, key))
            told = True

        await accept(engine, run, record, caller, "")
    except (RunArchived, UnknownRun):  # its values are as unreadable; it takes no event any more
        return False
    return told


def _is_told(events: list[Event], subject: str) -> bool:
    bodies = (event.body for event in events)
    return any(isinstance(b, SubjectForgotten) and b.subject == subject for b in bodies)
