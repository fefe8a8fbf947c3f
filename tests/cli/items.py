"""A workflow of many items, in batches."""

from __future__ import annotations

import asyncio

from interlock.machines import Batch, each, partition, step, workflow


class Odd(Exception):
    """Of no use here."""


@step(raises=Odd)
async def halve(number: int) -> int:
    if number == 7:
        raise Odd(str(number))
    return number // 2


@workflow(name="cli-halving")
async def halving(numbers: int) -> int:
    batch = Batch(size=15, concurrency=15, delay="200 ms")
    outcomes = await each(halve, range(numbers), batch=batch, on_error="collect")
    return len(partition(outcomes)[0])


@step
async def stick(number: int) -> None:
    await asyncio.Event().wait()


@workflow(name="cli-sticking")
async def sticking(numbers: int) -> None:
    await each(stick, range(numbers), concurrency=numbers)
