"""Forks go on by whatever wakes a run, and ask about what comes next; also for other processes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from interlock.engine import Engine, Run
from interlock.machines import (
    Batch,
    Command,
    StepFailed,
    TimedOut,
    approval,
    each,
    registry,
    sleep,
    step,
    wait_for,
    workflow,
)
from interlock.store.backends.memory import MemoryStore
from interlock.store.clock import ManualClock
from interlock.store.forking import Answer

CALLS: list[str] = []


class Odd(Exception):
    """Of no declared class."""


class Told(Command):
    pass


@step
async def wake_act(x: str) -> str:
    CALLS.append(x)
    return x


@workflow
async def wake_child(x: str) -> str:
    return await wake_act(x)


@workflow
async def waking(x: str, how: str) -> list[str]:
    """`how` says behind what it acts; nothing is recorded of another `how`."""
    if how == "end":
        return []
    if how in ("sleep", "child behind a sleep"):
        await sleep("1 day")
    elif how in ("approval", "deadline"):
        try:
            await approval("boss", timeout="1 day")
        except TimedOut:
            x += " in vain"
    elif how == "command":
        await wait_for(Told)
    elif how == "pause":
        return await each(wake_act, [x, "2"], batch=Batch(size=1, delay="1 day"))
    elif how == "child":
        await wake_child(x)
    if how.startswith("child behind"):
        return [await wake_child(x)]
    return [await wake_act(x)]


async def asked(run: Run[Any]) -> list[str]:
    """What a fork asks about; nothing else is about to be called."""
    calls = [a for a in (await run.snapshot()).pending.values() if a.kind in ("step", "child")]
    assert {a.status for a in calls} <= {"asked"}
    return [a.name for a in calls]


async def day(engine: Engine, clock: ManualClock) -> None:
    clock.set(clock.now() + timedelta(days=1))
    await engine.tick()
    await engine.settle()


@pytest.mark.parametrize(
    "how", ["sleep", "child behind a sleep", "approval", "deadline", "command", "pause", "child"]
)
async def test_what_comes_behind_a_wait_is_asked_about(how: str) -> None:
    clock = ManualClock()
    CALLS.clear()
    async with Engine(MemoryStore(clock=clock), machines=[waking], clock=clock) as engine:
        run = await engine.start(waking, "1", "end", id="run")
        fork = await engine.fork(run, at=1, set={"how": how}, id="fork")
        await engine.settle()
        if how in ("pause", "child"):
            name = "wake_act" if how == "pause" else "wake_child"
            assert await asked(fork) == [name]
            await engine.answer(fork, name, "value", "x", by="me")
        elif how == "approval":
            await engine.approve(fork, "boss", by="ann")
        elif how == "command":
            await engine.send(fork, Told())
        await engine.settle()
        await day(engine, clock)
        left = "wake_child" if how.startswith("child behind") else "wake_act"
        assert await asked(fork) == [left]
        assert CALLS == []
        await engine.answer(fork, left, "value", "y", by="me")
        await engine.settle()
        assert (await fork.result())[-1] == "y"


async def until(so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await so():  # noqa: ASYNC110  another process moves it
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("how", ["value", "live", "recorded", "error"])
async def test_an_answer_from_another_process_is_heard(tmp_path: Path, how: Answer) -> None:
    store = f"sqlite:///{tmp_path}/runs.db"
    CALLS.clear()
    async with (
        Engine(store, machines=[waking]) as engine,
        Engine(store, machines=[waking], worker=False) as client,
    ):
        run = await engine.start(waking, "1", "approval", id="run")
        await engine.approve(run, "boss", by="ann")
        await run.result()
        CALLS.clear()
        fork = await engine.fork(run, at=2, effects="ask", id="fork")
        await engine.settle()
        await engine.approve(fork, "boss", by="ann")

        async def asks() -> bool:
            return await asked(fork) == ["wake_act"]

        async def ended() -> bool:
            return (await fork.snapshot()).ended is not None

        await until(asks)
        value = {"value": "v", "error": "no"}.get(how)
        await client.answer("fork", "wake_act", how, value, by="bo")
        await until(ended)
        assert await fork.status() == ("failed" if how == "error" else "completed")
        assert (["1"] if how == "live" else []) == CALLS


async def test_an_error_can_be_answered_where_the_code_is_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = f"sqlite:///{tmp_path}/runs.db"
    async with Engine(store, machines=[waking]) as engine:
        run = await engine.start(waking, "1", "end", id="run")
        for name in ("text", "exception"):
            await engine.fork(run, at=1, set={"how": "now"}, id=name)
        await engine.settle()
    with monkeypatch.context() as patch:
        patch.setattr(registry, "_known", dict[str, object]())
        async with Engine(store, worker=False) as client:
            await client.answer("text", "wake_act", "error", "boom", by="bo")
            await client.answer("exception", "wake_act", "error", Odd("boom"), by="bo")
    async with Engine(store, machines=[waking]) as engine:
        await engine.settle()
        for name, said in (("text", "boom"), ("exception", "Odd: boom")):
            fork = await engine.get(name)
            assert await fork.status() == "failed"
            with pytest.raises(StepFailed, match=said):
                await fork.result()
