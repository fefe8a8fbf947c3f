"""Workflows that are talked to: unions, loops, deadlines, races, replies."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from pydantic import Field

from engine.fans import work
from interlock.machines import (
    Command,
    TimedOut,
    now,
    parallel,
    race,
    received,
    reply,
    sleep,
    start,
    wait_for,
    workflow,
)


class Assign(Command):
    job: str
    weight: int = Field(default=1, ge=1)


class Cancel(Command):
    pass


class Paid(Command):
    amount: Decimal


@workflow
async def job_loop(hours: int) -> list[Any]:
    deadline = now() + timedelta(hours=hours)
    jobs: list[Any] = []
    while True:
        try:
            match await wait_for(Assign, Cancel, timeout=deadline - now()):
                case Cancel():
                    return [*jobs, "cancelled"]
                case Assign(job=job):
                    jobs.append(job)
                    await work(len(jobs))
        except TimedOut:
            return [*jobs, "too late"]


@workflow
async def job_union(n: int) -> str:
    found = await wait_for(Assign | Cancel, where=lambda c: getattr(c, "weight", n) >= n)
    return type(found).__name__


@workflow
async def peeking(n: int) -> list[Any]:
    seen: list[Any] = []
    for _ in range(n):
        found = await received(Assign, Paid)
        seen.append(None if found is None else type(found).__name__)
        await sleep("1 hour")
    return seen


@workflow
async def message_race(n: int) -> list[Any]:
    won = await race(
        work=work(n), paid=wait_for(Paid), soon=wait_for(Cancel, timeout="1 hour"),
        late=sleep("2 hours"),
    )  # fmt: skip
    return [won.name, getattr(won.value, "amount", won.value)]


async def collect(who: str, n: int) -> list[Any]:
    got: list[Any] = []
    for _ in range(n):
        paid = await wait_for(Paid)
        got.append(paid.amount)
        reply(f"{who} has {sum(got)}")
    return got


@workflow
async def collectors(n: int) -> list[Any]:
    a, b = await parallel(collect("ann", n), collect("bob", n))
    return [a, b]


@workflow
async def cart_talks(limit: int) -> list[str]:
    items: list[str] = []
    while len(items) < limit:
        match await wait_for(Assign, Cancel):
            case Assign(job=job, weight=weight):
                items.append(job)
                await work(weight)
                reply({"items": items, "weight": weight})
            case Cancel():
                break
    return items


@workflow
async def impolite() -> None:
    await wait_for(Assign)


@workflow
async def answering_nobody() -> None:
    await work(1)
    reply("to whom?")


@workflow
async def waits_begun(n: int) -> list[Any]:
    first = start(wait_for(Paid))
    second = start(wait_for(Paid))
    await work(n)
    return [(await second).amount, (await first).amount]


@workflow
async def begins_nonsense(how_long: str) -> None:
    start(sleep(how_long))
    await work(1)
