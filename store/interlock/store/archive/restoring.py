"""Restoring: the rows of archived runs come back, at their old positions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import msgspec

from interlock.store import crash
from interlock.store.archive import moving
from interlock.store.archive.moving import commit_of
from interlock.store.archive.reading import Archive, ArchivedRun
from interlock.store.contract import Commit, Entry, Store
from interlock.store.errors import BadArchive, Conflict
from interlock.store.event import Actor
from interlock.store.retention import ARCHIVE, RunsRestored


class Restored(msgspec.Struct, frozen=True):
    """What came back.

    Attributes:
        path: of the file.
        runs: their ids.
        events: how many they have.
    """

    path: Path
    runs: list[str]
    events: int


Telling: TypeAlias = Callable[[Sequence[ArchivedRun]], Awaitable[Sequence[Commit]]]
"""What runs that come back are told in the same commit: what happened while they were away."""


async def _nothing(runs: Sequence[ArchivedRun]) -> Sequence[Commit]:
    return ()


async def restore(
    store: Store,
    path: Path,
    run: str = "",
    *,
    actor: Actor,
    at: datetime,
    telling: Telling = _nothing,
) -> Restored:
    """Bring back a run, with those that were archived together with it, or all of a file.

    What is not archived any more is left as it is; so is, when all of a file is to come back, a run
    that was told something since and archived again elsewhere. Interrupted at any point it can be
    repeated. All that comes back is in memory meanwhile: the events of a run with its children, or
    of a file, which has some 20,000 of them, unless one such run has more.

    Args:
        telling: is asked what they are to be told.

    Raises:
        BadArchive: the file was altered, or is not of this log, or not the one of these runs.
        BrokenChain, UnknownEvent: an event in it was altered, or is of a newer program.
    """
    archive, found = await asyncio.to_thread(_read, path, run)
    with store.inspect() as snapshot:
        if archive.log != snapshot.log:
            message = f"{path} was archived from another database: use `interlock import` there"
            raise BadArchive(message)
    wanted: list[ArchivedRun] = []
    for one in found:
        entry = await store.entry(one.entry.run)
        if entry is not None and not run and await _went_on(store, one, entry, path):
            continue
        if entry is None or (entry.archive and await _differs(store, one)):
            message = f"{path} does not hold what was archived of run {one.entry.run!r}"
            raise BadArchive(message)
        if entry.archive:
            wanted.append(one)
    for one in wanted:
        await _put_back(store, one)
    names = [one.entry.run for one in wanted]
    if names:
        crash.reached("archive.put_back")
        body = RunsRestored(str(archive.path), names)
        await _record(store, body, lambda: telling(wanted), actor, at)
    return Restored(archive.path, names, sum(one.count for one in wanted))


def _read(path: Path, run: str) -> tuple[Archive, list[ArchivedRun]]:
    archive = Archive(path.resolve())
    return archive, archive.tree(run) if run else [*archive.runs()]


async def _went_on(store: Store, run: ArchivedRun, entry: Entry, path: Path) -> bool:
    """Whether what a file holds of a run is older than what is in another one."""
    elsewhere = bool(entry.archive) and Path(entry.archive).name != path.name
    return elsewhere and (await store.head(entry.run)).version > run.moved.version


async def _differs(store: Store, run: ArchivedRun) -> bool:
    head, moved = await store.head(run.entry.run), run.moved
    return (head.version, head.digest) != (moved.version, moved.digest)


async def _put_back(store: Store, run: ArchivedRun) -> None:
    """The newest rows first: what is there of a run is its end, as while they went."""
    size = moving.ROWS
    for end in range(len(run.rows), 0, -size):
        await store.put_back(run.rows[max(0, end - size) : end])
        await asyncio.sleep(0)


async def _record(
    store: Store,
    body: RunsRestored,
    telling: Callable[[], Awaitable[Sequence[Commit]]],
    actor: Actor,
    at: datetime,
) -> None:
    while True:
        told = await telling()
        commit = await commit_of(store, body, actor, at)
        try:
            await store.unarchive(commit, body.runs, told)
        except Conflict as conflict:
            if conflict.stream != ARCHIVE:
                raise
        else:
            return
