"""Trouble while driving: nothing is lost, nothing looks healthy that is not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from engine import trouble
from engine.trouble import CALLS, RAISING, Odd, Ping, Troubled
from interlock.engine import Engine, EngineClosed
from interlock.engine import session as sessions
from interlock.machines import StepFailed
from interlock.machines.errors import BadDefinition
from interlock.store.errors import StoreError, StoreFull, StoreReadOnly, Unrecordable


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sessions, "FIRST_WAIT", 0.001)
    CALLS.clear()
    RAISING.clear()
    yield
    CALLS.clear()
    RAISING.clear()


async def called(what: str) -> None:
    while what not in CALLS:  # noqa: ASYNC110  a step tells nobody else
        await asyncio.sleep(0)


async def test_an_outcome_waits_for_a_full_store_without_another_call() -> None:
    store = Troubled()
    async with Engine(store) as engine:
        run = await engine.start(trouble.two_acts, id="a")
        store.failing = 4
        assert await run.result() == ["first", "second"]
        (await run.history()).verify()
    assert CALLS == ["first", "between", "second"]
    assert store.failing == 0


async def test_a_full_store_refuses_who_asks_and_takes_the_next_request() -> None:
    store = Troubled()
    async with Engine(store) as engine:
        store.failing = 1
        with pytest.raises(StoreFull):
            await engine.start(trouble.strict, id="a")
        assert await engine.runs() == []
        run = await engine.start(trouble.strict, id="a")
        store.failing = 1
        with pytest.raises(StoreFull):
            await engine.send(run, Ping(number=1), command_id="c")
        await engine.send(run, Ping(number=1), command_id="c")
        assert await run.result() == 1


async def test_a_store_that_cannot_be_written_stops_the_run_visibly() -> None:
    store = Troubled()
    async with Engine(store) as engine:
        await engine.start(trouble.two_acts, id="a")
        store.error, store.failing = StoreReadOnly, 2
        await engine.settle()
        assert "no room" in engine.held["a"]
        engine.wake("a")  # as recovery would
        await engine.settle()
        assert (await engine.runs())[0].status == "completed"


@pytest.mark.parametrize("kind", [Odd, asyncio.CancelledError, GeneratorExit, TimeoutError])
async def test_whatever_a_step_raises_is_its_outcome(kind: type[BaseException]) -> None:
    RAISING.append(kind("hm"))
    async with Engine("memory://") as engine:
        run = await engine.start(trouble.plainly_raising)
        caught = await run.result()
        await engine.settle()
        assert engine.busy == 0
        (effect,) = (await run.history()).ledger()
        assert effect.status == "failed"
    assert caught in (kind.__name__, StepFailed.__name__)


async def test_what_where_raises_is_raised_at_the_await() -> None:
    async with Engine("memory://") as engine:
        caught = await engine.start(trouble.picky, id="caught")
        await engine.send(caught, Ping(number=0))
        assert await caught.result() == "zero"
        failed = await engine.start(trouble.strict, id="failed")
        await engine.send(failed, Ping(number=0))
        with pytest.raises(ZeroDivisionError):
            await failed.result()
        await engine.settle()
        assert not engine.held


@pytest.mark.parametrize("length", [5, "soon", "999999999 days"])
async def test_a_sleep_that_is_none_fails_the_run(length: object) -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(trouble.bad_sleep, length)
        with pytest.raises((BadDefinition, OverflowError)):
            await run.result()
        assert await run.status() == "failed"


async def test_an_approval_is_named_by_text() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(trouble.bad_approval, 7)
        with pytest.raises(BadDefinition, match="is text"):
            await run.result()


async def test_a_variable_that_cannot_be_recorded_is_named_with_its_line() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(trouble.unrecordable)
        with pytest.raises(Unrecordable, match="handle") as caught:
            await run.result()
        assert "trouble.py:" in "".join(caught.value.__notes__)
        assert CALLS == ["before"]
        other = await engine.start(trouble.unrecordable_result)
        with pytest.raises(Unrecordable, match="giving_object"):
            await other.result()


async def test_a_mistake_of_the_engine_holds_the_run_until_it_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = Troubled()
    async with Engine(store) as engine:
        with monkeypatch.context() as patch:
            patch.setattr("interlock.engine.workflows.WorkflowRun.succeed", _mistaken)
            run = await engine.start(trouble.two_acts, id="a")
            await engine.settle()
            assert "a mistake" in engine.held["a"]
            (entry,) = await engine.runs()
            assert (entry.status, entry.waits) == ("held", "person")
            assert "a mistake" in entry.waits_for
    async with Engine(store) as engine:
        run = await engine.get("a")
        assert await run.result() == ["first", "second"]
        assert not engine.held


def _mistaken(*_: object) -> None:
    message = "a mistake"
    raise RuntimeError(message)


async def test_closed_during_a_call_it_is_made_again_with_the_same_key() -> None:
    store = Troubled()
    async with Engine(store) as engine:
        run = await engine.start(trouble.lasting_run, id="a")
        await called("lasting")
        (before,) = (await run.history()).ledger()
    assert engine.busy == 0
    async with Engine(store) as engine:
        CALLS.clear()
        await called("lasting")
        (again,) = (await (await engine.get("a")).history()).ledger()
        assert (again.key, again.status, again.attempts) == (before.key, "intended", 1)


async def test_closing_ends_who_waits_and_refuses_who_comes() -> None:
    store = Troubled()
    async with Engine(store) as engine:
        run = await engine.start(trouble.strict, id="a")
        waiting = asyncio.ensure_future(run.result())
        await engine.settle()
        await asyncio.sleep(0)
    with pytest.raises(EngineClosed):
        await waiting
    with pytest.raises(EngineClosed):
        await engine.start(trouble.strict, id="b")
    with pytest.raises(EngineClosed):
        await run.result()
    await engine.close()


async def test_an_engine_that_cannot_open_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(_: object) -> int:
        message = "unreadable"
        raise StoreError(message)

    monkeypatch.setattr("interlock.engine.core.unfinished", broken)
    before = asyncio.all_tasks()
    with pytest.raises(StoreError, match="unreadable"):
        async with Engine("memory://"):
            pass
    assert asyncio.all_tasks() == before


async def test_who_starts_a_run_and_is_cancelled_does_not_leave_it_undriven() -> None:
    store = Troubled()
    async with Engine(store) as engine:
        for turns in range(6):
            starting = asyncio.ensure_future(engine.start(trouble.two_acts, id=f"r{turns}"))
            for _ in range(turns):
                await asyncio.sleep(0)
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
        await asyncio.sleep(0)
        await engine.settle()
        assert {entry.status for entry in await engine.runs()} == {"completed"}


@pytest.mark.parametrize("text", ["", "a\u2028b\x85\x1c", "\ud800", "x" * 1_000_000, "ünïcödé 🚂"])
async def test_texts_of_every_kind(text: str) -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(trouble.echoing, text)
        assert await run.result() == text + "!" + text + "!"
        (await run.history()).verify()


@pytest.mark.parametrize("name", ["ä/b c?#%'\"", "🚂", "a" * 200, "-", "..", "x:y"])
async def test_run_ids_of_every_kind(name: str) -> None:
    async with Engine("memory://") as engine:
        await engine.start(trouble.two_acts, id=name)
        await engine.settle()
        assert await (await engine.get(name)).status() == "completed"
