"""The writer of the SQLite backend in trouble: nobody waits for ever, nothing answered is lost."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from interlock.store import Appended, Head, StoreClosed, StoreError, open_store
from interlock.store.backends.sqlite import SQLiteStore
from interlock.store.backends.sqlite.connections import LOG_LENGTH
from interlock.store.backends.sqlite.rows import entry_row
from interlock.store.backends.sqlite.together import LARGE, Texts
from interlock.store.backends.sqlite.transaction import Outcome, Transaction
from interlock.store.backends.sqlite.writer import MANY
from interlock.store.prepared import Prepared, prepare
from interlock.store.vocabulary import StepSucceeded
from store.samples import NOON, commit, entry

COUNT = 3 * MANY


async def append_many(store: SQLiteStore, count: int = COUNT) -> list[Appended | BaseException]:
    appends = (store.append(commit(f"r{n}")) for n in range(count))
    return await asyncio.gather(*appends, return_exceptions=True)


def test_the_role_of_the_worker_is_taken_while_commits_are_written(tmp_path: Path) -> None:
    async def scene(turn: int) -> None:
        store = SQLiteStore(tmp_path / f"{turn}.db")
        heads = [Head() for _ in range(COUNT)]

        async def feed(n: int) -> None:
            for _ in range(4):
                heads[n] = (await store.append(commit(f"r{n}", heads[n]))).head

        async def take() -> None:
            for _ in range(turn):
                await asyncio.sleep(0)
            assert store.acquire_worker()

        await asyncio.gather(take(), *(feed(n) for n in range(COUNT)))
        assert [await store.head(f"r{n}") for n in range(COUNT)] == heads
        await store.close()

    for turn in range(1, 16):
        asyncio.run(scene(turn))


def test_a_log_gets_its_length_when_nothing_is_written(tmp_path: Path) -> None:
    async def scene() -> None:
        store = SQLiteStore(tmp_path / "s.db")
        assert store.acquire_worker()
        assert (tmp_path / "s.db-wal").stat().st_size >= LOG_LENGTH
        await store.close()

    asyncio.run(scene())


@pytest.mark.parametrize("name", ["checkpoint_at", "commit_together"])
def test_a_failure_of_the_thread_is_told_and_the_next_commits_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    right: Callable[..., object] = getattr(Transaction, name)
    failures: list[str] = []

    def fail(self: Transaction, *args: object) -> object:
        if threading.current_thread().name == "interlock-writer" and not failures:
            failures.append(name)
            raise MemoryError
        return right(self, *args)

    async def scene() -> None:
        store = SQLiteStore(tmp_path / "s.db")
        monkeypatch.setattr(Transaction, name, fail)
        first = await append_many(store)
        assert failures == [name]
        assert any(isinstance(one, StoreError) for one in first)
        missing = [n for n, one in enumerate(first) if not isinstance(one, Appended)]
        again = await asyncio.gather(*(store.append(commit(f"r{n}")) for n in missing))
        assert len(again) == len(missing)
        assert await store.position() == 2 * COUNT
        await store.close()

    asyncio.run(scene())


def test_without_a_thread_commits_fail_instead_of_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: threading.Thread) -> None:
        message = "can't start new thread"
        raise RuntimeError(message)

    async def scene() -> None:
        store = SQLiteStore(tmp_path / "s.db")
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            assert all(isinstance(one, StoreError) for one in await append_many(store))
        assert all(isinstance(one, Appended) for one in await append_many(store))
        await store.close()

    asyncio.run(scene())


@pytest.mark.parametrize(("flush", "here"), [(0.0001, True), (0.01, False)])
def test_the_loop_writes_many_itself_where_the_thread_waits_for_a_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flush: float, here: bool
) -> None:
    right, together = Transaction.commit, Transaction.commit_together
    on_loop: list[int] = []

    def commit_at(
        self: Transaction, batch: Sequence[Prepared], *, patient: bool = True
    ) -> list[Outcome]:
        if threading.current_thread() is threading.main_thread():
            on_loop.append(len(batch))
        outcomes = right(self, batch, patient=patient)
        self.flush_took = flush
        return outcomes

    def late(self: Transaction, batch: Texts) -> int | None:
        time.sleep(0.02)
        return together(self, batch)

    async def scene() -> None:
        store = SQLiteStore(tmp_path / "s.db")
        monkeypatch.setattr(Transaction, "commit", commit_at)
        monkeypatch.setattr(Transaction, "commit_together", late)
        head = Head()
        for _ in range(12):  # the disk shows how fast it is
            head = (await store.append(commit("lone", head))).head

        async def feed(run: str) -> None:
            head = Head()
            for _ in range(20):
                head = (await store.append(commit(run, head))).head

        on_loop.clear()
        await asyncio.gather(*(feed(f"r{n}") for n in range(2 * MANY)))
        assert await store.position() == 2 * (12 + 20 * 2 * MANY)
        assert (max(on_loop, default=0) >= MANY) is here
        await store.close()

    asyncio.run(scene())


class Name(str):
    """A text that the encoder does not take for one."""

    __slots__ = ()


def test_an_odd_value_is_its_own_commits_business(tmp_path: Path) -> None:
    async def scene() -> None:
        store = SQLiteStore(tmp_path / "s.db")
        await append_many(store)
        odd = [commit(f"s{n}", command_id=Name(f"c{n}") if n == 7 else "") for n in range(COUNT)]
        appended = await asyncio.gather(*(store.append(one) for one in odd))
        assert len(appended) == COUNT
        assert await store.command("c7") == ("s7", 2)
        await store.close()

    asyncio.run(scene())


def test_after_it_was_closed_a_store_takes_no_more(tmp_path: Path) -> None:
    async def scene() -> None:
        store = SQLiteStore(tmp_path / "s.db")
        held = asyncio.Event()

        async def prelude(_: object) -> None:
            await held.wait()

        store.prelude = prelude
        late = asyncio.create_task(store.append(commit("a")))
        await asyncio.sleep(0)
        await store.close()
        held.set()
        with pytest.raises(StoreClosed):
            await late

    asyncio.run(scene())


def test_a_store_serves_one_loop_after_the_other(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "s.db")

    async def left_behind() -> None:
        tasks = [asyncio.create_task(store.append(commit(f"a{n}"))) for n in range(COUNT)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in tasks)

    async def scene() -> None:
        assert all(isinstance(one, Appended) for one in await append_many(store))
        await store.close()

    asyncio.run(left_behind())
    asyncio.run(scene())


def test_what_is_large_is_written_by_many_statements(tmp_path: Path) -> None:
    bodies = [StepSucceeded("a#1", "a", "x" * (LARGE // 4))]
    texts = Texts(prepare(commit(f"r{n}", bodies=bodies), NOON) for n in range(9))
    assert texts.commits < 9
    assert len(texts.states) < 2 * LARGE

    async def scene() -> None:
        store = SQLiteStore(tmp_path / "s.db")
        await asyncio.gather(
            *(store.append(commit(f"r{n}", bodies=bodies)) for n in range(2 * MANY))
        )
        await store.close()
        store = SQLiteStore(tmp_path / "s.db")
        for n in range(2 * MANY):
            (event,) = await store.read(f"r{n}")
            assert event.body == bodies[0]
        await store.close()

    asyncio.run(scene())


class Autumn(tzinfo):
    """A zone that goes back from summer time: its half past two comes twice."""

    def utcoffset(self, when: datetime | None) -> timedelta:
        return timedelta(hours=1 if when is not None and when.fold else 2)

    def dst(self, when: datetime | None) -> timedelta:
        return self.utcoffset(when) - timedelta(hours=1)

    def tzname(self, when: datetime | None) -> str:
        return "autumn"


def test_both_half_past_twos_of_a_clock_change_are_told_apart() -> None:
    first = datetime(2026, 10, 25, 2, 30, tzinfo=Autumn())
    instants = [
        entry_row(prepare(commit("a", row=entry("a", since=since)), NOON))[4]
        for since in (first, first.replace(fold=1))
    ]
    assert instants == ["2026-10-25T00:30:00.000000+00:00", "2026-10-25T01:30:00.000000+00:00"]


def test_the_file_does_not_know_what_the_one_statement_needs(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/s.db")
    assert isinstance(store, SQLiteStore)

    async def scene() -> None:
        await append_many(store)
        write = store.connections.write
        assert write is not None
        kept = "SELECT name FROM sqlite_master WHERE name LIKE 'interlock_batch%'"
        assert write.execute(kept).fetchall() == []
        temporary = "SELECT count(*) FROM sqlite_temp_master WHERE name = 'interlock_batch'"
        assert tuple(write.execute(temporary).fetchone()) == (1,)  # the one statement was used
        await store.close()

    asyncio.run(scene())
