"""Files that an older Interlock wrote: upgraded when opened to be written, read as they are else.

`data/schema1.db` was made by the code of schema 1: five runs, two of them children.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest

from interlock.store import Conflict, Entry, Filter, Head, Store, StoreReadOnly, open_store, verify
from interlock.store.backends.sqlite.schema import SCHEMA
from store.processes import spawn
from store.samples import commit

T = TypeVar("T")
OLD = Path(__file__).parent / "data" / "schema1.db"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return Path(shutil.copy(OLD, tmp_path / "s.db"))


def ask(path: Path, question: Callable[[Store], Awaitable[T]], *, readonly: bool = False) -> T:
    async def scene() -> T:
        store = open_store(f"sqlite:///{path}", readonly=readonly)
        try:
            return await question(store)
        finally:
            await store.close()

    return asyncio.run(scene())


def version(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT value FROM interlock_meta WHERE key = 'schema_version'"
        return str(connection.execute(query).fetchone()[0])


def shape(path: Path) -> object:
    """Every table with its columns, and every index with its own."""
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute(
            "SELECT type, name FROM sqlite_master WHERE type IN ('table', 'index') ORDER BY 1, 2"
        ).fetchall()
        return {
            name: connection.execute(f"PRAGMA {kind}_xinfo({name})").fetchall()
            for kind, name in names
        }


async def everything(store: Store) -> tuple[list[Entry], int]:
    entries = await store.entries(Filter(prefix=""))
    for entry in entries:
        events = await store.read(entry.run)
        assert verify(events, head=await store.head(entry.run)).version == len(events)
    return entries, await store.position()


PARENTS = {
    "fails-1": "",
    "order-1": "",
    "order-1/parcel#1": "order-1",
    "order-2": "",
    "order-2/parcel#1": "order-2",
}


@pytest.mark.parametrize("readonly", [False, True])
def test_a_file_of_schema_1_is_read_with_the_parents_of_its_runs(old: Path, readonly: bool) -> None:
    entries, position = ask(old, everything, readonly=readonly)
    assert {entry.run: entry.parent for entry in entries} == PARENTS
    assert {entry.archive for entry in entries} == {""}
    assert position == 22
    assert version(old) == ("1" if readonly else str(SCHEMA))


def test_an_upgraded_file_is_like_a_new_one(old: Path, tmp_path: Path) -> None:
    ask(old, everything)
    ask(tmp_path / "new.db", everything)
    assert shape(old) == shape(tmp_path / "new.db")


def test_an_upgraded_file_keeps_everything_and_goes_on(old: Path) -> None:
    before = ask(old, everything, readonly=True)
    assert ask(old, everything) == before

    async def go_on(store: Store) -> None:
        head = await store.head("order-2")
        await store.append(commit("order-2", head))
        with pytest.raises(Conflict):
            await store.append(commit("order-1", Head()))
        assert (await store.timers("order-2"))[0].name == "approval:manager#2"

    ask(old, go_on)
    assert ask(old, everything)[1] == before[1] + 2


def test_a_file_of_schema_1_that_is_only_read_has_no_snapshots(old: Path) -> None:
    async def question(store: Store) -> None:
        assert await store.snapshot("order-1", fold="1") is None
        assert await store.entries(Filter(archived=True)) == []
        with pytest.raises(StoreReadOnly):
            await store.drop_snapshots()

    ask(old, question, readonly=True)


def test_a_first_event_that_cannot_be_read_does_not_stop_the_upgrade(old: Path) -> None:
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute(
            "UPDATE stored_events SET state = X'80' "
            "WHERE originator_id = 'order-1/parcel#1' AND originator_version = 1"
        )

    async def parents(store: Store) -> dict[str, str]:
        return {entry.run: entry.parent for entry in await store.entries()}

    assert ask(old, parents) == PARENTS | {"order-1/parcel#1": ""}


def test_an_upgrade_that_is_killed_has_not_happened(old: Path) -> None:
    killed = spawn("upgrade", f"sqlite:///{old}", "store.before_schema")
    assert killed.wait(20) == -signal.SIGKILL
    if killed.stdout is not None:
        killed.stdout.close()
    assert version(old) == "1"
    assert {e.run: e.parent for e in ask(old, everything)[0]} == PARENTS
    assert version(old) == str(SCHEMA)


def test_two_processes_upgrade_one_file(old: Path) -> None:
    both = [spawn("upgrade", f"sqlite:///{old}", "") for _ in range(2)]
    said = [process.communicate(timeout=20)[0] for process in both]
    assert said == ["5 runs\n"] * 2
    assert version(old) == str(SCHEMA)


@pytest.mark.parametrize("readonly", [False, True])
def test_an_audit_finds_nothing_wrong_with_an_older_file(old: Path, readonly: bool) -> None:
    async def flaws(store: Store) -> list[str]:
        with store.inspect() as snapshot:
            assert [i.entry.parent for i in snapshot.entries() if i.entry][2] == "order-1"
            return [*snapshot.flaws()]

    assert ask(old, flaws, readonly=readonly) == []
