"""Workflows at the edges of joins: pauses, backoffs, doubts, handles that change hands."""

from __future__ import annotations

from typing import Any

from engine.fans import Bad, work
from interlock.machines import (
    Batch,
    Handle,
    Retry,
    each,
    parallel,
    race,
    settle,
    sleep,
    start,
    step,
    workflow,
)


@step(retry=Retry(attempts=3, initial="1 hour", maximum="1 hour", jitter=0))
async def flaky_work(n: int) -> int:
    made = await work(n)
    if n > 5:
        raise OSError(n)
    return made[1]


@step(on_crash="hold")
async def once_only(n: int) -> int:
    made = await work(n)
    return made[1]


async def flaky_branch(n: int) -> int:
    return await flaky_work(n)


@workflow
async def pausing(items: list[int]) -> list[Any]:
    return await each(work, items, batch=Batch(size=2, concurrency=2, delay="1 hour"))


@workflow
async def backing_off_beside(n: int) -> str:
    try:
        await parallel(flaky_work(n), flaky_branch(n + 1), work(-1))
    except Bad as error:
        return f"{error.args}"
    return "nothing was raised"


@workflow
async def retrying_items(items: list[int]) -> list[Any]:
    found = await each(flaky_work, items, on_error="collect")
    return [type(one).__name__ for one in found]


@workflow
async def doubtful(n: int) -> list[Any]:
    a, b = await parallel(once_only(n), work(n + 1))
    return [a, b]


async def begins(n: int) -> Handle[list[int]]:
    return start(work.named("within")(n))


async def awaits(handle: Handle[list[int]], n: int) -> int:
    made = await handle
    return made[1] + n


@workflow
async def handing_over(n: int) -> list[Any]:
    inner, _ = await parallel(begins(n), work(n + 1))
    outer = start(work.named("without")(n + 2))
    both = await parallel(awaits(outer, 1), awaits(outer, 2))
    return [await inner, *both, await outer]


@workflow
async def sharing(n: int) -> list[Any]:
    shared = start(work.named("shared")(n))
    lost = start(work.named("lost")(n + 1))
    won = await race(shared, lost, sleep("1 hour"))
    rest = await settle(shared, lost)
    return [won.name, won.value, [type(one).__name__ for one in rest]]


@workflow
async def foreign(handle: Handle[int]) -> int:
    return await handle
