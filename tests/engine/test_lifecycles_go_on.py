"""Lifecycles under new code: they go on where their states are possible, with new timers."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any

import pytest
from pydantic import BaseModel

from engine.trouble import Ping, Troubled
from interlock.engine import Engine, UnknownMachine
from interlock.machines import Command, Lifecycle, Refused, after, on, registry
from interlock.projections import RunState, fold
from interlock.store import ManualClock
from interlock.store.backends.memory import MemoryStore
from interlock.store.changing import RunMigrated


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the definitions of one name, only the one that an engine is given is known."""
    monkeypatch.setattr(registry, "_known", {})


class Pong(Command):
    number: int


async def migrations(store: Troubled) -> list[RunMigrated]:
    return [e.body for e in await store.read("run") if isinstance(e.body, RunMigrated)]


async def state_of(store: Troubled) -> RunState:
    return fold(await store.read("run"))


class Status(StrEnum):
    OPEN = "open"
    SENT = "sent"
    GONE = "gone"


class Facts(BaseModel):
    total: int = 0


class Before(
    Lifecycle[Status, Facts], initial=Status.OPEN, final={Status.GONE}, name="edited-order"
):
    @on(Ping, source=Status.OPEN, target=Status.SENT)
    def send(self, facts: Facts, command: Ping) -> Facts:
        return facts

    @on(Pong, source=Status.SENT, target=Status.GONE)
    def pay(self, facts: Facts, command: Pong) -> Facts:
        return facts


class MoreFacts(BaseModel):
    total: int = 0
    note: str = "none"


MoreFacts.__qualname__ = "Facts"


class After(
    Lifecycle[Status, MoreFacts], initial=Status.OPEN, final={Status.GONE}, name="edited-order"
):
    @on(Ping, source=Status.OPEN, target=Status.SENT)
    def send(self, facts: MoreFacts, command: Ping) -> MoreFacts:
        return facts.model_copy(update={"note": "sent"})

    @on(Pong, source=(Status.SENT, Status.OPEN), target=Status.GONE)
    def pay(self, facts: MoreFacts, command: Pong) -> MoreFacts:
        return facts

    @after("2 days", source=Status.OPEN, target=Status.GONE)
    def give_up(self, facts: MoreFacts) -> MoreFacts:
        return facts


async def test_a_lifecycle_goes_on_with_new_timers_and_fields() -> None:
    store = Troubled()
    async with Engine(store, machines=[Before]) as engine:
        await engine.start(Before, Facts(total=7), id="run")
    async with Engine(store, machines=[After]) as engine:
        await engine.send("run", Ping(number=1))
        state = await state_of(store)
        assert (state.state, state.hash) == ("sent", After.program().machine.hash)
        assert state.variables == {"data": {"total": 7, "note": "sent"}}
        assert await store.timers("run") == []
    assert len(await migrations(store)) == 1


async def test_a_lifecycles_command_that_is_refused_migrates_nothing() -> None:
    store = Troubled()
    async with Engine(store, machines=[After]) as engine:
        await engine.start(After, MoreFacts(total=7), id="run")
    position = await store.position()
    async with Engine(store, machines=[Before]) as engine:
        with pytest.raises(Refused):
            await engine.send("run", Pong(number=1))
        assert await store.position() == position
        await engine.send("run", Ping(number=1))
        assert await store.timers("run") == []
    assert (await state_of(store)).state == "sent"


class Cents(BaseModel):
    cents: int


class Stage(StrEnum):
    NEW = "new"
    SENT = "sent"
    GONE = "gone"


async def test_a_lifecycle_is_migrated_with_its_states_and_data() -> None:
    class Renamed(
        Lifecycle[Stage, Cents], initial=Stage.NEW, final={Stage.GONE}, name="edited-order"
    ):
        @on(Ping, source=Stage.NEW, target=Stage.SENT)
        def send(self, facts: Cents, command: Ping) -> Cents:
            return facts

        @after("3 days", source=Stage.NEW, target=Stage.GONE)
        def give_up(self, facts: Cents) -> Cents:
            return facts

    store = Troubled()
    async with Engine(store, machines=[Before]) as engine:
        await engine.start(Before, Facts(total=7), id="run")
    async with Engine(store, machines=[Renamed]) as engine:
        with pytest.raises(UnknownMachine, match="was edited since this run began"):
            await engine.send("run", Ping(number=1))
    old = Before.program().machine.hash

    @Renamed.migrate(from_=old, states={"open": "new"})
    def in_cents(facts: dict[str, int]) -> dict[str, int]:
        return {"cents": facts["total"] * 100}

    async with Engine(store, machines=[Renamed]) as engine:
        await engine.send("run", Ping(number=1))
    state = await state_of(store)
    assert (state.state, state.variables) == ("sent", {"data": {"cents": 700}})
    (migrated,) = await migrations(store)
    assert (migrated.states, migrated.by) == ({"open": "new"}, ["in_cents"])


class CentFacts(BaseModel):
    cents: int = 0


