"""A batch written by one statement leads to what the same commits one by one lead to."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.store import Appended, Conflict, Head, Timer, crash, open_store, verify
from interlock.store.backends.sqlite import SQLiteStore
from interlock.store.backends.sqlite.connections import Connections
from interlock.store.backends.sqlite.together import Texts
from interlock.store.backends.sqlite.transaction import Transaction
from interlock.store.backends.sqlite.writer import MANY
from interlock.store.prepared import Prepared, prepare
from interlock.store.vocabulary import StepSucceeded
from store.samples import NOON, at, commit, entry

TABLES = ("stored_events", "sqlite_sequence", "interlock_entries", "interlock_timers")
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@dataclass(frozen=True)
class Change:
    """What one commit of a batch is to do, and whether it follows the head of its stream."""

    run: str
    events: list[str]
    status: str
    waits_for: str
    timers: list[tuple[str, int]]
    cleared: list[str]
    command: str
    follows: bool


changes = st.builds(
    Change,
    st.sampled_from(["a", "b-7", "order-10", "ü\U0001f600"]),
    st.lists(names, min_size=1, max_size=3),
    st.sampled_from(["running", "running", "waiting", "completed"]),
    names,
    st.lists(st.tuples(names, st.integers(0, 9)), max_size=2),
    st.lists(names, max_size=2),
    st.sampled_from(["", "", "", "c1", "c\0"]) | names,
    st.sampled_from([True] * 9 + [False]),
)


@contextmanager
def transaction() -> Generator[tuple[Transaction, sqlite3.Connection]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.db"
        connections = Connections(path, readonly=False, log_id="log")
        assert connections.write is not None
        try:
            yield Transaction(connections.write, connections.recorder, str(path)), connections.write
        finally:
            connections.close()


def rows(connection: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    return {
        table: [tuple(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")]
        for table in (*TABLES, "interlock_commands")
    }


def prepared(change: Change, heads: dict[str, Head]) -> Prepared:
    """The commit that makes a change; the head that it leads to is noted."""
    head = heads.get(change.run, Head())
    if not change.follows:
        head = Head(head.version + 1, "elsewhere", NOON)
    made = prepare(
        commit(
            change.run,
            head,
            bodies=[StepSucceeded("a#1", "a", text) for text in change.events],
            row=entry(change.run, status=change.status, waits_for=change.waits_for),
            set_timers=[Timer(change.run, name, at(due)) for name, due in change.timers],
            clear_timers=change.cleared,
            command_id=change.command,
        ),
        NOON,
    )
    if change.follows:
        heads[change.run] = made.head
    return made


def unusual(changed: list[Change], finished: set[str]) -> Iterator[bool]:
    """Which changes are left to many statements: of what was finished, and of odd texts."""
    finished = {*finished}
    for change in changed:
        texts = (change.waits_for, change.command, *change.cleared, *dict(change.timers))
        yield change.run in finished or any("\0" in text for text in texts)
        if change.status == "completed":
            finished.add(change.run)


@given(st.lists(st.lists(changes, min_size=1, max_size=6), max_size=4))
def test_one_statement_does_what_many_do_or_nothing(batches: list[list[Change]]) -> None:
    with transaction() as (plain, by_many), transaction() as (swift, by_one):
        for changed in batches:
            heads: dict[str, Head] = {}
            finished: set[str] = set()
            stored = by_many.execute("SELECT run, version, digest, open FROM interlock_entries")
            for run, version, digest, still_open in stored.fetchall():
                heads[run] = Head(version, digest, NOON)
                finished |= set() if still_open else {run}
            batch = [prepared(change, heads) for change in changed]
            before = rows(by_one)
            first = swift.commit_together(Texts(batch))
            if first is None:
                assert rows(by_one) == before
                swift.commit(batch)
            outcomes = plain.commit(batch)
            assert rows(by_one) == rows(by_many)
            assert not by_one.in_transaction
            if not all(isinstance(outcome, Appended) for outcome in outcomes):
                assert first is None
            elif not any(unusual(changed, finished)):
                assert isinstance(outcomes[0], Appended)
                assert first == outcomes[0].events[0].position


def test_a_log_that_others_wrote_to_is_found_out() -> None:
    with transaction() as (ours, connection), transaction():
        heads: dict[str, Head] = {}
        change = Change("a", ["x"], "running", "", [], [], "", follows=True)
        assert ours.commit_together(Texts([prepared(change, heads)])) == 1
        # events came, and left again: their ids must not be given to others
        connection.execute("UPDATE sqlite_sequence SET seq = 7 WHERE name = 'stored_events'")
        batch = [prepared(change, heads)]
        assert ours.commit_together(Texts(batch)) is None
        (outcome,) = ours.commit(batch)
        assert isinstance(outcome, Appended)
        assert outcome.events[0].position == 8
        assert ours.commit_together(Texts([prepared(change, heads)])) == 9


def test_a_name_that_is_no_text_leaves_the_batch_to_be_looked_at_one_by_one() -> None:
    good = Change("a", ["x"], "running", "", [], [], "", follows=True)
    bad = Change("b", ["x"], "running", "", [], ["\ud800"], "", follows=True)
    texts = Texts([prepared(good, {}), prepared(bad, {})])
    assert texts.commits == 1


@pytest.mark.parametrize("bad", [3, 40])
def test_many_in_flight_come_in_order_and_only_the_refused_fail(tmp_path: Path, bad: int) -> None:
    count = 3 * MANY

    async def scene() -> None:
        store = SQLiteStore(tmp_path / "s.db")
        heads: dict[str, list[Head]] = {}

        async def feed(run: str, rounds: int) -> None:
            heads[run] = [Head()]
            for turn in range(rounds):
                appended = await store.append(commit(run, heads[run][-1]))
                assert appended.events == tuple(await store.read(run, after=2 * turn))
                heads[run].append(appended.head)

        runs = [f"run-{n}" for n in range(count)]
        await asyncio.gather(*(feed(run, 3) for run in runs))
        stale = {run: heads[run][-1] for run in runs} | {f"run-{bad}": Head(1, "none", NOON)}
        outcomes = await asyncio.gather(
            *(store.append(commit(run, stale[run])) for run in runs), return_exceptions=True
        )
        assert [isinstance(outcome, Conflict) for outcome in outcomes] == [
            n == bad for n in range(count)
        ]
        assert await store.position() == 2 * (4 * count - 1)
        await store.close()
        again = open_store(store.url)
        for run in runs:
            verify(await again.read(run), head=await again.head(run))
        await again.close()

    asyncio.run(scene())


def test_a_commit_cancelled_before_the_thread_takes_it_is_left_out(tmp_path: Path) -> None:
    async def scene() -> None:
        store = SQLiteStore(tmp_path / "s.db")
        begun, go_on = threading.Event(), threading.Event()

        def hold(point: str) -> None:
            begun.set()
            go_on.wait()

        crash.arm("store.before_begin", hit=hold)  # the thread stands before its first batch
        first = asyncio.create_task(store.append(commit("first")))
        await asyncio.to_thread(begun.wait)
        tasks = [asyncio.create_task(store.append(commit(f"r{n}"))) for n in range(2 * MANY)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        tasks[5].cancel()
        go_on.set()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [isinstance(one, Appended) for one in outcomes] == [n != 5 for n in range(2 * MANY)]
        assert isinstance(await first, Appended)
        assert await store.entry("r5") is None
        assert len(await store.entries()) == 2 * MANY
        await store.close()

    try:
        asyncio.run(scene())
    finally:
        crash.disarm()
