"""Runs of another definition that cannot go on under this one: held, never continued wrongly.

Those that can go on are in `test_going_on.py`.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine.trouble import Ping, Troubled
from interlock.engine import Engine, RunCancelledError
from interlock.machines import Refused, Workflow, registry, step, wait_for

CALLS: list[str] = []
GATE: list[asyncio.Event] = []


@step
async def work(what: str) -> str:
    CALLS.append(what)
    if GATE:
        await GATE[0].wait()
    return what


async def old(what: str) -> str:
    done = await work(what)
    await wait_for(Ping)
    return done


async def new(what: str) -> str:
    await wait_for(Ping)
    return await work.named("later")(f"new {what}")


def called(function: Any) -> Workflow[..., str]:
    """The same name for each: a program before and after an edit."""
    return Workflow(function, "edited")


@pytest.fixture(autouse=True)
def _clean() -> None:
    CALLS.clear()
    GATE.clear()


async def interrupted(store: Troubled) -> None:
    GATE.append(asyncio.Event())
    async with Engine(store, machines=[called(old)]) as engine:
        await engine.start(called(old), "x", id="run")
        while not CALLS:  # noqa: ASYNC110  a step tells no one
            await asyncio.sleep(0)
    GATE.clear()
    CALLS.clear()


async def test_a_changed_definition_holds_the_run_until_the_old_one_is_back() -> None:
    store = Troubled()
    await interrupted(store)
    for _ in range(2):
        async with Engine(store, machines=[called(new)]) as engine:
            await engine.settle()
            (entry,) = await engine.runs()
            assert (entry.status, entry.waits) == ("held", "person")
            assert "edited was edited since this run began" in entry.waits_for
            assert "edited was edited since this run began" in engine.held["run"]
    held = [event for event in await store.read("run") if event.type == "RunHeld"]
    assert len(held) == 1
    assert CALLS == []
    async with Engine(store, machines=[called(old)]) as engine:
        await engine.settle()
        run = await engine.get("run")
        assert (await run.status(), await run.state()) == ("waiting", "wait:Ping")
        assert engine.held == {}
        await engine.send(run, Ping(number=1))
        assert await run.result() == "x"
    assert CALLS == ["x"]


async def test_a_parked_run_of_a_changed_definition_goes_on_waiting() -> None:
    store = Troubled()
    async with Engine(store, machines=[called(old)]) as engine:
        await engine.start(called(old), "x", id="run")
        await engine.settle()
    async with Engine(store, machines=[called(new)]) as engine:
        position = await store.position()
        with pytest.raises(Refused):
            await engine.approve("run", "boss", by="ann")
        assert await store.position() == position
        await engine.send("run", Ping(number=1))
        await engine.settle()
        assert await (await engine.get("run")).status() == "held"
    async with Engine(store, machines=[called(old)]) as engine:
        assert await (await engine.get("run")).result() == "x"


async def test_a_machine_that_is_not_imported_is_visible() -> None:
    store = Troubled()
    await interrupted(store)
    assert registry.find("edited") is None
    async with Engine(store) as engine:
        await engine.settle()
        assert engine.held == {"run": "machine 'edited' is not imported here"}
    async with Engine(store, machines=[called(old)]) as engine:
        await engine.settle()
        assert engine.held == {}


async def test_what_a_workflow_refuses_is_not_recorded() -> None:
    store = Troubled()
    async with Engine(store, machines=[called(old)]) as engine:
        run = await engine.start(called(old), "x", id="run")
        await engine.settle()
        position = await store.position()
        with pytest.raises(Refused, match="'boss'") as refused:
            await engine.approve(run, "boss", by="ann")
        assert refused.value.state == "wait:Ping"
        assert await store.position() == position
        await engine.send(run, Ping(number=1), command_id="c")
        assert await run.result() == "x"
        position = await store.position()
        await engine.send(run, Ping(number=1), command_id="c")
        for ask in (
            engine.send(run, Ping(number=2)), engine.cancel(run), engine.reject(run, "b", by="a"),
        ):  # fmt: skip
            with pytest.raises(Refused, match="completed"):
                await ask
        assert await store.position() == position


async def test_a_held_run_with_nothing_to_undo_is_cancelled_at_once() -> None:
    store = Troubled()
    await interrupted(store)
    async with Engine(store, machines=[called(new)]) as engine:
        await engine.settle()
        assert await (await engine.get("run")).status() == "held"
        await engine.cancel("run", by="ann", reason="no longer")
        run = await engine.get("run")
        with pytest.raises(RunCancelledError, match="no longer"):
            await run.result()
        (effect,) = (await run.history()).ledger()
        assert effect.status == "cancelled"
    assert CALLS == []


async def test_a_waiting_run_of_an_edited_definition_is_cancelled_at_once() -> None:
    store = Troubled()
    async with Engine(store, machines=[called(old)]) as engine:
        await engine.start(called(old), "x", id="run")
        await engine.settle()
    async with Engine(store, machines=[called(new)], worker=False) as client:
        await client.cancel("run", by="ann")
        assert await (await client.get("run")).status() == "cancelled"


async def test_a_run_that_this_program_does_not_know_is_left_to_those_who_do() -> None:
    store = Troubled()
    async with Engine(store, machines=[called(old)]) as engine:
        await engine.start(called(old), "x", id="run")
        await engine.settle()
    async with Engine(store, worker=False) as client:
        await client.cancel("run", by="ann")
        assert await (await client.get("run")).status() == "running"
