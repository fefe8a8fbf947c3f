"""Runs that nothing moves: no worker, none with the code, a store in trouble, a call that hangs."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from engine.trouble import Troubled
from interlock.engine import Engine
from interlock.engine import session as sessions
from interlock.store.backends.memory import MemoryStore
from interlock.store.backends.sqlite import SQLiteStore
from interlock.store.board import Board
from interlock.store.clock import ManualClock
from interlock.store.errors import StoreBusy, StoreFull, StoreReadOnly
from why import charts, flows
from why.flows import CALLS, DOWN, GATE, THREADS
from why.kit import engine, outside, until


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    for one in (CALLS, DOWN, GATE, THREADS):
        one.clear()
    yield
    while GATE:
        GATE.pop().set()
    while THREADS:
        THREADS.pop().set()


async def test_without_a_worker_a_call_is_never_made() -> None:
    async with engine(worker=False) as one:
        run = await one.start(flows.acting, "x", id="r")
        why = await run.why()
        assert (why.cause, why.worker) == ("no_worker", "")
        assert why.actions[0].line() == "interlock work why.flows"
        assert "step act is to be called" in why.said


async def test_without_a_worker_a_timer_that_is_overdue_is_never_fired() -> None:
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    async with engine(store, clock=clock) as one:
        await one.start(flows.napping, "x", id="r")
        await one.start(flows.waiting, 5, id="w")
        await one.start(charts.Ordering, charts.Order(total=1, stock=1), id="o")
        await one.send("o", charts.Pay(amount=1))
        await one.send("o", charts.Send())
        await one.settle()
    assert (await outside(store, "r", clock)).cause == "sleep"
    afterwards = (await outside(store, "r", clock)).besides
    assert afterwards == ("at that instant nothing moves it: no worker serves this database",)
    clock.set(clock.now() + timedelta(days=40))
    for run in ("r", "w", "o"):
        assert (await outside(store, run, clock)).cause == "no_worker"


async def test_a_worker_that_sees_to_its_own_runs_only_leaves_the_others() -> None:
    store = MemoryStore()
    async with engine(store, worker=False) as one:
        await one.start(flows.acting, "x", id="r")
    async with engine(store, recover=False) as one:
        assert (await one.why("r")).cause == "not_recovered"
        other = await one.start(flows.acting, "y")
        assert await other.result() == "y"
    async with engine(store) as one:
        await one.settle()
        assert (await one.why("r")).cause == "completed"


async def test_a_worker_without_the_code_is_named() -> None:
    store = MemoryStore()
    async with engine(store, worker=False) as one:
        await one.start(flows.acting, "x", id="r")
        await one.start(flows.asking, ["anna"], id="a")
    store.acquire_worker()
    store.post(Board(worker="host:1", since=one.now(), serves={"something else": ["1"]}))
    why = await outside(store, "r")
    assert (why.cause, why.worker) == ("code_missing", "host:1")
    assert "why-acting" in why.said
    assert why.actions[0].line() == "interlock work why.flows"
    later = await outside(store, "a")
    assert later.cause == "approval"
    assert "does not have the code of why-asking" in later.besides[0]


async def test_a_missing_resource_is_named() -> None:
    store = MemoryStore()
    async with engine(store, worker=False) as one:
        await one.start(flows.posting(), "x", id="r")
    async with Engine(store, machines=[flows.acting]) as one:
        await one.settle()
        why = await one.why("r")
        assert why.cause == "resource_missing"
        assert "post needs Mail" in why.said
    assert (await outside(store, "r")).cause == "resource_missing"


async def test_a_store_that_is_full_is_named_while_it_is() -> None:
    store = Troubled()
    async with engine(store) as one:
        GATE.append(asyncio.Event())
        run = await one.start(flows.slowly, "x", id="r")
        await until(lambda: CALLS == ["x"])
        store.error, store.failing = StoreFull, 10**9
        GATE.pop().set()
        await until(lambda: bool(one.drivers.troubled()))
        why = await run.why()
        assert why.cause == "store_full"
        assert "ILK005" in why.said
        one.noticeboard.post()
        assert (await outside(store, "r")).cause == "store_full"
        store.failing = 0
        assert await run.result() == "x"


async def test_a_store_that_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "FIRST_WAIT", 0.001)
    store = Troubled()
    async with engine(store) as one:
        await one.start(flows.acting, "x", id="r")
        store.error, store.failing = StoreReadOnly, 10**9
        await one.settle()
        assert (await one.why("r")).cause == "store_read_only"


async def test_a_call_that_is_in_doubt_says_how_to_settle_it() -> None:
    store = MemoryStore()
    GATE.append(asyncio.Event())
    async with engine(store) as one:
        await one.start(flows.wiring, "x", id="r")
        await until(lambda: CALLS == ["x"])
        assert (await one.why("r")).cause == "call"
    async with engine(store) as one:
        await one.settle()
        why = await one.why("r")
        assert why.cause == "in_doubt"
        assert "r/wire#1" in why.said
        said = [action.line() for action in why.actions]
        assert said[1:] == [
            "interlock resolve r wire --did-not",
            "interlock resolve r wire --again",
        ]
    assert (await outside(store, "r")).cause == "in_doubt"


async def test_a_cancelled_run_whose_call_does_not_stop_is_told() -> None:
    THREADS.append(threading.Event())
    store = MemoryStore()
    async with engine(store) as one:
        run = await one.start(flows.deafly, "x", id="r")
        await until(lambda: CALLS == ["x"])
        await one.cancel(run, reason="enough")
        why = await run.why()
        assert why.cause == "cancelling"
        one.noticeboard.post()
        assert (await outside(store, "r")).cause == "cancelling"
        THREADS[0].set()
        await run.wait()


async def test_a_worker_with_no_room_left_is_told() -> None:
    GATE.append(asyncio.Event())
    async with engine(concurrency=1) as one:
        await one.start(flows.slowly, "x")
        await until(lambda: CALLS == ["x"])
        run = await one.start(flows.slowly, "y")
        assert (await run.why()).cause == "worker_busy"
        GATE.pop().set()
        assert await run.result() == "y"


async def test_a_handler_that_fails_holds_the_run_with_its_error() -> None:
    store = MemoryStore()
    async with engine(store, worker=False) as one:
        await one.start(flows.acting, "x", id="s")
        await one.drivers.stand_still("s", RuntimeError("a bug"))
        why = await one.why("s")
        assert (why.cause, why.status) == ("error", "held")
        assert "a bug" in why.said


async def test_in_a_file_it_is_the_lock_that_tells_whether_a_worker_lives(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    url = f"sqlite:///{path}"
    async with engine(url, worker=False) as one:
        await one.start(flows.acting, "x", id="r")
    reader = SQLiteStore(path, readonly=True)
    assert (await outside(reader, "r")).cause == "no_worker"
    GATE.append(asyncio.Event())
    async with engine(url) as one:
        run = await one.start(flows.slowly, "y", id="s")
        await until(lambda: "y" in CALLS)
        one.noticeboard.post()
        assert (await outside(reader, "s")).cause == "call"
        assert (await outside(reader, "s")).worker == one.worker.id
        long_ago = path.stat().st_mtime - 3600
        os.utime(f"{path}-lock", (long_ago, long_ago))  # as if it had been stopped, or hung, since
        silent = await outside(reader, "s")
        assert silent.cause == "worker_silent"
        assert "1 h" in silent.said or "60 min" in silent.said
        GATE.pop().set()
        assert await run.result() == "y"
    assert (await outside(reader, "s")).cause == "completed"
    await reader.close()


async def test_a_call_that_waits_for_a_thread_is_told() -> None:
    THREADS.append(threading.Event())
    async with engine(threads=1) as one:
        await one.start(flows.deafly, "x")
        await until(lambda: CALLS == ["x"])
        run = await one.start(flows.deafly, "y", id="r")
        await until(lambda: len(one.noticeboard.board().calls) == 2)
        assert (await run.why()).cause == "threads_busy"
        THREADS[0].set()
        assert await run.result() == "y"
        assert not one.noticeboard.board().calls


async def test_what_has_come_is_of_no_use_without_a_worker() -> None:
    store = MemoryStore()
    async with engine(store) as one:
        await one.start(flows.waiting, 5, id="w")
        await one.start(flows.asking, ["anna"], id="a")
        await one.start(flows.napping, "x", id="c")
        await one.settle()
    async with engine(store, worker=False) as one:
        await one.send("w", flows.Paid(amount=7), by="carl")
        await one.approve("a", "boss", by="anna")
        await one.cancel("c", reason="no need")
        await one.start(flows.grandparent, "x", id="g")
        whys = {run: await one.why(run) for run in ("w", "a", "c", "g")}
    assert {why.cause for why in whys.values()} == {"no_worker"}
    assert "Paid has come from carl" in whys["w"].said
    assert "was decided on" in whys["a"].said
    assert "is cancelled" in whys["c"].said
    assert "is to be started" in whys["g"].said
    async with engine(store) as one:
        await one.settle()
        assert (await one.why("a")).cause == "completed"
        assert (await one.why("c")).cause == "cancelled"


async def test_a_shared_bulkhead_that_others_have_is_told() -> None:
    GATE.append(asyncio.Event())
    store = MemoryStore()
    async with engine(store) as one, engine(store) as other:
        await one.start(flows.behind_shared, "x", id="first")
        await until(lambda: CALLS == ["x"])
        run = await other.start(flows.behind_shared, "y", id="second")
        async with asyncio.timeout(20):
            while await run.status() != "waiting":  # noqa: ASYNC110  another task leads to it
                await asyncio.sleep(0.001)
        why = await outside(store, "second")
        assert why.cause == "bulkhead"
        assert "other processes" in why.said
        GATE.pop().set()


async def test_a_timer_that_its_worker_does_not_fire_is_overdue() -> None:
    clock = ManualClock()
    async with engine(clock=clock) as one:
        run = await one.start(flows.napping, "x")
        order = await one.start(charts.Ordering, charts.Order(total=1, stock=1))
        await one.send(order, charts.Pay(amount=1))
        await one.send(order, charts.Send())
        await one.settle()
        clock.set(clock.now() + timedelta(days=40))  # its timers look at the clock once a minute
        assert (await run.why()).cause == "overdue"
        assert (await order.why()).cause == "overdue"
        await one.tick()
        await one.settle()
        assert (await run.why()).cause == "completed"
        assert (await order.why()).cause == "completed"


async def test_what_a_worker_is_about_to_do_is_due() -> None:
    store = MemoryStore()
    async with engine(store, worker=False) as one:
        await one.start(flows.acting, "x", id="r")
    async with engine(store) as one:
        assert (await one.why("r")).cause == "due"  # it has not had its turn yet
        await one.settle()


async def test_a_store_that_is_busy_is_told() -> None:
    store = Troubled()
    async with engine(store) as one:
        GATE.append(asyncio.Event())
        run = await one.start(flows.slowly, "x", id="r")
        await until(lambda: CALLS == ["x"])
        store.error, store.failing = StoreBusy, 10**9
        GATE.pop().set()
        await until(lambda: bool(one.drivers.troubled()))
        assert (await run.why()).cause == "store_busy"
        store.failing = 0
        assert await run.result() == "x"
