"""Workflows and lifecycles that get stuck in every way that the tests of this folder know."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from interlock.machines import (
    Batch,
    Breaker,
    Bulkhead,
    Command,
    Escalate,
    Group,
    RateLimit,
    Retry,
    TimedOut,
    Workflow,
    approval,
    each,
    parallel,
    race,
    resource,
    sleep,
    step,
    wait_for,
    workflow,
)

CALLS: list[str] = []
"""What was called, in order. Tests clear it."""

DOWN: set[str] = set()
"""Services that raise."""

GATE: list[asyncio.Event] = []
"""What slow calls wait for, when a test holds them."""

THREADS: list[threading.Event] = []
"""What calls in threads wait for."""

Breaker("why-waits", threshold=1, reset="30 seconds", trials=1)


class Down(Exception):
    """A service does not work."""


class Paid(Command):
    amount: int = 0


class Other(Command):
    """Something else."""


async def service(name: str) -> str:
    CALLS.append(name)
    if name in DOWN:
        message = f"{name} does not answer"
        raise Down(message)
    return name


def unship(parcel: str) -> None:
    if "unship" in DOWN:
        raise Down("unship does not answer")


@step
async def act(name: str) -> str:
    return await service(name)


@step(compensate=unship, retry=Retry(attempts=1))
async def ship(name: str) -> str:
    return await service(name)


@step
async def slow(name: str) -> str:
    CALLS.append(name)
    if GATE:
        await GATE[0].wait()
    return name


@step
def deaf(name: str) -> str:
    """A plain function: nothing interrupts it."""
    CALLS.append(name)
    THREADS[0].wait(30)
    return name


@step(on_crash="hold")
async def wire(name: str) -> str:
    CALLS.append(name)
    if GATE:
        await GATE[0].wait()
    return name


@step(retry=Retry(attempts=3, initial="1 hour", maximum="1 hour", jitter=0))
async def flaky(name: str) -> str:
    return await service(name)


@step(breaker="why-waits", retry=Retry(attempts=5, initial="1 second", jitter=0))
async def guarded(name: str) -> str:
    if GATE:
        await GATE[0].wait()
    return await service(name)


@step(rate=RateLimit("why-rated", per_second=0.01, burst=1))
async def rated(name: str) -> str:
    return await service(name)


@step(bulkhead=Bulkhead("why-narrow", max=1))
async def narrow(name: str) -> str:
    CALLS.append(name)
    if GATE:
        await GATE[0].wait()
    return name


@step(bulkhead=Bulkhead("why-shared", max=1, shared=True))
async def shared(name: str) -> str:
    CALLS.append(name)
    if GATE:
        await GATE[0].wait()
    return name


@step(singleflight=True)
async def looked_up(name: str) -> str:
    CALLS.append(name)
    if GATE:
        await GATE[0].wait()
    return name


class Mail:
    """A resource."""


@workflow(name="why-acting")
async def acting(name: str) -> str:
    return await act(name)


@workflow(name="why-slow")
async def slowly(name: str) -> str:
    return await slow(name)


@workflow(name="why-deaf")
async def deafly(name: str) -> str:
    return await deaf(name)


@workflow(name="why-wire")
async def wiring(name: str) -> str:
    return await wire(name)


@workflow(name="why-flaky")
async def retrying(name: str) -> str:
    return await flaky(name)


@workflow(name="why-guarded")
async def behind_breaker(name: str) -> str:
    return await guarded(name)


@workflow(name="why-rated")
async def behind_rate(name: str) -> str:
    return await rated(name)


@workflow(name="why-narrow")
async def behind_bulkhead(name: str) -> str:
    return await narrow(name)


@workflow(name="why-flight")
async def in_flight(name: str) -> str:
    return await looked_up(name)


def posting() -> Workflow[[str], str]:
    """Defined on demand: what is known to a program has to be given to its engines."""

    @step
    async def post(text: str, mail: Mail = resource()) -> str:
        return text

    @workflow(name="why-posting")
    async def posts(name: str) -> str:
        return await post(name)

    return posts


@workflow(name="why-asking")
async def asking(who: list[str], quorum: int = 1) -> bool:
    decision = await approval("boss", approvers=who, quorum=quorum, requester="rita")
    return decision.granted


@workflow(name="why-group")
async def asking_group(name: str) -> bool:
    decision = await approval("boss", approvers=Group("why-chiefs"))
    return decision.granted


@workflow(name="why-caught")
async def caught(name: str) -> str:
    try:
        await approval(
            "boss",
            approvers=["bob"],
            timeout="2 days",
            remind=["1 day"],
            escalate=Escalate(after="36 hours", to=["carla"]),
        )
    except TimedOut:
        return await act("nobody said a word")
    return "decided"


@workflow(name="why-waiting")
async def waiting(least: int) -> int:
    paid = await wait_for(Paid, where=lambda p: p.amount >= least, timeout="1 hour")
    other = await wait_for(Other)
    return paid.amount if other else 0


@workflow(name="why-napping")
async def napping(name: str) -> str:
    await sleep("2 days")
    return await act(name)


@workflow(name="why-undone")
async def undone(name: str) -> str:
    await ship(name)
    raise Down("so it is undone")


@workflow(name="why-parent")
async def parent(name: str) -> Any:
    return await waiting(5)


@workflow(name="why-grandparent")
async def grandparent(name: str) -> Any:
    return await parent(name)


@workflow(name="why-over-deaf")
async def over_deaf(name: str) -> Any:
    return await deafly(name)


@workflow(name="why-shipping")
async def shipping(name: str) -> str:
    return await ship(name)


@workflow(name="why-over-undone")
async def over_undone(name: str) -> Any:
    await shipping(name)
    raise Down("so it is undone")


@workflow(name="why-shared")
async def behind_shared(name: str) -> str:
    return await shared(name)


@workflow(name="why-branches")
async def branches(name: str) -> Any:
    return await parallel(officer=checked(name), nap=sleep("1 day"))


async def checked(name: str) -> bool:
    await act(name)
    decision = await approval("officer", approvers=["olga"])
    return decision.granted


@workflow(name="why-racing")
async def racing(name: str) -> Any:
    return await race(nap=sleep("1 day"), call=slow(name))


@workflow(name="why-batches")
async def batches(names: list[str]) -> list[str]:
    return await each(act, names, batch=Batch(size=2, delay="1 hour"))
