"""A load in a process of its own, as a worker is: `python -m benchmarks.loads URL RUNS STEPS`."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

from interlock.engine import Engine
from interlock.machines import step, workflow

TESTS = Path(__file__).parent.parent


@step
async def nothing(i: int) -> int:
    return i


@workflow
async def steps(count: int) -> int:
    total = 0
    for i in range(count):
        total += await nothing(i)
    return total


async def run_all(url: str, runs: int, count: int, in_flight: int = 64) -> float:
    """Seconds for `runs` runs of `count` steps, so many of them in flight at once."""
    async with Engine(url) as engine:
        warm = await engine.start(steps, 3, id="warm")
        await warm.result()
        numbers = iter(range(runs))

        async def one_after_another() -> None:
            for i in numbers:
                run = await engine.start(steps, count, id=f"run-{i}")
                await run.result()

        began = time.perf_counter()
        await asyncio.gather(*(one_after_another() for _ in range(in_flight)))
        return time.perf_counter() - began


def run_apart(url: str, runs: int, count: int) -> float:
    """The same in a process of its own: what pytest holds in memory costs the collector time."""
    command = [sys.executable, "-m", "benchmarks.loads", url, str(runs), str(count)]
    return float(subprocess.run(command, cwd=TESTS, check=True, capture_output=True).stdout)


if __name__ == "__main__":
    print(asyncio.run(run_all(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
