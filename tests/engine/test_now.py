"""`now()` is the engine's clock wherever the author's code decides something."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import pytest
from pydantic import BaseModel

from interlock.engine import Engine
from interlock.machines import (
    Check,
    Command,
    Lifecycle,
    Refuse,
    Refused,
    after,
    approval,
    now,
    on,
    wait_for,
    workflow,
)
from interlock.store.clock import ManualClock


class Door(StrEnum):
    OPEN = "open"
    SHUT = "shut"
    GONE = "gone"


class Times(BaseModel):
    shut: datetime | None = None
    gone: datetime | None = None


class Shut(Command):
    pass


class Open(Command):
    pass


class Late(Command):
    pass


def soon(times: Times, command: Open) -> Check:
    assert times.shut is not None
    return now() - times.shut <= timedelta(hours=1) or Refuse("too late")


class Doors(Lifecycle[Door, Times], initial=Door.OPEN, final={Door.GONE}):
    @on(Shut, source=Door.OPEN, target=Door.SHUT)
    def shut(self, times: Times, command: Shut) -> Times:
        return Times(shut=now())

    @on(Open, source=Door.SHUT, target=Door.OPEN, guard=soon)
    def open(self, times: Times, command: Open) -> Times:
        return times

    @after("3 hours", source=Door.SHUT, target=Door.GONE)
    def go(self, times: Times) -> Times:
        return times.model_copy(update={"gone": now()})


START = datetime.fromisoformat("2031-05-01T00:00:00Z")


async def test_guards_methods_and_timers_of_a_lifecycle_see_the_engine_s_clock() -> None:
    clock = ManualClock(START)
    async with Engine("memory://", clock=clock) as engine:
        run = await engine.start(Doors, Times())
        await engine.send(run, Shut())
        clock.set(START + timedelta(hours=1))
        await engine.send(run, Open())
        await engine.send(run, Shut())
        clock.set(START + timedelta(hours=2, seconds=1))
        with pytest.raises(Refused, match="too late"):
            await engine.send(run, Open())
        clock.set(START + timedelta(hours=4))
        await engine.tick()
        assert (await run.variables())["data"] == {
            "shut": "2031-05-01T01:00:00+00:00",
            "gone": "2031-05-01T04:00:00+00:00",
        }
    assert abs(now() - datetime.now(now().tzinfo)) < timedelta(minutes=1)


@workflow(name="asking-now")
async def asking() -> str:
    await wait_for(Late, where=lambda late: now() >= START + timedelta(hours=1))
    decision = await approval(
        "boss", approvers=lambda actor, facts: now() < START + timedelta(hours=2)
    )
    return decision.by


async def test_where_and_approvers_see_the_engine_s_clock() -> None:
    clock = ManualClock(START)
    async with Engine("memory://", clock=clock) as engine:
        run = await engine.start(asking)
        await engine.send(run, Late())
        await engine.settle()
        assert await run.state() == "wait:Late"
        clock.set(START + timedelta(hours=1))
        await engine.send(run, Late())
        await engine.settle()
        clock.set(START + timedelta(hours=3))
        with pytest.raises(Refused):
            await engine.approve(run, "boss", by="ann")
        clock.set(START + timedelta(hours=1, minutes=59))
        await engine.approve(run, "boss", by="ann")
        assert await run.result() == "ann"
