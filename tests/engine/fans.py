"""Workflows that do several things at once, for the laws of joins."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from engine.board import Board
from interlock.machines import Batch, Workflow, each, parallel, settle, start, step, workflow

BOARD: list[Board] = []
"""Where the calls wait: the last one."""


class Bad(Exception):
    """The item cannot be worked on."""


@dataclass
class Plan:
    """What to do with the items.

    Attributes:
        items: negative ones fail.
        concurrency: at a time.
        size: of a batch.
        pause: between batches.
    """

    items: list[int] = field(default_factory=list[int])
    concurrency: int = 3
    size: int = 2
    pause: str = "10 minutes"


@step(raises=(Bad,))
async def work(n: int) -> list[int]:
    await BOARD[-1].turn()
    if n < 0:
        raise Bad(f"item {n}", n)
    return [n, n * 10]


async def twice(n: int) -> list[list[int]]:
    first = await work(n)
    first.append(len(first))
    second = await work(n + 1 if n >= 0 else n)
    return [first, second]


@workflow
async def minor(n: int) -> list[int]:
    made = await work(n)
    made.append(n)
    return made


async def nested(n: int) -> list[Any]:
    a, b = await parallel(work(n), twice(abs(n)))  # one may fail: two would be one or two errors
    rest = await each(work, [n + 2, n + 3], concurrency=1)
    return [a, b, rest]


def _batch(plan: Plan) -> Batch:
    return Batch(size=plan.size, concurrency=plan.concurrency, delay=plan.pause)


async def all_of(plan: Plan) -> object:
    return await parallel(*[work(n) for n in plan.items])


async def named(plan: Plan) -> object:
    x, y, z = plan.items[:3]
    return await parallel(a=work(x), b=twice(y), c=minor(z))


async def settled(plan: Plan) -> object:
    return await settle(*[work(n) for n in plan.items], twice(1), minor(-2))


async def settled_one(plan: Plan) -> object:
    return await settle(work(plan.items[0]))


async def gathered(plan: Plan) -> object:
    return await asyncio.gather(*[work(n) for n in plan.items])


async def gathered_all(plan: Plan) -> object:
    return await asyncio.gather(*[twice(n) for n in plan.items], return_exceptions=True)


async def each_step(plan: Plan) -> object:
    return await each(work, plan.items, concurrency=plan.concurrency)


async def each_helper(plan: Plan) -> object:
    return await each(twice, plan.items, concurrency=plan.concurrency, on_error="collect")


async def each_child(plan: Plan) -> object:
    return await each(minor, plan.items, concurrency=plan.concurrency, on_error="collect")


async def each_named(plan: Plan) -> object:
    names = [f"item {i}" for i in range(len(plan.items))]
    return await each(
        work, plan.items, concurrency=plan.concurrency, on_error="collect", ids=names
    )  # fmt: skip


async def batch_collect(plan: Plan) -> object:
    return await each(work, plan.items, batch=_batch(plan), on_error="collect")


async def batch_stop(plan: Plan) -> object:
    return await each(work, plan.items, batch=_batch(plan))


async def conservative(plan: Plan) -> object:
    return await each(work, plan.items, batch=Batch.conservative)


async def aggressive(plan: Plan) -> object:
    return await each(work, plan.items, batch=Batch.aggressive)


async def several_nested(plan: Plan) -> object:
    return await settle(*[nested(n) for n in plan.items[:3]])


async def handles(plan: Plan) -> object:
    begun = [start(work.named("begun")(n)) for n in plan.items]
    other = start(twice(7))
    between = await work(3)
    found = await settle(*begun)
    return [found, between, await other]


FLOWS: dict[str, Workflow[[Plan], object]] = {
    function.__name__: workflow(name=f"fan-{function.__name__}")(function)
    for function in (
        all_of, named, settled, settled_one, gathered, gathered_all, each_step, each_helper,
        each_child, each_named, batch_collect, batch_stop, conservative, aggressive,
        several_nested, handles,
    )
}  # fmt: skip
"""A workflow for each construct."""

STOPS = ("all_of", "named", "gathered", "each_step", "batch_stop", "conservative", "aggressive")
"""These give only the error when a call fails."""
