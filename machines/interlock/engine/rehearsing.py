"""A deploy on a copy: every run in flight is opened with the new code, and no call is made."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote, unquote

from interlock.engine.core import Core
from interlock.engine.deploying import Progress, cause_of, machines_of
from interlock.engine.errors import NoCopy
from interlock.engine.privacy import keys_beside
from interlock.engine.undoable_children import undoable_children
from interlock.engine.workflows import WorkflowRun
from interlock.store.contract import Entry, Filter
from interlock.store.keystore import KeyStore


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What happened to a run on the copy.

    Attributes:
        run, machine: which.
        before, after: hash of the definition that it followed, and of the one that it follows now.
        held: why it stands still, "" when it can be moved.
    """

    run: str
    machine: str
    before: str
    after: str
    held: str = ""

    @property
    def cause(self) -> str:
        """Why, without what is of this run alone: what runs share that are held for the same."""
        return cause_of(self.held, self.run)


async def rehearse(
    url: str,
    modules: Iterable[str | ModuleType | object],
    *,
    resources: dict[Any, Any] | None = None,
    keys: str | Path | KeyStore | None = None,
    key: str | bytes | None = None,
    progress: Progress | None = None,
) -> list[Rehearsed]:
    """Open a copy of a database with new code, and move every run in flight over.

    The database itself is only read. On the copy no call is made and no timer fires: what is
    recorded there are the migrations, and each run's variables are brought back by the new code.

    Args:
        url: `sqlite:///PATH`.
        resources, keys, key: as for the engine that will be started.

    Raises:
        NoCopy: it is no database in a file.
    """
    with tempfile.TemporaryDirectory(prefix="interlock-") as folder:
        source = source_of(url)
        machines = machines_of(modules)
        core = Core(
            copy_of(source, Path(folder)),
            machines=machines,
            resources=resources,
            worker=False,
            recover=False,
            keys=keys or keys_beside(source.resolve()),  # a copy of keys would outlive an erasure
            key=key,
        )
        async with core:
            return [found async for found in _rehearsed(core, progress)]


async def _rehearsed(core: Core, progress: Progress | None) -> AsyncIterator[Rehearsed]:
    entries = await core.store.entries(Filter(finished=False))
    seen = set[str]()
    for number, entry in enumerate(entries):
        if progress is not None and not number % 100:
            progress(number, len(entries))
        yield await _opened(core, entry)
        async for child in undoable_children(core.store, core.programs, entry, seen):
            found = await _opened(core, child)
            if found.held:
                yield found
    if progress is not None:
        progress(len(entries), len(entries))


async def _opened(core: Core, entry: Entry) -> Rehearsed:
    held = await _open(core, entry.run)
    head = await core.store.entry(entry.run)
    after = entry.hash if head is None else head.hash
    return Rehearsed(entry.run, entry.machine, entry.hash, after, held)


async def _open(core: Core, run: str) -> str:
    """Let the new code take a run over; why it cannot, "" when it can."""
    core.sessions.hold(run)
    try:
        session = await core.sessions.get(run)
        mover = await core.mover(session)
        if mover is None:
            return core.held[run]
        async with session.lock:
            await core.flush(session)
        over = session.state.ending is not None or session.state.ended is not None
        if isinstance(mover, WorkflowRun) and not over:
            for thread in ("", *mover.state.threads):
                mover.thread(thread)
    except Exception as error:  # whatever the new code says to what is recorded
        return f"{type(error).__name__}: {error}"
    finally:
        core.sessions.release(run)
    return ""


def source_of(url: str) -> Path:
    """The file of a database.

    Raises:
        NoCopy: it is in none.
    """
    scheme, _, rest = url.partition("://")
    source = Path(unquote(rest[1:]))
    if scheme != "sqlite" or not source.is_file():
        message = f"{url} is no database in a file, of which a copy could be made"
        raise NoCopy(message)
    return source


def copy_of(source: Path, folder: Path) -> str:
    """A copy of a database, without its keys; the URL of the copy."""
    _copy(source, folder / source.name)
    return f"sqlite:///{folder / source.name}"


def _copy(source: Path, target: Path) -> None:
    uri = f"file:{quote(str(source.absolute()))}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)
