"""Runs that end, with children and without, for the tests of archives; a program to be killed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from interlock.engine import Engine
from interlock.machines import approval, start_child, step, workflow
from interlock.store import crash
from interlock.store.archive import moving


@step
async def pack(item: str) -> str:
    return f"packed {item}"


@workflow
async def parcel(item: str) -> str:
    return await pack(item)


@workflow
async def order(item: str) -> str:
    done = await parcel(item)
    await start_child(parcel, f"second {item}", id=f"spare {item}")
    return done


@workflow
async def asked(item: str) -> bool:
    await parcel(item)
    decision = await approval("manager", about=item)
    return decision.granted


MACHINES = [parcel, order, asked]


async def fill(engine: Engine, orders: int) -> None:
    """So many runs that end, each with two children, and one that waits for a person."""
    runs = [await engine.start(order, f"item {n}", id=f"order-{n}") for n in range(orders)]
    await engine.start(asked, "pen", id="asked")
    await asyncio.gather(*(run.result() for run in runs))
    await engine.settle()


async def killed(url: str, folder: str, doing: str, point: str, visit: int) -> None:
    """Archive everything, or restore a run, and die at a point."""
    async with Engine(url, worker=False, machines=MACHINES) as engine:
        moving.ROWS = 20  # so that it takes several transactions
        crash.arm(point, visit)
        if doing == "archive":
            await engine.archive("0 seconds", folder)
        else:
            await engine.restore("order-1")


def hidden(folder: Path) -> list[Path]:
    """The files in a folder that should not be left behind."""
    return [*folder.glob(".*")]


def drop_indexes(folder: Path) -> None:
    """Delete what says where in the archives each run is."""
    for index in folder.glob("*.index.json"):
        index.unlink()


def archives(folder: Path) -> list[Path]:
    """The archives in a folder."""
    return sorted(folder.glob("runs-*.jsonl.gz"))


if __name__ == "__main__":
    url, folder, doing, point, visit = sys.argv[1:]
    asyncio.run(killed(url, folder, doing, point, int(visit)))
