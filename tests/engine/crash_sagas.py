"""Sagas that can be killed anywhere: as `crash_scenario`, with branches, items and children."""

from __future__ import annotations

import asyncio
import sys

from engine.crash_scenario import ask, find_out, job
from interlock.engine import Engine
from interlock.machines import (
    Refused,
    Retry,
    approval,
    each,
    parallel,
    start,
    step,
    workflow,
)
from interlock.store.contract import FINISHED


async def cancel_booking(name: str) -> None:
    before = ask(f"undo {name}")
    if name == "south" and before == 0:
        raise OSError("the first request is lost")


@step(compensate=cancel_booking, compensate_retry=Retry(attempts=9, initial="1 ms", jitter=0))
async def book(name: str) -> str:
    ask(f"book {name}")
    return name


async def jammed(name: str) -> None:
    ask(f"undo {name}")
    raise OSError("a person has to do it")


@step(compensate=jammed, compensate_retry=Retry.none)
async def stiff(name: str) -> str:
    ask(f"book {name}")
    return name


@step
async def fail() -> None:
    raise ValueError("at last")


async def trip(name: str) -> None:
    await book(name)
    await book.named("car")(f"{name} car")


@workflow(name="crash-stay")
async def stay(name: str) -> str:
    await parallel(stiff(f"{name} room"), book(f"{name} table"))
    return name


@workflow(name="crash-tour")
async def tour() -> None:
    await book("before")
    kept = start(book.named("kept")("kept"))
    await parallel(north=trip("north"), south=trip("south"))
    await each(book.named("item"), ["one", "two", "three"], concurrency=2)
    await stay("inside")
    await kept
    await fail()


async def asking(name: str) -> None:
    await book.named("asking")(name)
    await approval("boss")


@workflow(name="crash-cancelled")
async def cancelled() -> None:
    await stay("first")
    await parallel(a=asking("a"), b=asking("b"))


async def sagas(database: str) -> None:
    """Start what is not started, do what people would, and return when every run has ended."""
    async with Engine(f"sqlite:///{database}", machines=[tour, cancelled, stay]) as engine:
        await engine.start(tour, id="tour")
        await engine.start(cancelled, id="cancelled")
        while True:
            entries = await engine.runs()
            if all(entry.status in FINISHED for entry in entries):
                return
            for entry in entries:
                try:
                    if entry.status == "undo failed":
                        await engine.undo(entry.run, "stiff", "resolve", by="ann", reason="by hand")
                    elif entry.run == "cancelled" and len(await engine.approvals()) > 1:
                        await engine.cancel("cancelled", by="ann", reason="no longer")
                except Refused:
                    continue
                await find_out(engine, entry.run)
            await asyncio.sleep(0.002)


if __name__ == "__main__":
    for line in sys.stdin:
        database, world, point, visit = line.split()
        print(job(database, world, point, visit, sagas), flush=True)
