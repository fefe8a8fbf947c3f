"""A timeout is a `TimeoutError`, as in asyncio: workflow code catches it by either name."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from interlock.engine import Engine
from interlock.machines import Command, TimedOut, Workflow, approval, step, wait_for, workflow
from interlock.store.backends.memory import MemoryStore
from interlock.store.clock import ManualClock


class Posted(Command):
    """A letter was brought."""


@step(timeout="20 ms")
async def endless(name: str) -> str:
    await asyncio.Event().wait()
    return name


@workflow(name="timeouts-asking")
async def asking(name: str) -> str:
    try:
        await approval("boss", timeout="1 hour")
    except TimeoutError as error:
        return f"{name}: {type(error).__name__}"
    return "decided"


@workflow(name="timeouts-waiting")
async def waiting(name: str) -> str:
    try:
        await wait_for(Posted, timeout="1 hour")
    except asyncio.TimeoutError as error:  # noqa: UP041  as older code writes it
        return f"{name}: {type(error).__name__}"
    return "posted"


@workflow(name="timeouts-calling")
async def calling(name: str) -> str:
    try:
        return await endless(name)
    except TimeoutError as error:
        return f"{name}: {type(error).__name__}"


@pytest.mark.parametrize("flow", [asking, waiting])
async def test_a_wait_that_times_out_is_caught_by_the_name_that_python_has_for_it(
    flow: Workflow[..., Any],
) -> None:
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    async with Engine(store, clock=clock) as engine:
        await engine.start(flow, "ann", id="r")
        await engine.settle()
    async with Engine(store, clock=clock) as engine:
        run = await engine.get("r")
        clock.set(clock.now() + timedelta(hours=2))
        await engine.tick()
        await engine.settle()
        assert await run.status() == "completed"
        assert await run.result() == "ann: TimedOut"


async def test_so_is_a_step_that_takes_too_long() -> None:
    async with Engine("memory://") as engine:
        assert await (await engine.start(calling, "bob")).result() == "bob: TimedOut"


def test_the_machine_says_that_nothing_leaves_it() -> None:
    assert [flow.machine.raises for flow in (asking, waiting, calling)] == [()] * 3


def test_it_keeps_its_code_and_its_text() -> None:
    error = TimedOut("the boss said nothing")
    assert (str(error), error.message) == (
        "ILK033: the boss said nothing",
        "the boss said nothing",
    )
    assert error.args == ("the boss said nothing",)
