"""A process that drives the runs of a file, with or without asking whether another does."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from interlock.engine import Engine
from interlock.machines import (
    Command,
    approval,
    current,
    each,
    parallel,
    start,
    step,
    wait_for,
    workflow,
)
from interlock.store.backends.sqlite import SQLiteStore
from interlock.store.contract import FINISHED


class Go(Command):
    pass


class Rival(SQLiteStore):
    """Takes the worker's role whoever has it."""

    def acquire_worker(self) -> bool:
        return True


@step
async def add(total: int, number: int) -> int:
    await asyncio.sleep(0.001 * (number % 3))
    return total + number


@workflow
async def summing(count: int) -> int:
    total = 0
    for number in range(count):
        total = await add(total, number)
    return total


@step
async def stuck() -> None:
    await asyncio.Event().wait()


@workflow
async def asking() -> str:
    decision = await approval("boss")
    await wait_for(Go)
    return decision.by


@workflow
async def sticking() -> None:
    await stuck()


RUNS = 6
COUNT = 12
ITEMS = 100

WORLD: list[Path] = []
"""The file into which every call writes its key."""


@step
async def mark(number: int) -> int:
    if WORLD:
        with WORLD[-1].open("a") as file:
            file.write(f"{current().key}\n")
    await asyncio.sleep(0.002 * (number % 3))
    return number


@workflow
async def marking(number: int) -> int:
    return await mark(number) + await mark.named("again")(number)


async def pair(number: int) -> int:
    a, b = await parallel(mark(number), mark.named("other")(number + 1))
    return a + b


@workflow
async def spreading(count: int) -> list[int]:
    begun = start(mark.named("begun")(count))
    items = await each(mark, range(count), concurrency=8)
    pairs = await each(pair, range(count // 4), concurrency=3)
    kids = await each(marking, range(count // 20), concurrency=2)
    return [sum(items), sum(pairs), sum(kids), await begun]


def spread(count: int) -> list[int]:
    """What `spreading` gives."""
    items, pairs, kids = range(count), range(count // 4), range(count // 20)
    return [sum(items), sum(2 * n + 1 for n in pairs), 2 * sum(kids), count]


async def compete(path: str) -> None:
    """Start every run, unless the other process did, and drive them all to their ends."""
    async with Engine(Rival(path), machines=[summing]) as engine:
        print("ready", flush=True)
        sys.stdin.readline()
        for number in range(RUNS):
            await engine.start(summing, COUNT, id=f"run-{number}")
        while any(e.status not in FINISHED for e in await engine.runs()):  # noqa: ASYNC110  the other
            await asyncio.sleep(0.01)  # the other process may be the one that ends them
        await engine.settle()
        await engine.store.close()


async def rival(path: str) -> None:
    """Drive a run that spreads out, whether another process does so too or not."""
    async with Engine(Rival(path), machines=[spreading, marking]) as engine:
        print("ready", flush=True)
        sys.stdin.readline()
        run = await engine.start(spreading, COUNT * 2, id="spread")
        await run.wait()
        await engine.settle()
        await engine.store.close()


async def inherit(path: str) -> None:
    """Drive a run that spreads out as soon as nobody else does."""
    WORLD.append(Path(f"{path}.world"))
    async with Engine(f"sqlite:///{path}", machines=[spreading, marking]) as engine:
        print("driving" if engine.driving else "waiting", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        run = await engine.start(spreading, ITEMS, id="spread")
        await run.wait()
        print("done", flush=True)


async def serve(path: str) -> None:
    """Be the worker until killed."""
    async with Engine(f"sqlite:///{path}", machines=[asking, sticking, summing]) as engine:
        print("driving" if engine.driving else "waiting", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    jobs = {"compete": compete, "serve": serve, "rival": rival, "inherit": inherit}
    asyncio.run(jobs[sys.argv[1]](sys.argv[2]))
