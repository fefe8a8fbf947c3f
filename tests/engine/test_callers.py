"""Who asks, why, and on whose request: on every event that a request leads to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from interlock.engine import Engine, Request, acting
from interlock.machines import (
    Command,
    Debounce,
    Refused,
    approval,
    current,
    start_child,
    step,
    wait_for,
    workflow,
)
from interlock.store import Actor, Event, open_store


class Told(Command):
    what: str


@dataclass
class Heard:
    correlation: str


@step
async def listen() -> str:
    return current().correlation


@step
async def pass_on(run: str) -> None:
    await current().send(run, Told(what="from a step"))


@workflow(name="callers-child")
async def child() -> str:
    return await listen()


@workflow(name="callers-main")
async def main(other: str = "") -> list[str]:
    heard = [await listen(), await child()]
    loose = start_child(child)
    decision = await approval("boss", about=heard)
    told = await wait_for(Told)
    if other:
        await pass_on(other)
    return [*heard, await loose, decision.reason, told.what]


async def events(engine: Engine, run: str) -> dict[str, Event]:
    return {event.type: event for event in await engine.store.read(run)}


async def test_what_a_block_says_is_on_what_it_asks_for() -> None:
    async with Engine("memory://") as engine:
        with acting("ann", reason="ticket 17", correlation="req-9"):
            run = await engine.start(main, id="a")
        await engine.settle()
        with acting(correlation="req-10"), acting("bo", reason="checked"):
            await engine.approve(run, "boss", by="mia")
            await engine.send(run, Told(what="x"), command_id="c-1")
        assert (await run.result())[3] == "checked"
        found = await events(engine, "a")
        begun, granted = found["RunStarted"], found["ApprovalGranted"]
        received = found["CommandReceived"]
        assert (begun.actor, begun.reason, begun.correlation) == (
            Actor("user", "ann"), "ticket 17", "req-9",
        )  # fmt: skip
        assert (granted.actor.id, granted.reason, granted.correlation) == (
            "mia", "checked", "req-10",
        )  # fmt: skip
        assert (received.actor.id, received.reason, received.cause) == ("bo", "checked", "c-1")
        done = found["RunCompleted"]
        assert (done.actor.kind, done.reason, done.correlation) == ("worker", "", "req-9")


async def test_children_and_steps_have_the_correlation_of_their_run() -> None:
    async with Engine("memory://") as engine:
        other = await engine.start(main, id="other")
        with acting(correlation="req-9"):
            run = await engine.start(main, "other", id="a")
        for name in ("a", "other"):
            await engine.settle()
            await engine.approve(name, "boss", by="mia")
            if name == "a":
                await engine.send(name, Told(what="x"))
        assert (await run.result())[:3] == ["req-9", "req-9", "req-9"]
        assert (await other.result())[:3] == ["other", "other", "other"]
        assert (await events(engine, "other"))["CommandReceived"].correlation == "req-9"
        for entry in await engine.runs(machine="callers-child"):
            (begun, *_) = await engine.store.read(entry.run)
            assert begun.correlation in {"req-9", "other"}


async def test_middleware_fills_in_and_refuses() -> None:
    seen: list[Request] = []

    def sign(request: Request) -> Request:
        seen.append(request)
        return replace(request, by=request.by or "token-7", correlation="req-1")

    async def guard(request: Request) -> None:
        await asyncio.sleep(0)
        if request.kind == "cancel" and request.by == "token-7":
            message = "token-7 may not cancel"
            raise Refused(message, run=request.run)

    async with Engine("memory://", middleware=[sign, guard]) as engine:
        run = await engine.start(main, id="a")
        await engine.settle()
        before = await engine.store.position()
        with pytest.raises(Refused, match="may not cancel"):
            await engine.cancel(run)
        assert await engine.store.position() == before
        await engine.approve(run, "boss", by="mia", reason="fine")
        await engine.send(run, Told(what="x"))
        await run.result()
        await engine.breaker("bank").force_open(by="ann", reason="it is down")
        found = await events(engine, "a")
        moved = await events(engine, "$breaker/bank")
    assert found["RunStarted"].actor.id == "token-7"
    assert found["ApprovalGranted"].actor.id == "mia"
    assert moved["SharedMoved"].reason == "it is down"
    assert moved["SharedMoved"].actor == Actor("user", "ann")
    assert {event.correlation for event in found.values()} == {"req-1"}
    assert [(one.kind, one.name) for one in seen] == [
        ("start", "callers-main"), ("cancel", ""), ("approve", "boss"), ("send", "Told"),
        ("breaker", "ForceOpen"),
    ]  # fmt: skip
    assert seen[0].value == ((), {})
    assert seen[3].value == Told(what="x")


async def test_a_middleware_that_refuses_a_start_leaves_nothing_behind() -> None:
    def closed(request: Request) -> None:
        raise Refused("we are closed", run=request.run)

    async with Engine("memory://", middleware=[closed]) as engine:
        with pytest.raises(Refused, match="closed"):
            await engine.start(main, id="a")
        assert await engine.store.position() == 0


async def test_a_debounced_start_remembers_who_asked() -> None:
    async with Engine("memory://") as engine:
        with acting("ann", reason="ticket 17", correlation="req-9"):
            run = await engine.start(child, id="a", debounce=Debounce("k", quiet="1 ms"))
        assert await run.result() == "req-9"
        (begun, *_) = await engine.store.read("a")
    assert (begun.actor.id, begun.reason, begun.correlation) == ("ann", "ticket 17", "req-9")


async def test_who_asks_does_not_reach_other_tasks() -> None:
    """A worker's task begins in the block of whoever woke it."""
    async with Engine("memory://") as engine:
        with acting("ann", reason="ticket 17"):
            run = await engine.start(main, id="a")
            await engine.settle()
        found = await events(engine, "a")
        assert found["StepSucceeded"].reason == ""
        assert found["StepSucceeded"].actor.kind == "worker"
        assert run.id == "a"


async def test_an_event_without_a_reason_is_stored_as_it_always_was() -> None:
    store = open_store("memory://")
    async with Engine(store) as engine:
        await engine.start(child, id="a")
        await engine.settle()
        with store.inspect() as snapshot:
            assert all(b'"reason"' not in row.state for row in snapshot.rows())
