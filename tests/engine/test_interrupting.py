"""Cancellation and timeouts reach the call that they are meant for, and no other."""

from __future__ import annotations

import asyncio
import threading

import pytest

from engine.trouble import Troubled
from interlock.engine import Engine, RunCancelledError
from interlock.machines import TimedOut, step, workflow

CALLS: list[str] = []
GATE = threading.Event()


@pytest.fixture(autouse=True)
def _clean() -> None:
    CALLS.clear()
    GATE.clear()


@step
async def lasting(name: str) -> None:
    CALLS.append(name)
    await asyncio.sleep(0.02 if name == "cleaning" else 3600)


@step(timeout="20 ms")
def blocking() -> str:
    GATE.wait(10)
    return "late"


@step
def waiting() -> str:
    CALLS.append("waiting")
    GATE.wait(10)
    return "done"


@workflow
async def cleaning_up() -> None:
    try:
        await lasting("working")
    finally:
        await lasting("cleaning")


@workflow
async def blocked() -> str:
    return await blocking()


@workflow
async def in_threads() -> list[str]:
    first = await waiting()
    return [first, await waiting()]


async def until(what: str) -> None:
    while what not in CALLS:  # noqa: ASYNC110  a step tells no one
        await asyncio.sleep(0.001)


async def test_a_second_cancellation_does_not_disturb_the_cleaning_up() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(cleaning_up)
        await until("working")
        await engine.cancel(run, reason="first")
        await until("cleaning")
        await engine.cancel(run, reason="second")
        with pytest.raises(RunCancelledError, match="first"):
            await run.result()
    assert CALLS == ["working", "cleaning"]


async def test_a_plain_function_that_takes_too_long_times_out_while_it_still_runs() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(blocked)
        with pytest.raises(TimedOut, match="blocking"):
            await run.result()
        assert not GATE.is_set()
        GATE.set()


async def test_closing_waits_for_a_thread_and_records_what_it_did_but_calls_no_more() -> None:
    store = Troubled()
    async with Engine(store) as engine:
        await engine.start(in_threads, id="run")
        await until("waiting")
        asyncio.get_running_loop().call_later(0.01, GATE.set)
    assert CALLS == ["waiting"]
    async with Engine(store) as engine:
        run = await engine.get("run")
        assert await run.result() == ["done", "done"]
    assert CALLS == ["waiting", "waiting"]
