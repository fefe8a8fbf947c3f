"""A process that drives the runs of a file, with or without asking whether another does."""

from __future__ import annotations

import asyncio
import sys

from interlock.engine import Engine
from interlock.machines import Command, approval, step, wait_for, workflow
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


async def serve(path: str) -> None:
    """Be the worker until killed."""
    async with Engine(f"sqlite:///{path}", machines=[asking, sticking, summing]) as engine:
        print("driving" if engine.driving else "waiting", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run({"compete": compete, "serve": serve}[sys.argv[1]](sys.argv[2]))
