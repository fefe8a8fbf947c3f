"""A service that says who asks in context variables: on every event, also of what follows later."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from datetime import timedelta
from functools import partial

from msgspec.structs import replace

from interlock.engine import Engine, Request
from interlock.machines import approval, current, sleep, start_child, step, workflow
from interlock.store import Event
from interlock.store.clock import ManualClock

USER: ContextVar[str] = ContextVar("user", default="")
REQUEST: ContextVar[str] = ContextVar("request", default="")
HEARD: list[tuple[str, str]] = []


class NotToday(Exception):
    pass


async def give_back(number: int) -> None:
    HEARD.append(("undo", current().correlation))


@step(compensate=give_back)
async def take(number: int) -> int:
    HEARD.append(("call", current().correlation))
    return number


@step(raises=(NotToday,))
async def deliver(number: int) -> None:
    raise NotToday


@workflow(name="callers-nap")
async def nap(number: int) -> int:
    await take(number)
    await sleep("1 hour")
    return number


@workflow(name="callers-deep")
async def deep(number: int) -> None:
    await take(number)
    await nap(number)
    start_child(nap, number, id=f"loose-{number}")
    await approval("boss", timeout="2 days")
    await sleep("1 hour")
    await deliver(number)


def from_the_request(request: Request) -> Request:
    return replace(request, by=USER.get(), correlation=REQUEST.get(), reason="by web")


async def served(user: str, request: str, work: Callable[[], Awaitable[object]]) -> None:
    """One request of a service, in a task of its own, as web frameworks do it."""

    async def handler() -> None:
        USER.set(user)
        REQUEST.set(request)
        await work()

    await asyncio.create_task(handler())


async def test_every_event_belongs_to_the_request_that_led_to_it() -> None:
    HEARD.clear()
    clock = ManualClock()
    async with Engine("memory://", clock=clock, middleware=[from_the_request]) as engine:
        for number in (1, 2):
            start = partial(engine.start, deep, number, id=f"deep-{number}")
            await served(f"user-{number}", f"req-{number}", start)
        await engine.settle()
        for _ in range(2):
            clock.set(clock.now() + timedelta(hours=1))
            await engine.tick()
            await engine.settle()
            for name in ("deep-1", "deep-2"):
                if (await engine.approvals(run=name)) and name == "deep-1":
                    await served("boss", "req-9", lambda: engine.approve("deep-1", "boss"))
            await engine.settle()
        clock.set(clock.now() + timedelta(hours=1))
        await engine.tick()
        await engine.settle()
        found: dict[str, list[Event]] = {
            entry.run: await engine.store.read(entry.run) for entry in await engine.runs()
        }
    assert len(found) == 6
    assert found["deep-1"][-1].type == "RunCompensated"
    for run, events in found.items():
        of = "req-1" if run.startswith(("deep-1", "loose-1")) else "req-2"
        others = [one for one in events if one.correlation != of]
        assert [(one.type, one.actor.id, one.reason, one.correlation) for one in others] == (
            [("ApprovalGranted", "boss", "by web", "req-9")] if run == "deep-1" else []
        )
    first = found["deep-2"][0]
    assert (first.actor.id, first.reason) == ("user-2", "by web")
    assert {one.actor.kind for one in found["deep-1"] if one.type == "SleepEnded"} == {"timer"}
    assert sorted(set(HEARD)) == [("call", "req-1"), ("call", "req-2"), ("undo", "req-1")]
