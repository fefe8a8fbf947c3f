"""Work on many items, which counts how often it was called for each."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from engine.fans import work
from interlock.machines import Batch, current, each, parallel, race, settle, skip, step, workflow

CALLED: Counter[str] = Counter()
"""How often each call was made, by idempotency key. Tests clear it."""


@step
async def move(n: int) -> int:
    CALLED[current().key] += 1
    for _ in range(n % 4):
        await asyncio.sleep(0)
    return 2 * n


@workflow
async def many_moves(count: int, at_a_time: int) -> int:
    moved = await each(move, range(count), concurrency=at_a_time)
    return sum(moved)


@workflow
async def works(items: list[int], at_a_time: int) -> list[Any]:
    return await each(work, items, concurrency=at_a_time, on_error="collect")


@workflow
async def paced(items: list[int]) -> list[Any]:
    return await each(work, items, batch=Batch(size=3, concurrency=2, delay="1 hour"))


@workflow
async def called(items: list[int], ids: list[str]) -> list[Any]:
    return await each(work, items, ids=ids)


@workflow
async def called_by_themselves(items: list[int]) -> list[Any]:
    return await each(work, items, ids=lambda n: f"number {n}")


async def careful_item(n: int) -> int:
    if n % 2:
        skip(f"{n} is odd")
        return 0
    made = await work(n)
    return made[1]


@workflow
async def careful_items(items: list[int]) -> list[int]:
    return await each(careful_item, items, concurrency=2)


@workflow
async def nothing_to_do() -> list[Any]:
    none: list[int] = []
    return [
        await each(work, none),
        await each([work.named("written out")(n) for n in none]),
        await parallel(*[work.named("p")(n) for n in none]),
        await settle(*[work.named("s")(n) for n in none]),
        await asyncio.gather(*[work.named("g")(n) for n in none]),
    ]


@workflow
async def nobody_runs() -> Any:
    none: list[int] = []
    return await race(*[work(n) for n in none])
