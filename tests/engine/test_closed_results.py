"""A result is asked for when nobody moves the run any more, or of a run that others have ended."""

from __future__ import annotations

import asyncio

import pytest

from interlock.engine import Engine
from interlock.engine.errors import EngineClosed
from interlock.machines import parallel, step, workflow

CALLS: list[int] = []


@step
async def said(number: int) -> int:
    return number


@workflow
async def saying(number: int) -> int:
    return await said(number)


@step
async def cancels_itself(number: int) -> int:
    CALLS.append(number)
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    if number < 0:
        raise ValueError(number)
    return number


@workflow
async def cancelling_itself(number: int) -> int:
    return await cancels_itself(number)


@workflow
async def cancelling_beside(number: int) -> tuple[int, int]:
    return await parallel(cancels_itself(number), said(number))


@pytest.mark.parametrize("store", ["memory://", "sqlite"])
async def test_the_result_of_a_closed_engine_is_refused(store: str, tmp_path: object) -> None:
    url = store if store != "sqlite" else f"sqlite:///{tmp_path}/closed.db"
    async with Engine(url, machines=[saying]) as engine:
        run = await engine.start(saying, 1, id="closed")
    async with asyncio.timeout(30):
        with pytest.raises(EngineClosed):
            await run.result()
        with pytest.raises(EngineClosed):
            await run.wait()


async def test_a_step_that_cancels_its_own_task_is_called_once() -> None:
    CALLS.clear()
    async with Engine("memory://", machines=[cancelling_itself, cancelling_beside]) as engine:
        async with asyncio.timeout(30):
            one = await engine.start(cancelling_itself, 1, id="one")
            assert await one.result() == 1
            two = await engine.start(cancelling_itself, -2, id="two")
            with pytest.raises(Exception, match="-2"):
                await two.result()
            three = await engine.start(cancelling_beside, 3, id="three")
            assert await three.result() == (3, 3)
    assert CALLS == [1, -2, 3]
