"""Archiving: write a file, read it back, record it, and only then let the rows go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from interlock.store import crash
from interlock.store.archive.choosing import Choice, Unit
from interlock.store.archive.folder import alone, tidy
from interlock.store.archive.reading import Archive
from interlock.store.archive.writing import Writer, Written, is_needed
from interlock.store.clock import stopwatch
from interlock.store.contract import Commit, Draft, Entry, Head, Store
from interlock.store.envelope import decode
from interlock.store.errors import BadArchive, BrokenChain, Conflict
from interlock.store.event import Actor, Body
from interlock.store.forking import ForkMade
from interlock.store.retention import ARCHIVE, RunsArchived

ROWS = 500
"""Rows that leave the log in one transaction: others write between two of them."""


class Archived(msgspec.Struct, frozen=True):
    """One file that runs were moved to.

    Attributes:
        path: of the file.
        runs: their ids.
        events: how many they have.
        size: of the file, in bytes.
    """

    path: Path
    runs: list[str]
    events: int
    size: int


class Preview(msgspec.Struct, frozen=True):
    """What would be archived: the runs, and how many events they have."""

    runs: list[str]
    events: int


async def archive(
    store: Store, choice: Choice, folder: Path, *, actor: Actor, at: datetime
) -> AsyncIterator[Archived]:
    """Move trees of runs to files, one after the other; each file is told when it is done.

    Interrupted at any point it has lost nothing, and can be done again.

    Raises:
        BrokenChain: a run was altered or is damaged: its file is not recorded, its rows stay.
        BadArchive: a file does not read back as what was written.
        StoreBusy: somebody else is archiving to this folder.
        OSError: a file cannot be written.
    """
    await finish(store)
    if choice.units:
        with alone(folder):
            tidy(folder)
            async for one in _archive(store, choice, folder, actor, at):
                yield one


async def _archive(
    store: Store, choice: Choice, folder: Path, actor: Actor, at: datetime
) -> AsyncIterator[Archived]:
    left = choice.units
    while left:
        written, taken = await asyncio.to_thread(_write, store, folder, left, choice.unfinished)
        left = left[len(taken) :]
        if written is None:
            continue
        crash.reached("archive.written")
        moved_on = await _moved_on(store, written) or await _record(store, written, actor, at)
        if not moved_on:
            crash.reached("archive.recorded")
            runs = [one.run for one in written.runs]
            await _sweep(store, runs)
            yield Archived(written.path, runs, written.events, written.path.stat().st_size)
        else:  # once more, without the trees that were touched meanwhile
            left = [unit for unit in taken if not _has(unit, moved_on)] + left


async def preview(store: Store, choice: Choice) -> Preview:
    """What `archive` would move. Nothing is written, and nothing is moved."""
    return await asyncio.to_thread(_preview, store, choice)


def _preview(store: Store, choice: Choice) -> Preview:
    runs, events = list[str](), 0
    with store.inspect() as snapshot:
        for unit in choice.units:
            names = [entry.run for entry in unit.entries]
            rows = [row for run in names for row in snapshot.rows(run)]
            made = (decode(*row) for row in rows if row.topic == ForkMade.__name__)
            if not any(is_needed(event, choice.unfinished) for event in made):
                runs, events = runs + names, events + len(rows)
    return Preview(runs, events)


async def finish(store: Store) -> None:
    """Let the rows go that an interrupted archiving has left behind."""
    await _sweep(store, await store.unswept())


def _write(
    store: Store, folder: Path, units: Sequence[Unit], unfinished: frozenset[str]
) -> tuple[Written | None, list[Unit]]:
    """Write a file and read it back."""
    with store.inspect() as snapshot:
        writer = Writer(folder.resolve(), snapshot, unfinished)
        written = writer.write(units)
    if written is not None:
        read = [*Archive(written.path).runs(keep=False)]
        rows = {run.entry.run: run.row for run in read}
        if [run.moved for run in read] != written.runs or rows != written.rows:
            message = f"{written.path} does not read back as what was written: nothing was moved"
            raise BadArchive(message)
    return written, writer.taken


async def _moved_on(store: Store, written: Written) -> set[str]:
    """The runs that were appended to since they were written."""
    found: set[str] = set()
    for one in written.runs:
        head = await store.head(one.run)
        if head.version > one.version:
            found.add(one.run)
        elif (head.version, head.digest) != (one.version, one.digest):
            message = f"run {one.run!r} does not end as its row in the index says"
            raise BrokenChain(message)
    return found


def _has(unit: Unit, runs: Iterable[str]) -> bool:
    return not {entry.run for entry in unit.entries}.isdisjoint(runs)


async def _record(store: Store, written: Written, actor: Actor, at: datetime) -> set[str]:
    """Record that the runs are in the file, and mark them; or a run that was appended to."""
    file = str(written.path)
    body = RunsArchived(file, written.sha256, written.events, written.runs, written.rows)
    heads = {one.run: Head(one.version, one.digest) for one in written.runs}
    while True:
        commit = await commit_of(store, body, actor, at)
        try:
            await store.archive(commit, heads, file)
        except Conflict as conflict:
            if conflict.stream != ARCHIVE:
                return {conflict.stream}
        else:
            return set()


async def commit_of(store: Store, body: Body, actor: Actor, at: datetime) -> Commit:
    """A commit of one event to the stream of archives."""
    head, before = await store.head(ARCHIVE), await store.entry(ARCHIVE)
    at = at if head.at is None else max(at, head.at)
    started = at if before is None else before.started
    entry = Entry(ARCHIVE, "archive", "", "archive", "open", at, "", "", started)
    return Commit(head, entry, [Draft(body, "archive", actor)], at, ARCHIVE)


async def _sweep(store: Store, runs: Sequence[str]) -> None:
    """Let the rows of archived runs go, a few at a time, leaving others as much time as it takes.

    The oldest go first: what is left of a run is its end, and what is read is right or refused.
    """
    while True:
        began = stopwatch()
        if not await store.sweep(runs, limit=ROWS):
            return
        crash.reached("archive.swept")
        await asyncio.sleep(stopwatch() - began)
