"""Files and disks that will not do: each a clear error, nothing half kept, nothing damaged."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from interlock.store import (
    BadStoreUrl,
    Definition,
    Head,
    NewerSchema,
    NotADatabase,
    SchemaLost,
    Store,
    StoreBusy,
    StoreError,
    StoreFull,
    StoreReadOnly,
    open_store,
    verify,
)
from interlock.store.backends.sqlite import SQLiteStore, transaction
from interlock.store.vocabulary import StepSucceeded
from store.samples import NOON, commit


def with_store(path: Path, scenario: Callable[[SQLiteStore], Awaitable[None]]) -> None:
    async def scene() -> None:
        store = SQLiteStore(path)
        try:
            await scenario(store)
        finally:
            await store.close()

    asyncio.run(scene())


async def fill(store: Store) -> None:
    await store.append(commit("a", bodies=[StepSucceeded("a#1", "a", "x" * 900)] * 50))


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://localhost/x", "comes later"),
        ("mysql://localhost/x", "known are sqlite:///"),
        ("orders.db", "known are sqlite:///"),
        ("sqlite://orders.db", "names no file"),
        ("sqlite:///", "names no file"),
        ("memory://x", "known are"),
        ("", "known are"),
    ],
)
def test_a_bad_url_says_what_is_known(url: str, says: str) -> None:
    with pytest.raises(BadStoreUrl, match=says):
        open_store(url)


def test_urls_name_files_relative_and_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        for url in ("sqlite:///here.db", f"sqlite:///{tmp_path}/a b%20c?#.db"):
            await open_store(url).close()

    monkeypatch.chdir(tmp_path)
    asyncio.run(scene())
    assert {"here.db", "a b c?#.db"} <= {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize("readonly", [False, True])
@pytest.mark.parametrize("content", [b"I am a letter\n" * 99, os.urandom(9000)])
def test_a_file_that_is_no_database_is_left_alone(
    tmp_path: Path, content: bytes, readonly: bool
) -> None:
    path = tmp_path / "letter.txt"
    path.write_bytes(content)
    with pytest.raises(NotADatabase):
        open_store(f"sqlite:///{path}", readonly=readonly)
    assert path.read_bytes() == content


def test_a_truncated_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with_store(path, fill)
    whole = path.read_bytes()
    for size in (len(whole) - 4096, len(whole) // 2, 5000, 100):
        path.write_bytes(whole[:size])
        with pytest.raises(NotADatabase):
            open_store(f"sqlite:///{path}")
        assert path.stat().st_size == size


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with_store(path, fill)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE interlock_meta SET value='3' WHERE key='schema_version'")
    connection.close()
    content = path.read_bytes()
    for readonly in (False, True):
        with pytest.raises(NewerSchema, match="schema 3"):
            open_store(f"sqlite:///{path}", readonly=readonly)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("DELETE FROM interlock_meta", "names no schema"),
        ("UPDATE interlock_meta SET value='two' WHERE key='schema_version'", "the schema 'two'"),
    ],
)
def test_a_file_that_does_not_say_its_schema_is_refused(
    tmp_path: Path, spoil: str, said: str
) -> None:
    path = tmp_path / "s.db"
    with_store(path, fill)
    with sqlite3.connect(path) as connection:
        connection.execute(spoil)
    connection.close()
    for readonly in (False, True):
        with pytest.raises(SchemaLost, match=f"{said}.*restore a backup"):
            open_store(f"sqlite:///{path}", readonly=readonly)


def test_the_events_of_another_program_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE stored_events (x)")
    connection.close()
    with pytest.raises(StoreError, match="another program"):
        open_store(f"sqlite:///{path}")


def test_a_database_without_a_store_cannot_be_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    sqlite3.connect(path).close()
    with pytest.raises(NotADatabase, match="without an Interlock store"):
        open_store(f"sqlite:///{path}", readonly=True)


def test_places_that_do_not_exist_are_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere is not a folder"):
        open_store(f"sqlite:///{tmp_path}/nowhere/s.db")
    with pytest.raises(StoreError, match="does not exist"):
        open_store(f"sqlite:///{tmp_path}/s.db", readonly=True)
    with pytest.raises(StoreError, match="is a folder"):
        open_store(f"sqlite:///{tmp_path}")
    assert list(tmp_path.iterdir()) == []


def test_a_full_database_refuses_whole_commits_and_goes_on_later(tmp_path: Path) -> None:
    async def scenario(store: SQLiteStore) -> None:
        connection = store.connections.write
        assert connection is not None
        connection.execute("PRAGMA max_page_count=40")
        accepted: dict[str, Head] = {}
        refused = 0
        for n in range(60):
            big = commit(f"r{n}", bodies=[StepSucceeded("a#1", "a", "x" * 3000)] * 3)
            batch = [store.append(big), store.append(commit(f"q{n}"))]
            for name, outcome in zip(
                (f"r{n}", f"q{n}"),
                await asyncio.gather(*batch, return_exceptions=True),
                strict=True,
            ):
                if isinstance(outcome, BaseException):
                    assert isinstance(outcome, StoreFull)
                    refused += 1
                else:
                    accepted[name] = outcome.head
        assert refused > 0
        connection.execute("PRAGMA max_page_count=100000")
        accepted["after"] = (await store.append(commit("after"))).head
        assert {row.run for row in await store.entries()} == set(accepted)
        for run, head in accepted.items():
            assert verify(await store.read(run), head=head) == head

    with_store(tmp_path / "s.db", scenario)


def test_a_file_locked_for_too_long_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction, "PATIENCE", 0.02)

    async def scenario(store: SQLiteStore) -> None:
        head = (await store.append(commit("a"))).head
        other = sqlite3.connect(store.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy):
            await store.append(commit("a", head))
        assert await store.position() == 2  # reading goes on
        other.execute("ROLLBACK")
        other.close()
        assert (await store.append(commit("a", head))).head.version == 4

    with_store(tmp_path / "s.db", scenario)


def test_a_store_opened_to_read_never_writes(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with_store(path, fill)

    async def scene() -> None:
        store = open_store(f"sqlite:///{path}", readonly=True)
        assert len(await store.read("a")) == 50
        assert not store.acquire_worker()
        with pytest.raises(StoreReadOnly):
            await store.append(commit("b"))
        with pytest.raises(StoreReadOnly):
            await store.define(Definition("h", "n", "{}", ""))
        await store.close()

    asyncio.run(scene())
    assert not (tmp_path / "s.db-lock").exists()


AS_NOBODY = """
import asyncio, os, sys
from interlock.store import StoreReadOnly, open_store
import interlock.store.backends.sqlite  # while its files may be read
if os.geteuid() == 0:
    os.setgid(65534); os.setuid(65534)  # permissions do not bind the superuser
