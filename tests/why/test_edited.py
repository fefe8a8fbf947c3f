"""Runs whose definition was edited: whether they can go on, before and after it was tried."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Any

import pytest
from pydantic import BaseModel

from interlock.engine.errors import DefinitionChanged
from interlock.machines import Command, Lifecycle, Workflow, approval, on, registry, wait_for
from interlock.projections import load_state
from interlock.store.backends.memory import MemoryStore
from why import flows
from why.kit import engine, outside


async def old(name: str) -> str:
    await wait_for(flows.Other)
    return await flows.act(name)


async def new(name: str) -> str:
    return await flows.act(f"new {name}")


def edited(function: Any) -> Workflow[..., str]:
    return Workflow(function, "why-edited")


async def foreseen(one: Any, *runs: str) -> None:
    """Wait until the engine has looked at what waits, and tells of it."""
    async with asyncio.timeout(30):
        while not {*runs} <= one.held.keys():  # noqa: ASYNC110  nobody is told of it
            await asyncio.sleep(0.01)
    one.noticeboard.post()


async def test_a_definition_that_changed_is_named_before_and_after_it_is_held() -> None:
    store = MemoryStore()
    async with engine(store, machines=[edited(old)]) as one:
        await one.start(edited(old), "x", id="r")
        await one.settle()
    async with engine(store, machines=[edited(new)]) as one:
        await foreseen(one, "r")
        for waits in (await one.why("r"), await outside(store, "r")):
            assert (waits.cause, waits.status) == ("definition_changed", "held")
            assert "was edited since this run began" in waits.said
            assert "write @new.migrate(from_=" in waits.said
            assert [offer.accepted for offer in waits.offers] == ["kept"]
        assert (await load_state(store, "r")).status == "waiting"
        await one.send("r", flows.Other())
        await one.settle()
        why = await one.why("r")
        assert (why.cause, why.status) == ("definition_changed", "held")
        assert [one.argv[:2] for one in why.actions] == [
            ("cancel", "r"),
            ("work", "why.test_edited"),
        ]
        one.noticeboard.post()
        told = await outside(store, "r")
        assert (told.cause, told.besides, told.actions) == (why.cause, (), why.actions)
    assert (await outside(store, "r")).cause == "definition_changed"


async def test_what_was_foreseen_is_forgotten_with_the_code() -> None:
    """Nothing is recorded before the run should move: with its old code it waits as it did."""
    store = MemoryStore()
    async with engine(store, machines=[edited(old)]) as one:
        await one.start(edited(old), "x", id="r")
        await one.settle()
        version = (await store.head("r")).version
    async with engine(store, machines=[edited(new)]) as one:
        await foreseen(one, "r")
    assert (await store.head("r")).version == version
    async with engine(store, machines=[edited(old)]) as one:
        assert (await one.why("r")).cause == "command"
        await one.send("r", flows.Other())
        await one.settle()
        assert (await one.why("r")).cause == "completed"


async def longer(name: str) -> str:
    await wait_for(flows.Other)
    done = await flows.act(name)
    return await flows.act.named("again")(done)


async def test_an_edit_that_the_run_can_go_on_under_is_no_obstacle() -> None:
    store = MemoryStore()
    async with engine(store, machines=[edited(old)]) as one:
        await one.start(edited(old), "x", id="r")
        await one.settle()
    async with engine(store, machines=[edited(longer)]) as one:
        await one.settle()
        why = await one.why("r")
        assert (why.cause, why.besides) == ("command", ())
        await one.send("r", flows.Other())
        await one.settle()
        assert (await one.why("r")).cause == "completed"


async def asks(name: str) -> str:
    decision = await approval("chief", timeout="1 hour")
    return await flows.act(f"{name} {decision.granted}")


async def asks_otherwise(name: str) -> str:
    decision = await approval("board", timeout="1 hour")
    return await flows.act(f"{name} {decision.granted}")


async def test_a_run_that_waits_for_a_decision_with_a_kept_command_tells_of_the_edit() -> None:
    store = MemoryStore()
    async with engine(store, machines=[edited(asks)]) as one:
        await one.start(edited(asks), "x", id="r")
        await one.settle()
    async with engine(store, machines=[edited(asks_otherwise)]) as one:
        await foreseen(one, "r")
        why = await one.why("r")
        assert (why.cause, why.status) == ("definition_changed", "held")
        assert "'approval:chief'" in why.said


class Old(StrEnum):
    OPEN = "open"
    PAID = "paid"


class New(StrEnum):
    BEGUN = "begun"
    PAID = "paid"


class Bill(BaseModel):
    total: int = 0


class Pay(Command): ...


def before() -> Any:
    class Before(Lifecycle[Old, Bill], name="why-bill", initial=Old.OPEN, final={Old.PAID}):
        @on(Pay, source=Old.OPEN, target=Old.PAID)
        def pay(self, bill: Bill, command: Pay) -> Bill:
            return bill

    return Before


def after() -> Any:
    class After(Lifecycle[New, Bill], name="why-bill", initial=New.BEGUN, final={New.PAID}):
        @on(Pay, source=New.BEGUN, target=New.PAID)
        def pay(self, bill: Bill, command: Pay) -> Bill:
            return bill

    return After


async def test_a_lifecycle_whose_state_was_renamed_is_held_as_soon_as_the_new_code_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store, was = MemoryStore(), before()
    async with engine(store, machines=[was]) as one:
        await one.start(was, Bill(), id="b")
        assert (await one.why("b")).cause == "command"
    monkeypatch.setattr(registry, "_known", {})  # the old code is gone
    async with engine(store, machines=[after()]) as one:
        await foreseen(one, "b")
        for why in (await one.why("b"), await outside(store, "b")):
            assert (why.cause, why.status) == ("definition_changed", "held")
            assert "write @After.migrate(from_=" in why.said
            assert "'open': ..." in why.said
            assert [offer.accepted for offer in why.offers] == ["no"]
            assert not [action for action in why.actions if "send" in action.argv]
            assert why.then == ()
        with pytest.raises(DefinitionChanged, match=r"write @After\.migrate"):
            await one.send("b", Pay())
        assert (await store.head("b")).version == 1
    monkeypatch.setattr(registry, "_known", {})
    async with engine(store, machines=[was]) as one:
        await one.send("b", Pay())
        assert (await one.why("b")).cause == "completed"
