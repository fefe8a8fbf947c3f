"""Forks of lifecycles, of runs with branches and children under way, and what gates see of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from pydantic import BaseModel

from interlock.engine import Engine, Run, replay
from interlock.machines import (
    Command,
    Effect,
    Lifecycle,
    Refuse,
    Refused,
    after,
    entering,
    on,
    parallel,
    sleep,
    step,
    wait_for,
    workflow,
)
from interlock.machines.resilience import Breaker, Cache
from interlock.store.backends.memory import MemoryStore
from interlock.store.clock import ManualClock
from interlock.store.contract import Filter

CALLS: list[str] = []


class Stage(StrEnum):
    NEW = "new"
    PAID = "paid"
    SHIPPED = "shipped"
    DONE = "done"


class Bill(BaseModel):
    total: Decimal


class Pay(Command):
    amount: Decimal


class Ship(Command):
    to: str


@step
async def pack(total: Decimal) -> str:
    CALLS.append("pack")
    return "packed"


def enough(bill: Bill, command: Pay) -> bool | Refuse:
    return command.amount >= bill.total or Refuse("underpaid")


class Billing(Lifecycle[Stage, Bill], initial=Stage.NEW, final={Stage.DONE}):
    @on(Pay, source=Stage.NEW, target=Stage.PAID, guard=enough)
    def pay(self, bill: Bill, command: Pay) -> Bill:
        return bill

    @entering(Stage.PAID)
    def packs(self, bill: Bill) -> Effect:
        return pack.effect(bill.total)

    @on(Ship, source=Stage.PAID, target=Stage.SHIPPED)
    def ship(self, bill: Bill, command: Ship) -> Bill:
        return bill

    @after("3 days", source=Stage.SHIPPED, target=Stage.DONE)
    def done(self, bill: Bill) -> Bill:
        return bill


async def test_a_lifecycle_is_given_its_commands_and_timers_and_no_effect_is_run() -> None:
    clock = ManualClock()
    async with Engine(MemoryStore(), machines=[Billing], clock=clock) as engine:
        run = await engine.start(Billing, Bill(total=Decimal(10)), id="bill")
        await engine.send(run, Pay(amount=Decimal(10)), by="ann")
        await engine.settle()
        await engine.send(run, Ship(to="x"), by="bo")
        clock.set(clock.now() + timedelta(days=4))
        await engine.tick()
        history = await run.history()
        assert replay(history, Billing).verdict == "same"
        CALLS.clear()
        for version in range(1, len(history) + 1):
            fork = await engine.fork(run, version)
            await engine.settle()
            state = await fork.snapshot()
            assert (state.status, state.state) == ("completed", "done")
        dearer = await engine.fork(run, 1, set={"data.total": 20})
        await engine.settle()
        assert await dearer.state() == "new"
        refused = [getattr(e.body, "refused", "") for e in (await dearer.history()).events]
        assert "underpaid" in next(filter(None, refused))
        asking = await engine.fork(run, 1, effects="ask")
        await engine.send(asking, Pay(amount=Decimal(50)), by="me")
        await engine.settle()
        await engine.answer(asking, "pack", "value", "by hand")
        await engine.send(asking, Ship(to="y"))
        (timer,) = await engine.store.timers(asking.id)
        assert timer.due == clock.now() + timedelta(days=3)
        assert not CALLS


@step
async def fetch(name: str) -> str:
    CALLS.append(name)
    if name == "slow":
        await asyncio.Event().wait()
    return name.upper()


@workflow
async def part(name: str) -> str:
    return await fetch(name)


async def both(name: str) -> str:
    return await fetch(name) + await fetch(f"{name}2")


@workflow
async def family(names: list[str]) -> list[str]:
    a, b = await parallel(part(names[0]), both(names[1]))
    return [a, b]


async def until(so: Callable[[], Awaitable[bool]]) -> None:
    while not await so():  # noqa: ASYNC110  steps and runs know nothing of events
        await asyncio.sleep(0.001)


async def asked(run: Run[Any]) -> list[str]:
    """What a fork asks about."""
    pending = (await run.snapshot()).pending.values()
    return [activity.name for activity in pending if activity.status == "asked"]


async def asks(run: Run[Any]) -> bool:
    return bool(await asked(run))


async def called(name: str) -> bool:
    return name in CALLS


async def test_what_is_under_way_in_branches_and_children_is_asked_about() -> None:
    async with Engine(MemoryStore(), machines=[family, part]) as engine:
        CALLS.clear()
        run = await engine.start(family, ["slow", "b"], id="run")
        await until(lambda: called("b2"))
        await asyncio.sleep(0.01)
        CALLS.clear()
        fork = await engine.fork(run, id="fork")
        await until(lambda: asks(fork))
        assert await asked(fork) == ["part"]
        assert await engine.store.entry("fork/parallel:part+both#1[0]") is None
        await engine.answer(fork, "part", "value", "by hand", by="bo")
        assert await fork.result() == ["by hand", "BB2"]
        live = await engine.fork(run, id="live", effects="live")
        await until(lambda: called("slow"))
        children = await engine.store.entries(Filter(machine="part"))
        assert [entry.parent for entry in children] == ["live", "run"]
        await engine.cancel(live)
        assert (await live.wait()).status == "cancelled"
        assert await run.status() == "waiting"


@workflow
async def single(name: str) -> str:
    return await part(name)


async def test_a_fork_that_asks_about_its_child_can_be_cancelled() -> None:
    async with Engine(MemoryStore(), machines=[single, part]) as engine:
        run = await engine.start(single, "b", id="run")
        await run.result()
        for version in (1, 2):
            fork = await engine.fork(run, at=version, id=f"fork-{version}", effects="ask")
            while not await asks(fork):  # noqa: ASYNC110  a run knows nothing of events
                await asyncio.sleep(0.001)
            await engine.cancel(fork)
            assert (await fork.wait()).status == "cancelled"
            assert await engine.store.entry(f"{fork.id}/part#1") is None


async def give_back(name: str) -> None:
    CALLS.append(f"back {name}")


@step(compensate=give_back)
async def take(name: str) -> str:
    return name


@workflow
async def taking(name: str) -> str:
    taken = await take(name)
    await sleep("1 hour")
    return taken


async def test_an_undo_that_the_parent_never_made_has_no_recorded_outcome() -> None:
    async with Engine(MemoryStore(), machines=[taking]) as engine:
        CALLS.clear()
        run = await engine.start(taking, "b", id="run")
        await engine.settle()
        fork = await engine.fork(run, id="fork", effects="ask")
        await engine.cancel(fork)
        await until(lambda: asks(fork))
        with pytest.raises(Refused, match="recorded no outcome"):
            await engine.answer(fork, "undo take", "recorded", by="bo")
        with pytest.raises(Refused, match="say that it is done"):
            await engine.answer(fork, "undo take", "error", "no", by="bo")
        await engine.answer(fork, "undo take", "value", by="bo")
        assert (await fork.wait()).status == "cancelled"
    assert CALLS == []


class Sent(Command):
    text: str


@workflow
async def talk() -> list[str]:
    heard: list[str] = []
    await sleep("3 days")
    for _ in range(2):
        said = await wait_for(Sent, where=lambda s: s.text not in heard, timeout="5 days")
        heard.append(said.text)
    return heard


async def test_commands_and_time_are_those_that_were_recorded() -> None:
    clock = ManualClock()
    async with Engine(MemoryStore(), machines=[talk], clock=clock) as engine:
        run = await engine.start(talk, id="run")
        await engine.send(run, Sent(text="early"))
        await engine.settle()
        clock.set(clock.now() + timedelta(days=3))
        await engine.tick()
        await engine.settle()
        for text in ("early", "late"):
            await engine.send(run, Sent(text=text), by="ann")
            await engine.settle()
        assert await run.result() == ["early", "late"]
        for version in range(1, len(await run.history())):
            fork = await engine.fork(run, version)
            await engine.settle()
            assert await fork.status() == "completed"
            assert await fork.result() == ["early", "late"]
        asking = await engine.fork(run, 2, effects="ask")
        await engine.settle()
        assert await asking.status() == "sleeping"
        (timer,) = await engine.store.timers(asking.id)
        assert timer.due == clock.now() + timedelta(days=3)


LOOKUPS = Breaker("fork-lookups", threshold=1, reset="1 hour")


@step(breaker=LOOKUPS.name, raises=(KeyError,), cache=Cache(ttl="1 hour"))
async def look_up(name: str) -> str:
    CALLS.append(name)
    if name == "bad":
        raise OSError("down")
    return name


@workflow
async def looking(name: str) -> str:
    return await look_up(name)


async def shared(engine: Engine) -> dict[str, Any]:
    """Every stream that runs share, with its length."""
    rows = await engine.store.entries(Filter(prefix="$"))
    return {row.run: (await engine.store.head(row.run)).version for row in rows}


async def test_gates_are_neither_asked_nor_told() -> None:
    async with Engine(MemoryStore(), machines=[looking]) as engine:
        for name in ("good", "bad"):
            run = await engine.start(looking, name, id=name)
            await run.wait()
        await engine.settle()
        CALLS.clear()
        before = await shared(engine)
        assert before
        for name in ("good", "bad"):
            for version in (1, 2):
                fork = await engine.fork(name, version)
                await engine.settle()
                assert await fork.status() == await (await engine.get(name)).status()
        assert await shared(engine) == before
        assert not CALLS
