"""Keeping a store small and safe: archives of finished runs, and backups."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from interlock.engine.errors import UnknownRun
from interlock.machines.duration import Duration, duration
from interlock.projections.forgetting import fold_forgetting
from interlock.projections.telling import told
from interlock.store.archive import (
    Archived,
    ArchivedRun,
    Restored,
    archivable,
    archive,
    preview,
    restore,
)
from interlock.store.clock import Clock
from interlock.store.contract import Commit, Store
from interlock.store.envelope import decode
from interlock.store.errors import BadArchive, Conflict
from interlock.store.event import Actor, Event
from interlock.store.forgetting import STREAM


class Archiving(msgspec.Struct, frozen=True):
    """What was archived, or would be.

    Attributes:
        files: that were written; none when it was only tried.
        runs: their ids.
        events: how many they have.
    """

    files: list[Archived]
    runs: list[str]
    events: int


async def archive_runs(
    store: Store, clock: Clock, older: Duration, to: Path, *, by: str, dry_run: bool
) -> Archiving:
    """Move the trees of runs that ended so long ago to files in a folder, which is made.

    Raises:
        BadDuration: `older` is none.
        BadArchive: the folder cannot be written, or a file does not read back.
        BrokenChain: a run was altered or is damaged: it stays where it is.
        StoreBusy: somebody else is archiving to this folder.
    """
    now = clock.now()
    choice = await archivable(store, now - duration(older))
    if dry_run:
        found = await preview(store, choice)
        return Archiving([], found.runs, found.events)
    files: list[Archived] = []
    try:
        if choice.units:
            await asyncio.to_thread(to.mkdir, parents=True, exist_ok=True)
        async for one in archive(store, choice, to, actor=Actor("user", by), at=now):
            files.append(one)  # noqa: PERF401  what was moved before an error is known
    except OSError as error:
        message = f"{to} cannot be written: {error.strerror}"
        raise BadArchive(message) from error
    return Archiving(files, [r for f in files for r in f.runs], sum(f.events for f in files))


async def restore_runs(
    store: Store, clock: Clock, what: str | Path, folder: Path | None, *, by: str
) -> Restored:
    """Bring back a run, with those that were archived together with it, or all of a file.

    Those that hold values of somebody who was forgotten meanwhile are told of it at once.

    Args:
        what: id of a run, or an archive.
        folder: where the archives are now, if they were moved since.

    Raises:
        UnknownRun: there is no such run, or it is not archived.
        BadArchive: the file is not there, was altered, or is not of this log.
    """
    actor, now = Actor("user", by), clock.now()

    async def tell(runs: Sequence[ArchivedRun]) -> list[Commit]:
        return await _told(store, [[decode(*row) for row in run.rows] for run in runs], now)

    path, run = (what, "") if isinstance(what, Path) else (await _file(store, what, folder), what)
    done = await restore(store, path, run, actor=actor, at=now, telling=tell)
    for one in done.runs:  # who was forgotten at this very moment
        for commit in await _told(store, [await store.read(one)], now):
            with suppress(Conflict):  # it was told by the one who had it forgotten
                await store.append(commit)
    return done


async def _told(store: Store, runs: Sequence[Sequence[Event]], at: datetime) -> list[Commit]:
    """What ended runs have to be told of those who were forgotten."""
    known = fold_forgetting(await store.read(STREAM))
    if not known.subjects:
        return []
    made = (told(events, known, at) for events in runs)
    return [one for one in made if one is not None]


async def _file(store: Store, run: str, folder: Path | None) -> Path:
    """The archive that a run is in."""
    entry = await store.entry(run)
    if entry is None or not entry.archive:
        said = "is not archived" if entry else "does not exist"
        message = f"run {run!r} {said} in {store.url}"
        raise UnknownRun(message)
    path = Path(entry.archive)
    return path if folder is None else folder / path.name
