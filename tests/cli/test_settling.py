"""Waiting until nothing moves: what happens between two looks at the store is not missed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from interlock.cli.settling import settled
from interlock.engine import Engine
from interlock.machines import sleep, step, workflow
from interlock.store.clock import ManualClock
from interlock.store.contract import Entry, Filter

START = datetime(2026, 1, 1, tzinfo=UTC)


@step
async def stretch() -> str:
    await asyncio.sleep(0.2)
    return "up"


@workflow(name="cli-settling-nap")
async def nap() -> str:
    await sleep("1 s")
    return await stretch()


async def test_a_timer_that_fires_between_the_looks_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = ManualClock(START)
    async with Engine("memory://", machines=[nap], clock=clock) as engine:
        await engine.start(nap)
        await engine.settle()
        look = engine.store.entries

        async def look_then_fire(where: Filter | None = None) -> list[Entry]:
            seen = await look(where)
            if clock.now() == START:
                clock.set(START + timedelta(seconds=1))
                assert await engine.tick() == 1
            return seen

        monkeypatch.setattr(engine.store, "entries", look_then_fire)
        await settled(engine, timedelta(seconds=5))
        assert [entry.status for entry in await look()] == ["completed"]