CentFacts.__qualname__ = "Facts"


class InCents(
    Lifecycle[Status, CentFacts], initial=Status.OPEN, final={Status.GONE}, name="edited-order"
):
    @on(Ping, source=Status.OPEN, target=Status.SENT)
    def send(self, facts: CentFacts, command: Ping) -> CentFacts:
        return facts

    @on(Pong, source=Status.SENT, target=Status.GONE)
    def pay(self, facts: CentFacts, command: Pong) -> CentFacts:
        return facts


async def test_a_renamed_field_is_never_replaced_by_its_default() -> None:
    store = Troubled()
    async with Engine(store, machines=[Before]) as engine:
        await engine.start(Before, Facts(total=7), id="run")
    async with Engine(store, machines=[InCents]) as engine:
        with pytest.raises(UnknownMachine, match="'total', which is gone, and without 'cents'"):
            await engine.send("run", Ping(number=1))
    assert not await migrations(store)
    assert (await state_of(store)).variables["data"] == {"total": 7}


async def test_a_function_answers_for_data_of_another_shape() -> None:
    store = Troubled()
    async with Engine(store, machines=[Before]) as engine:
        await engine.start(Before, Facts(total=7), id="run")

    class Mended(
        Lifecycle[Status, CentFacts], initial=Status.OPEN, final={Status.GONE}, name="edited-order"
    ):
        @on(Ping, source=Status.OPEN, target=Status.SENT)
        def send(self, facts: CentFacts, command: Ping) -> CentFacts:
            return facts

        @on(Pong, source=Status.SENT, target=Status.GONE)
        def pay(self, facts: CentFacts, command: Pong) -> CentFacts:
            return facts

    @Mended.migrate(from_=Before.program().machine.hash)
    def in_cents(facts: dict[str, int]) -> dict[str, int]:
        return {"cents": 100 * facts["total"]}

    async with Engine(store, machines=[Mended]) as engine:
        await engine.send("run", Ping(number=1))
    state = await state_of(store)
    assert (state.state, state.variables["data"]) == ("sent", {"cents": 700})
    (migrated,) = await migrations(store)
    assert migrated.by == [in_cents.__name__]


class Edited(
    Lifecycle[Stage, MoreFacts], initial=Stage.NEW, final={Stage.GONE}, name="edited-order"
):
    @on(Pong, source=Stage.NEW, target=Stage.GONE)
    def pay(self, facts: MoreFacts, command: Pong) -> MoreFacts:
        return facts


async def test_a_lifecycle_whose_timer_cannot_fire_is_held_and_shows_it() -> None:
    """While it only waits it is left alone; when its timer is due it stands still."""
    clock = ManualClock()
    store = MemoryStore("memory://", clock=clock)
    async with Engine(store, machines=[After], clock=clock) as engine:
        await engine.start(After, MoreFacts(total=7), id="run")
    async with Engine(store, machines=[Edited], clock=clock) as engine:
        await engine.settle()
        assert (await engine.runs())[0].status == "open"
        clock.set(clock.now() + timedelta(days=3))
        await engine.tick()
        (entry,) = await engine.runs()
        assert (entry.status, entry.waits) == ("held", "person")
        assert "the new definition has no state 'open'" in entry.waits_for
        assert "guards" not in entry.waits_for
        assert (await engine.why("run")).cause == "definition_changed"
    async with Engine(store, machines=[Edited], clock=clock) as engine:
        await engine.settle()
    events = [event.type for event in await store.read("run")]
    assert events.count("RunHeld") == 1  # once for a reason
    async with Engine(store, machines=[After], clock=clock) as engine:  # the old code is back
        await engine.tick()
        assert (await engine.runs())[0].status == "completed"


async def test_a_lifecycle_that_was_held_goes_on_when_a_migration_is_there() -> None:
    """Though its timer is no more: the migration alone is something that happens."""
    clock = ManualClock()
    store = MemoryStore("memory://", clock=clock)
    async with Engine(store, machines=[After], clock=clock) as engine:
        await engine.start(After, MoreFacts(total=7), id="run")
    clock.set(clock.now() + timedelta(days=3))
    async with Engine(store, machines=[Edited], clock=clock) as engine:
        await engine.tick()
        assert (await engine.runs())[0].status == "held"

    class Mended(
        Lifecycle[Stage, MoreFacts], initial=Stage.NEW, final={Stage.GONE}, name="edited-order"
    ):
        @on(Pong, source=Stage.NEW, target=Stage.GONE)
        def pay(self, facts: MoreFacts, command: Pong) -> MoreFacts:
            return facts

    @Mended.migrate(from_=After.program().machine.hash, states={"open": "new"})
    def same(facts: dict[str, Any]) -> dict[str, Any]:
        return facts

    async with Engine(store, machines=[Mended], clock=clock) as engine:
        await engine.settle()
        await engine.tick()
        (entry,) = await engine.runs()
        assert (entry.state, entry.status) == ("new", "open")
        assert await store.timers("run") == []
