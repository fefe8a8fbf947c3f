"""Opening the database that a command names; what reads or decides never makes a new file."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

from interlock.cli.errors import NoDatabase
from interlock.cli.text import near_ids
from interlock.store.contract import Entry, Filter, Store
from interlock.store.errors import InterlockError
from interlock.store.event import Event
from interlock.store.open import open_store

R = TypeVar("R")
_LOOKED_AT = 5000
"""How many ids are compared when one was mistyped."""


def run_async(work: Coroutine[Any, Any, R]) -> R:
    """Run a command's coroutine to its end."""
    import asyncio

    return asyncio.run(work)


def must_exist(url: str) -> None:
    """Check that a database is there.

    Raises:
        NoDatabase: it is not; says how to make one.
    """
    if url.startswith("memory:"):
        message = f"{url} is gone when its command ends; name a file: --store sqlite:///PATH"
        raise NoDatabase(message)
    scheme, _, rest = url.partition("://")
    path = Path(unquote(rest[1:]))
    if scheme == "sqlite" and rest[1:] and not path.exists():
        message = (
            f"there is no database {path} here; make one with `interlock demo --store {url}` or "
            f"`interlock run MODULE:NAME --input FILE --store {url}`, or name another with "
            "--store or INTERLOCK_STORE"
        )
        raise NoDatabase(message)


def must_hold_store(url: str) -> None:
    """Check that a database is there and that it is one of ours, before it is written to.

    Raises:
        NoDatabase: it is not there.
        NotADatabase: it is something else; it is left as it is.
    """
    must_exist(url)
    run_async(_look_into(url))


def may_be_made(url: str) -> None:
    """Check that a database that is there is one of ours; raises as `must_hold_store`."""
    scheme, _, rest = url.partition("://")
    path = Path(unquote(rest[1:]))
    if scheme == "sqlite" and rest[1:] and path.is_file() and path.stat().st_size:
        run_async(_look_into(url))


async def _look_into(url: str) -> None:
    await open_store(url, readonly=True).close()


@asynccontextmanager
async def reading(url: str, *, keyless: bool = False) -> AsyncGenerator[Store]:
    """An existing database, opened for reading only; see `open_store`."""
    must_exist(url)
    store = open_store(url, readonly=True, keyless=keyless)
    try:
        yield store
    finally:
        await store.close()


async def entry_of_run(store: Store, run: str) -> Entry:
    """A run's row in the index.

    Raises:
        UnknownRun: there is none; names ids that are near.
    """
    entry = await store.entry(run)
    if entry is None:
        raise await unknown(store, run)
    return entry


async def events_of_run(store: Store, run: str) -> list[Event]:
    """All events of a run; raises as `entry_of_run`."""
    events = await store.read(run)
    if not events:
        raise await unknown(store, run)
    return events


async def unknown(store: Store, run: str) -> InterlockError:
    """The error for a run that does not exist, with the ids that are most like it."""
    from interlock.engine.errors import UnknownRun

    entries = await store.entries(Filter(limit=_LOOKED_AT))
    near = near_ids(run, [entry.run for entry in entries])
    if near:
        hint = f"; did you mean {' or '.join(near)}?"
    else:
        hint = "; `interlock runs` lists them" if entries else ", which has no runs at all"
    return UnknownRun(f"there is no run {run!r} in {store.url}{hint}")


async def module_of(store: Store, definition: str) -> str:
    """The module that a definition was made in, "" when the database does not say."""
    from interlock.machines.ir import Machine

    found = await store.definition(definition)
    return "" if found is None else Machine.from_json(found.ir).module