url = "sqlite:///" + sys.argv[1]
async def main():
    try:
        open_store(url)
    except StoreReadOnly as error:
        print("refused", error.code)
    store = open_store(url, readonly=True)
    print("read", len(await store.read("a")))
    await store.close()
asyncio.run(main())
"""

WITH_A_LIMIT = """
import asyncio, resource, sys
from interlock.store import StoreFull, open_store, verify
from interlock.store.vocabulary import StepSucceeded
from store.samples import commit
async def main():
    store = open_store("sqlite:///" + sys.argv[1])
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
    heads, refused = {}, 0
    for n in range(200):
        body = StepSucceeded("a#1", "a", "x" * 4000)
        try:
            heads[f"r{n}"] = (await store.append(commit(f"r{n}", bodies=[body] * 2))).head
        except StoreFull:
            refused += 1
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    heads["after"] = (await store.append(commit("after"))).head
    assert {row.run for row in await store.entries()} == set(heads)
    for run, head in heads.items():
        verify(await store.read(run), head=head)
    await store.close()
    print("refused" if refused else "all accepted")
asyncio.run(main())
"""


def child(program: str, *args: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, *args],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX users")
@pytest.mark.parametrize("folder_mode", [0o555, 0o755])
def test_a_file_without_permission_is_read_only(folder_mode: int) -> None:
    folder = Path("/var/tmp") / f"interlock-{os.getpid()}-{folder_mode:o}"  # reachable by others
    folder.mkdir()
    try:
        path = folder / "s.db"
        with_store(path, fill)
        path.chmod(0o444)
        folder.chmod(folder_mode)
        assert child(AS_NOBODY, str(path)).split() == ["refused", "ILK004", "read", "50"]
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits on file sizes")
def test_a_full_disk_refuses_whole_commits_and_goes_on_later(tmp_path: Path) -> None:
    assert child(WITH_A_LIMIT, str(tmp_path / "s.db")).strip() == "refused"


def test_the_worker_role_belongs_to_one_store(tmp_path: Path) -> None:
    async def scene() -> None:
        one, other = (open_store(f"sqlite:///{tmp_path}/s.db") for _ in range(2))
        assert one.acquire_worker()
        assert one.acquire_worker()
        assert not other.acquire_worker()
        head = (await one.append(commit("a"))).head
        assert (await other.append(commit("a", head, when=NOON))).head.version == 4
        one.release_worker()
        assert other.acquire_worker()
        await other.close()
        assert one.acquire_worker()
        await one.close()

    asyncio.run(scene())
