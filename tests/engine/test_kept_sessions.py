"""Long runs stay in memory while they wait: what is kept is what the log says."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path

import pytest
from pydantic import BaseModel

from interlock.engine import Engine
from interlock.engine import sessions as module
from interlock.engine.sessions import Sessions
from interlock.machines import Command, Lifecycle, Refused, on, step, wait_for, workflow
from interlock.projections import fold

LONG, KEPT = 24, 2


@pytest.fixture(autouse=True)
def _shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONG", LONG)
    monkeypatch.setattr(module, "KEPT", KEPT)


class Door(StrEnum):
    OPEN = "open"
    SHUT = "shut"
    GONE = "gone"


class Counted(BaseModel):
    times: int = 0


class Open(Command):
    pass


class Shut(Command):
    pass


class Remove(Command):
    pass


class KeptDoor(Lifecycle[Door, Counted], initial=Door.SHUT, final={Door.GONE}):
    @on(Open, source=Door.SHUT, target=Door.OPEN)
    def swing_open(self, data: Counted, command: Open) -> Counted:
        return Counted(times=data.times + 1)

    @on(Shut, source=Door.OPEN, target=Door.SHUT)
    def fall_shut(self, data: Counted, command: Shut) -> Counted:
        return data

    @on(Remove, source=Door.SHUT, target=Door.GONE)
    def remove(self, data: Counted, command: Remove) -> Counted:
        return data


class Poke(Command):
    pass


@step
async def add(total: int, more: int) -> int:
    return total + more


@workflow
async def poked(pokes: int) -> int:
    total = 0
    for _ in range(pokes):
        await wait_for(Poke)
        total = await add(total, 1)
    return total


class Reads:
    """Counts how often each run is read from its first event."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.of: dict[str, int] = {}
        load = Sessions._load  # pyright: ignore[reportPrivateUsage]  # to be counted

        async def counted(sessions: Sessions, run: str) -> object:
            self.of[run] = self.of.get(run, 0) + 1
            return await load(sessions, run)

        monkeypatch.setattr(Sessions, "_load", counted)


async def poke(engine: Engine, run: str, times: int) -> None:
    for _ in range(times):
        await engine.send(run, Poke())
        await engine.settle()


async def test_a_long_run_that_waits_is_not_loaded_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pokes = LONG // 4 + 10  # four events each
    async with Engine("memory://") as engine:
        run = await engine.start(poked, pokes, id="long")
        await poke(engine, "long", pokes - 5)
        reads = Reads(monkeypatch)
        await poke(engine, "long", 5)
        assert await run.result() == pokes
        assert reads.of == {}
        assert fold(await engine.store.read("long")).ended == "completed"


async def test_short_runs_are_forgotten_and_few_long_ones_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pokes = LONG // 4 + 10
    async with Engine("memory://") as engine:
        await engine.start(poked, 3, id="short")
        await engine.settle()
        for number in range(KEPT + 1):
            await engine.start(poked, pokes, id=f"long-{number}")
            await poke(engine, f"long-{number}", pokes - 1)
        reads = Reads(monkeypatch)
        await poke(engine, "short", 1)
        for number in range(KEPT + 1):
            await poke(engine, f"long-{number}", 1)
    assert "short" in reads.of
    assert [run for run in reads.of if run.startswith("long")] == ["long-0"]


async def test_a_refusal_looks_at_what_others_did_meanwhile(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/door.db"
    async with Engine(url) as worker, Engine(url, worker=False) as client:
        await worker.start(KeptDoor, Counted(), id="door")
        for _ in range(LONG // 2):
            await worker.send("door", Open())
            await worker.send("door", Shut())
        await client.send("door", Open())
        await worker.send("door", Shut())  # legal since a moment ago
        with pytest.raises(Refused):
            await worker.send("door", Shut())
        door = await worker.get("door")
        assert await door.state() == "shut"


async def test_what_is_outdated_when_it_has_just_been_loaded_is_loaded_again() -> None:
    async with Engine("memory://", machines=[KeptDoor]) as engine:
        await engine.start(KeptDoor, Counted(), id="door")
        engine.sessions.hold("door")
        engine.sessions.outdated("door", 99)
        loading = asyncio.ensure_future(engine.sessions.get("door"))
        while engine.sessions.cached("door") is None:  # noqa: ASYNC110  turn by turn
            await asyncio.sleep(0)
        assert not loading.done()
        engine.sessions.outdated("door", 99)
        assert not (await engine.sessions.get("door")).broken
        engine.sessions.release("door")
