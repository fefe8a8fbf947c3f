"""A timeout in a branch: the answer says how far its error goes, and what the run does then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from interlock.machines import Command, Workflow, approval, parallel, step, wait_for, workflow
from interlock.store.backends.memory import MemoryStore
from interlock.store.clock import ManualClock
from why.kit import engine, same


class Landed(Command):
    """The plane is there."""


async def give_back(what: str) -> None:
    del what


@step(compensate=give_back)
async def take(what: str) -> str:
    return what


@step
async def tell(what: str) -> str:
    return what


async def asked(what: str) -> bool:
    decision = await approval("boss", timeout="1 day")
    return decision.granted


async def both(what: str) -> Any:
    return await parallel(asked(what), wait_for(Landed))


@workflow(name="why-timeout-uncaught")
async def uncaught(what: str) -> Any:
    await take(what)
    return await parallel(asked(what), wait_for(Landed))


@workflow(name="why-timeout-direct")
async def direct(what: str) -> Any:
    await take(what)
    return await parallel(approval("boss", timeout="1 day"), wait_for(Landed))


@workflow(name="why-timeout-deep")
async def deep(what: str) -> Any:
    await take(what)
    return await parallel(both(what), wait_for(Landed))


@workflow(name="why-timeout-caught")
async def caught(what: str) -> Any:
    await take(what)
    try:
        return await parallel(asked(what), wait_for(Landed))
    except TimeoutError:
        return await tell(what)


@pytest.mark.parametrize(
    ("flow", "joins", "then", "status"),
    [
        (uncaught, 1, "compensating", "compensated"),
        (direct, 1, "compensating", "compensated"),
        (deep, 2, "compensating", "compensated"),
        (caught, 1, "tell", "completed"),
    ],
)
async def test_how_far_the_error_of_a_branch_goes(
    flow: Workflow[..., Any], joins: int, then: str, status: str
) -> None:
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    async with engine(store, clock=clock) as one:
        run = await one.start(flow, "x", id="r")
        await one.settle()
        why = await same(run, store, clock)
        (timeout,) = [ahead for ahead in why.then if ahead.event == "times out"]
        assert timeout.said.count("raised again at") == joins
        assert ("except TimeoutError" in timeout.said) == (flow is caught)
        assert then in timeout.leads_to
        assert then in timeout.said.rpartition("then: ")[2]
        clock.set(clock.now() + timedelta(days=2))
        await one.tick()
        await one.settle()
        assert await run.status() == status
