"""A step that kills its process as often as it was told: run as a program, to be run again.

`poison.py database calls deaths`: every call is a byte in the file `calls`; a call that finds fewer
than `deaths` of them before it kills its own process.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from interlock.engine import Engine
from interlock.machines import step, workflow

DATABASE, CALLS, DEATHS = sys.argv[1:] if len(sys.argv) == 4 else ("", "", "0")


def called() -> None:
    """Count a call durably, and die of it."""
    calls = Path(CALLS)
    before = calls.stat().st_size if calls.exists() else 0
    with calls.open("ab") as file:
        file.write(b".")
        os.fsync(file.fileno())
    if before < int(DEATHS):
        os.kill(os.getpid(), signal.SIGKILL)


@step(interruptions=4)
async def poison() -> str:
    called()
    return "survived"


@workflow(name="poisonous")
async def poisonous() -> str:
    return await poison()


async def main() -> None:
    async with Engine(f"sqlite:///{DATABASE}", machines=[poisonous]) as engine:
        await engine.start(poisonous, id="run")
        await engine.settle()


if __name__ == "__main__":
    asyncio.run(main())
