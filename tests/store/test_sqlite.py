"""What is particular to the SQLite backend: lost answers, failing statements, threads, the file."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import closing
from pathlib import Path

import pytest

from interlock.store import (
    Appended,
    Conflict,
    Head,
    StoreClosed,
    StoreError,
    Timer,
    crash,
    open_store,
    verify,
)
from interlock.store.backends.sqlite import SQLiteStore
from interlock.store.backends.sqlite.schema import SCHEMA
from store.samples import ONE, at, commit

Scenario = Callable[[SQLiteStore], Awaitable[None]]


@pytest.fixture
def run(tmp_path: Path) -> Callable[[Scenario], None]:
    async def scene(scenario: Scenario) -> None:
        store = SQLiteStore(tmp_path / "s.db")
        try:
            await scenario(store)
        finally:
            await store.close()

    return lambda scenario: asyncio.run(scene(scenario))


@pytest.fixture(autouse=True)
def disarmed() -> Generator[None]:
    yield
    crash.disarm()


def fail(point: str) -> None:
    message = f"injected at {point}"
    raise sqlite3.OperationalError(message)


@pytest.mark.parametrize("count", [1, 5])
def test_a_commit_whose_answer_is_lost_has_succeeded(
    run: Callable[[Scenario], None], count: int
) -> None:
    async def scenario(store: SQLiteStore) -> None:
        await store.append(commit("before"))
        crash.arm("store.after_commit", hit=fail)
        wanted = [commit(f"r{n}", command_id=f"c{n}") for n in range(count)]
        appended = await asyncio.gather(*(store.append(one) for one in wanted))
        for n, answer in enumerate(appended):
            assert list(answer.events) == await store.read(f"r{n}")
            assert await store.command(f"c{n}") == (f"r{n}", 2)

    run(scenario)


@pytest.mark.parametrize("count", [1, 5])
def test_a_transaction_that_fails_keeps_nothing_and_the_next_works(
    run: Callable[[Scenario], None], count: int
) -> None:
    async def scenario(store: SQLiteStore) -> None:
        await store.append(commit("before"))
        crash.arm("store.before_commit", hit=fail)
        wanted = [
            commit(f"r{n}", command_id=f"c{n}", set_timers=[Timer(f"r{n}", "t", at(1))])
            for n in range(count)
        ]
        refused = await asyncio.gather(
            *(store.append(one) for one in wanted), return_exceptions=True
        )
        assert all(isinstance(error, StoreError) for error in refused)
        assert await store.position() == 2
        assert (await store.next_due(), await store.command("c0")) == (None, None)
        appended = await asyncio.gather(*(store.append(one) for one in wanted))
        assert [answer.events[0].position for answer in appended] == list(
            range(3, 3 + 2 * count, 2)
        )

    run(scenario)


def test_an_event_put_there_by_others_fails_only_its_own_commit(
    run: Callable[[Scenario], None],
) -> None:
    async def scenario(store: SQLiteStore) -> None:
        with closing(sqlite3.connect(store.path)) as other, other:
            other.execute(
                "INSERT INTO stored_events (originator_id, originator_version, topic, state) "
                "VALUES ('r2', 1, 'SleepEnded', '{}')"
            )
        outcomes = await asyncio.gather(
            *(store.append(commit(f"r{n}")) for n in range(5)), return_exceptions=True
        )
        assert [isinstance(outcome, Conflict) for outcome in outcomes] == [n == 2 for n in range(5)]
        assert await store.entry("r2") is None

    run(scenario)


def test_commits_of_one_stream_in_one_batch_are_in_order(
    run: Callable[[Scenario], None],
) -> None:
    async def scenario(store: SQLiteStore) -> None:
        from interlock.store.prepared import prepare

        head, wanted = Head(), list[Coroutine[object, object, Appended]]()
        writer = store._may_write()  # pyright: ignore[reportPrivateUsage]  to know heads in advance
        for _ in range(7):
            ready = prepare(commit("a", head), at(0))
            head = ready.head
            wanted.append(writer.submit(ready))
        await asyncio.gather(*wanted)
        assert verify(await store.read("a"), head=head).version == 14

    run(scenario)


def test_a_stream_alternating_between_loop_and_thread_stays_whole(
    run: Callable[[Scenario], None],
) -> None:
    async def scenario(store: SQLiteStore) -> None:
        async def feed(name: str, rounds: int) -> None:
            head = Head()
            for _ in range(rounds):
                head = (await store.append(commit(name, head, bodies=ONE))).head

        await asyncio.gather(feed("long", 450), *(feed(f"r{n}", n * 20) for n in range(8)))
        assert verify(await store.read("long"), head=await store.head("long")).version == 450
        log = await store.log(limit=2000)
        assert [event.position for event in log] == list(range(1, 450 + 560 + 1))

    run(scenario)


def test_a_log_can_be_read_with_plain_sql(run: Callable[[Scenario], None], tmp_path: Path) -> None:
    async def scenario(store: SQLiteStore) -> None:
        await store.append(commit("order-1"))

    run(scenario)
    with closing(sqlite3.connect(tmp_path / "s.db")) as connection:
        row = connection.execute(
            "SELECT originator_id, originator_version, topic, json_extract(state, '$.actor.id'), "
            "json_extract(state, '$.body.result.total') FROM stored_events ORDER BY rowid"
        ).fetchone()
        assert row == ("order-1", 1, "StepSucceeded", "ann", 3)
        durable = connection.execute("PRAGMA journal_mode").fetchone()
        assert durable == ("wal",)
        meta = dict(connection.execute("SELECT key, value FROM interlock_meta").fetchall())
        assert (meta["schema_version"], len(meta["log_id"])) == (str(SCHEMA), 36)


def test_commits_are_flushed(run: Callable[[Scenario], None]) -> None:
    async def scenario(store: SQLiteStore) -> None:
        assert store.connections.write is not None
        assert store.connections.write.execute("PRAGMA synchronous").fetchone()[0] == 2

    run(scenario)


def test_unfinished_streams_are_found_by_their_index(run: Callable[[Scenario], None]) -> None:
    async def scenario(store: SQLiteStore) -> None:
        plan = store.connections.near.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM interlock_entries "
            "WHERE open = 1 AND (sort, run) > ('a', 'a') ORDER BY sort, run LIMIT 5"
        ).fetchall()
        assert any("interlock_open" in row["detail"] for row in plan)
        assert not any("TEMP B-TREE" in row["detail"] for row in plan)

    run(scenario)


def test_closing_leaves_no_thread(tmp_path: Path) -> None:
    async def scene() -> None:
        before = threading.active_count()
        stores = [open_store(f"sqlite:///{tmp_path}/s{n}.db") for n in range(3)]
        for store in stores:
            await asyncio.gather(*(store.append(commit(f"r{n}")) for n in range(4)))
            await store.entries()
        for store in stores:
            await store.close()
        assert threading.active_count() == before

    asyncio.run(scene())


def test_a_store_outlives_its_loop_closing_early(tmp_path: Path) -> None:
    """Leaving without `close` loses nothing that was acknowledged."""

    async def scene() -> None:
        store = open_store(f"sqlite:///{tmp_path}/s.db")
        await asyncio.gather(*(store.append(commit(f"r{n}")) for n in range(4)))

    async def later() -> None:
        store = open_store(f"sqlite:///{tmp_path}/s.db")
        assert await store.position() == 8
        await store.close()

    asyncio.run(scene())
    asyncio.run(later())


def test_closing_waits_for_readers(tmp_path: Path) -> None:
    """A connection that is closed while a thread reads from it would end the interpreter."""

    async def scene() -> None:
        for n in range(20):
            store = open_store(f"sqlite:///{tmp_path}/s{n}.db")
            await asyncio.gather(*(store.append(commit(f"r{k}")) for k in range(40)))
            rows = [asyncio.ensure_future(store.entries()) for _ in range(5)]
            logs = [asyncio.ensure_future(store.log()) for _ in range(5)]
            await asyncio.sleep(0)
            await store.close()
            for found in await asyncio.gather(*rows, return_exceptions=True):
                assert isinstance(found, StoreClosed) or len(found) == 40  # type: ignore[arg-type]  # a list
            for page in await asyncio.gather(*logs, return_exceptions=True):
                assert isinstance(page, StoreClosed) or len(page) == 80  # type: ignore[arg-type]  # a list

    asyncio.run(scene())
