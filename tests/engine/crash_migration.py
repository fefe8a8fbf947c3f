"""A run that is migrated, and a scenario of it that can be killed anywhere: run as a program."""

from __future__ import annotations

import sys
from typing import Any

from engine.crash_scenario import ask, job
from interlock.engine import Engine
from interlock.machines import Command, Workflow, approval, step, wait_for


class Go(Command):
    pass


@step
async def note(text: str) -> str:
    ask(f"note {text}")
    return text


async def before(total: int) -> list[Any]:
    first = await note(f"begun {total}")
    await wait_for(Go)
    return [first, total]


async def behind(total: int) -> list[Any]:
    first = await note(f"begun {total}")
    await wait_for(Go)
    amount = total
    second = await note.named("later")(f"migrated {amount}")
    await approval("boss")
    return [first, second, amount]


def old() -> Workflow[..., Any]:
    return Workflow(before, "crash-migrated", "1")


def new() -> Workflow[..., Any]:
    made = Workflow(behind, "crash-migrated", "2")

    @made.migrate(from_="1")
    def in_cents(variables: dict[str, Any]) -> dict[str, Any]:
        return {**variables, "total": variables["total"] * 100}

    return made


async def moving(database: str) -> None:
    """Start under old code, go on under new code, until the run has ended."""
    url = f"sqlite:///{database}"
    async with Engine(url, machines=[new()], worker=False) as client:
        begun = bool(await client.runs())
    if not begun:
        async with Engine(url, machines=[old()]) as engine:
            await engine.start(old(), 7, id="run")
            await engine.settle()
    async with Engine(url, machines=[new()]) as engine:
        run = await engine.get("run")
        if await run.status() != "completed":
            await engine.send("run", Go(), command_id="go")
            await engine.settle()
            await engine.approve("run", "boss", by="ann", command_id="yes")
            await run.result()


if __name__ == "__main__":
    for line in sys.stdin:
        database, world, point, visit = line.split()
        print(job(database, world, point, visit, moving), flush=True)
