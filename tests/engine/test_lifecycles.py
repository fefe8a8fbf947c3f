"""Lifecycles in the engine: commands, guards, timers, effects."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import pytest
from pydantic import BaseModel

from engine.trouble import Troubled
from interlock.engine import Engine
from interlock.machines import (
    Command,
    Effect,
    HandlerFailed,
    Lifecycle,
    Refuse,
    Refused,
    Retry,
    after,
    entering,
    on,
    step,
)
from interlock.machines.guard import Check
from interlock.store.clock import ManualClock
from interlock.store.errors import DuplicateCommand

CALLS: list[str] = []
ERRORS: list[BaseException] = []
GATE: list[asyncio.Event] = []


@pytest.fixture(autouse=True)
def _clean() -> None:
    for made in (CALLS, ERRORS, GATE):
        made.clear()


class Light(StrEnum):
    OFF = "off"
    ON = "on"
    BROKEN = "broken"
    GONE = "gone"


class Lamp(BaseModel):
    times: int = 0
    colour: object = "white"


class Press(Command):
    force: int = 1


class Paint(Command):
    how: str = "red"


class Drop(Command):
    pass


@step(retry=Retry(attempts=2, initial="1 ms", jitter=0))
async def shine(times: int) -> str:
    CALLS.append(f"shine {times}")
    if GATE:
        await GATE[0].wait()
    if ERRORS:
        raise ERRORS.pop(0)
    return "bright"


def gently(lamp: Lamp, command: Press) -> Check:
    return command.force < 10 or Refuse("too hard")


class LampLifecycle(Lifecycle[Light, Lamp], initial=Light.OFF, final={Light.GONE}):
    @on(Press, source=Light.OFF, target=Light.ON, guard=gently)
    def switch_on(self, lamp: Lamp, command: Press) -> Lamp:
        return lamp.model_copy(update={"times": lamp.times + 1})

    @on(Press, source=Light.ON, target=Light.OFF)
    def switch_off(self, lamp: Lamp, command: Press) -> Lamp:
        return lamp

    @on(Paint, source={Light.OFF, Light.ON})
    def paint(self, lamp: Lamp, command: Paint) -> Lamp:
        if command.how == "badly":
            message = "no brush"
            raise OSError(message)
        colour: object = object() if command.how == "strangely" else command.how
        return lamp.model_copy(update={"colour": colour, "times": lamp.times + 1})

    @on(Drop, source={Light.OFF, Light.ON, Light.BROKEN}, target=Light.GONE)
    def drop(self, lamp: Lamp, command: Drop) -> Lamp:
        return lamp

    @after("1 hour", source=Light.ON, target=Light.BROKEN)
    def burn_out(self, lamp: Lamp) -> Lamp:
        if lamp.colour == "fireproof":
            message = "it cannot burn"
            raise OSError(message)
        return lamp

    @entering(Light.ON)
    def light(self, lamp: Lamp) -> Effect:
        return shine.effect(lamp.times)


async def test_refusals_append_nothing_and_name_what_exists() -> None:
    store = Troubled()
    async with Engine(store) as engine:
        run = await engine.start(LampLifecycle, Lamp(), id="lamp")
        position = await store.position()
        with pytest.raises(Refused, match="too hard") as refused:
            await engine.send(run, Press(force=11))
        assert refused.value.state == "off"
        assert "Press" in str(refused.value.accepts)
        assert any("gently" in guard for guard in refused.value.guards)
        with pytest.raises(HandlerFailed, match="no brush"):
            await engine.send(run, Paint(how="badly"))
        with pytest.raises(Exception, match="colour"):
            await engine.send(run, Paint(how="strangely"))
        with pytest.raises(Refused, match="lifecycle"):
            await engine.cancel(run)
        assert await store.position() == position
        await engine.send(run, Paint(how="red"))
        assert (await run.variables())["data"] == {"times": 1, "colour": "red"}
        await engine.send(run, Drop())
        position = await store.position()
        with pytest.raises(Refused):
            await engine.send(run, Press())
        assert await store.position() == position
        assert await run.status() == "completed"


async def test_a_command_repeated_is_one_and_its_id_belongs_to_one_run() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(LampLifecycle, Lamp(), id="lamp")
        other = await engine.start(LampLifecycle, Lamp(), id="other")
        await engine.send(run, Press(), command_id="c")
        await engine.send(run, Press(), command_id="c")
        assert await run.state() == "on"
        with pytest.raises(DuplicateCommand):
            await engine.send(other, Press(), command_id="c")


async def test_timers_end_with_their_state_and_last_over_a_restart() -> None:
    store, clock = Troubled(), ManualClock()
    async with Engine(store, clock=clock) as engine:
        run = await engine.start(LampLifecycle, Lamp(), id="lamp")
        await engine.send(run, Press())
        await engine.send(run, Press())
        clock.set(clock.now() + timedelta(minutes=50))
        await engine.send(run, Press())
        clock.set(clock.now() + timedelta(minutes=20))
        assert await engine.tick() == 0
        assert await run.state() == "on"
    clock.set(clock.now() + timedelta(minutes=50))
    async with Engine(store, clock=clock) as engine:
        await engine.tick()
        run = await engine.get("lamp")
        while await run.state() == "on":  # noqa: ASYNC110  its own timer task may have been the first
            await asyncio.sleep(0)
        assert await run.state() == "broken"
        assert not engine.held


async def test_a_timer_whose_handler_raises_holds_the_run_visibly() -> None:
    store, clock = Troubled(), ManualClock()
    async with Engine(store, clock=clock) as engine:
        run = await engine.start(LampLifecycle, Lamp(colour="fireproof"), id="lamp")
        await engine.send(run, Press())
        await engine.settle()
        clock.set(clock.now() + timedelta(hours=2))
        await engine.tick()
        assert "it cannot burn" in engine.held["lamp"]
        assert await run.status() == "held"
        await engine.send(run, Press())
        assert (await run.state(), await run.status()) == ("off", "open")


async def test_effects_are_made_once_retried_and_their_failure_recorded() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(LampLifecycle, Lamp(), id="lamp")
        ERRORS.append(OSError("flicker"))
        await engine.send(run, Press())
        while (await run.history()).ledger()[0].status != "confirmed":
            await engine.settle()
            await engine.tick()
        assert CALLS == ["shine 1", "shine 1"]
        await engine.send(run, Press())
        ERRORS.extend([OSError("dark"), OSError("darker")])
        await engine.send(run, Press())
        while (await run.history()).ledger()[1].status != "failed":
            await engine.settle()
            await engine.tick()
        assert (await run.state(), await run.status()) == ("on", "open")


async def test_effects_found_at_recovery_are_made() -> None:
    store = Troubled()
    async with Engine(store) as engine:
        GATE.append(asyncio.Event())
        run = await engine.start(LampLifecycle, Lamp(), id="lamp")
        await engine.send(run, Press())
        while not CALLS:  # noqa: ASYNC110  a step tells no one
            await asyncio.sleep(0)
        await engine.send(run, Drop())  # final, and the effect is still to be made
        assert await run.status() == "running"
    GATE.clear()
    async with Engine(store) as engine:
        await engine.settle()
        run = await engine.get("lamp")
        assert await run.status() == "completed"
        assert [effect.status for effect in (await run.history()).ledger()] == ["confirmed"]


async def test_a_client_moves_a_lifecycle_and_the_worker_makes_its_effects(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    async with Engine(url) as worker, Engine(url) as client:
        assert (worker.driving, client.driving) == (True, False)
        run = await client.start(LampLifecycle, Lamp(), id="lamp")
        await client.send(run, Press())
        while not CALLS:  # noqa: ASYNC110  a step tells no one
            await asyncio.sleep(0.01)
        waiting = asyncio.ensure_future((await worker.get("lamp")).wait())
        await asyncio.sleep(0)
        await client.send(run, Drop())
        assert (await waiting).status == "completed"


async def test_many_commands_at_once_are_taken_one_after_the_other() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(LampLifecycle, Lamp(), id="lamp")
        await asyncio.gather(*(engine.send(run, Paint(how=f"c{i}")) for i in range(50)))
        data = (await run.variables())["data"]
        assert isinstance(data, dict)
        assert data["times"] == 50
        assert len(engine.sessions) == 0
