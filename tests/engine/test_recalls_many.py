"""Very many calls that are found at once: what it costs to begin them again."""

from __future__ import annotations

import asyncio

import pytest

from interlock.engine import Engine
from interlock.machines import step, workflow
from interlock.store.backends.memory import MemoryStore
from interlock.store.contract import Appended, Commit
from interlock.store.event import Event
from interlock.store.vocabulary import StepRecalled

MANY = 300
CALLS: list[int] = []


@pytest.fixture(autouse=True)
def _clean() -> None:
    CALLS.clear()


@step
async def one(n: int) -> int:
    CALLS.append(n)
    if len(CALLS) <= MANY:
        await asyncio.Event().wait()  # until its engine is closed
    return n


@workflow(name="very-many")
async def very_many() -> int:
    found = await asyncio.gather(*(one(n) for n in range(MANY)))
    return sum(found)


class Counted(MemoryStore):
    """Counts the commits, and the events that are read."""

    commits = 0
    events = 0

    async def append(self, commit: Commit) -> Appended:
        self.commits += 1
        return await super().append(commit)

    async def read(self, stream: str, *, after: int = 0, upto: int | None = None) -> list[Event]:
        found = await super().read(stream, after=after, upto=upto)
        self.events += len(found)
        return found


async def test_each_event_is_read_once_for_all_and_all_are_recorded_together() -> None:
    store = Counted()
    async with Engine(store, machines=[very_many]) as engine:
        await engine.start(very_many, id="run")
        while len(CALLS) < MANY:  # noqa: ASYNC110  a step tells no one
            await asyncio.sleep(0)
    store.commits = store.events = 0
    async with Engine(store, machines=[very_many]) as engine:
        run = await engine.get("run")
        assert await run.result() == sum(range(MANY))
        bodies = [event.body for event in await store.read("run")]
    assert len(CALLS) == 2 * MANY
    recalled = [body.activity for body in bodies if isinstance(body, StepRecalled)]
    assert len(recalled) == len(set(recalled)) == MANY
    assert store.commits < 10
    assert store.events < 6 * MANY
