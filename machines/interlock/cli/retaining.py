"""`archive`, `restore` and `backup`: a database that stays small, and a copy of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from interlock.cli.files import must_be_folder
from interlock.cli.render import Column, Screen, Styled, print_document
from interlock.cli.stores import must_hold_store, reading, run_async, unknown
from interlock.cli.text import many
from interlock.engine.retention import Archiving, archive_runs, restore_runs
from interlock.machines.duration import duration
from interlock.store.archive import Restored
from interlock.store.clock import SystemClock
from interlock.store.contract import Store
from interlock.store.errors import BadArchive
from interlock.store.open import open_store

_NAMED = 20
"""So many runs are named of those that would be archived; JSON names all."""


@asynccontextmanager
async def _writing(url: str) -> AsyncGenerator[Store]:
    store = open_store(url)
    try:
        yield store
    finally:
        await store.close()


def archive(url: str, older: str, to: Path, by: str, *, dry_run: bool, as_json: bool) -> None:
    """Move finished runs to files, or say which ones would be moved."""
    duration(older)
    must_hold_store(url)

    async def act() -> Archiving:
        opened = reading(url) if dry_run else _writing(url)
        async with opened as store:
            return await archive_runs(store, SystemClock(), older, to, by=by, dry_run=dry_run)

    done = run_async(act())
    if as_json:
        files = [
            {"file": str(f.path), "runs": len(f.runs), "events": f.events, "bytes": f.size}
            for f in done.files
        ]
        print_document(
            {"runs": done.runs, "events": done.events, "files": files, "dry_run": dry_run}
        )
        return
    screen = Screen()
    if done.files:
        columns = [
            Column("file", "bold", keep=True), Column("runs", right=True),
            Column("events", right=True), Column("size", right=True),
        ]  # fmt: skip
        screen.table(
            columns,
            [(f.path.name, str(len(f.runs)), str(f.events), size(f.size)) for f in done.files],
        )
    if dry_run:
        for run in done.runs[:_NAMED]:
            screen.line(run)
        if len(done.runs) > _NAMED:
            screen.line(Styled(f"and {len(done.runs) - _NAMED} more", "dim"))
    said = "would be moved" if dry_run else "moved"
    screen.line(f"{many(len(done.runs), 'run')} with {many(done.events, 'event')} {said} to {to}")


def restore(url: str, what: str, folder: Path | None, by: str, *, as_json: bool) -> None:
    """Bring back a run or a whole file."""
    must_hold_store(url)
    must_be_folder(folder)

    async def act() -> Restored:
        async with _writing(url) as store:
            if what.endswith(".jsonl.gz"):
                file = Path(what) if folder is None else folder / Path(what).name
                return await restore_runs(store, SystemClock(), file, None, by=by)
            if await store.entry(what) is None:
                raise _no_file(Path(what)) or await unknown(store, what)
            return await restore_runs(store, SystemClock(), what, folder, by=by)

    done = run_async(act())
    if as_json:
        print_document({"runs": done.runs, "events": done.events, "file": str(done.path)})
    else:
        runs = ", ".join(done.runs) if len(done.runs) <= 5 else many(len(done.runs), "run")
        Screen().line(
            f"{runs or 'nothing'} restored from {done.path.name}: {many(done.events, 'event')}"
        )


def _no_file(path: Path) -> BadArchive | None:
    """What is wrong with what was named, if it is a file rather than a run."""
    if path.is_file():
        return BadArchive(f"{path} is no archive: those are called NAME.jsonl.gz")
    if path.suffix in (".gz", ".jsonl", ".json", ".db") or (
        path.parent.is_dir() and path.parts[1:]
    ):
        return BadArchive(f"there is no file {path}, and no run of that name")
    return None


def backup(url: str, to: Path, *, as_json: bool) -> None:
    """Copy the database to a new file."""

    async def act() -> int:
        async with reading(url) as store:
            return await store.backup(to)

    took = run_async(act())
    if as_json:
        print_document({"file": str(to), "bytes": took})
    else:
        Screen().line(f"{url} copied to {to}: {size(took)}")


def size(of: float) -> str:
    """So many bytes, in words."""
    for unit in ("bytes", "kB", "MB"):
        if of < 1000:
            return f"{of:.0f} {unit}" if unit == "bytes" else f"{of:.1f} {unit}"
        of /= 1000
    return f"{of:.1f} GB"
