"""Workflows over services in trouble, for the tests of this folder."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from interlock.engine import Engine
from interlock.machines import (
    Breaker,
    BreakerOpen,
    Bulkhead,
    Cache,
    Command,
    RateLimit,
    Retry,
    step,
    wait_for,
    workflow,
)
from interlock.store.clock import ManualClock

CALLS: list[str] = []
"""What was called, in order."""

DOWN: set[str] = set()
"""Services that raise."""

UNDER_WAY: dict[str, int] = {}
"""How many calls of a service are being made; the most at once under `most <service>`."""

HELD: list[asyncio.Event] = []
"""What slow calls wait for, when a test holds them."""


class Unfit(Exception):
    """A domain error: the service works, and says no."""


async def service(name: str, *, slow: bool = False) -> str:
    CALLS.append(name)
    now = UNDER_WAY[name] = UNDER_WAY.get(name, 0) + 1
    UNDER_WAY[f"most {name}"] = max(now, UNDER_WAY.get(f"most {name}", 0))
    try:
        if slow:
            await (HELD[0].wait() if HELD else asyncio.sleep(0.002))
        if name in DOWN:
            message = f"{name} is down"
            raise ConnectionError(message)
    finally:
        UNDER_WAY[name] -= 1
    return f"{name} {len(CALLS)}"


waiting_breaker = Breaker("waits", threshold=2, reset="30 seconds", trials=2)
Breaker("fails", threshold=2, reset="30 seconds", trials=1, when_open="fail")


@step(breaker="waits", raises=Unfit)
async def pay(customer: str) -> str:
    if customer == "unfit":
        raise Unfit(customer)
    return await service("pay")


@step(breaker="fails", retry=Retry(attempts=3, initial="1 second", jitter=0))
async def ask(question: str) -> str:
    return await service("ask")


@step(rate=RateLimit("rated", per_second=1, burst=2))
async def post(text: str) -> str:
    return await service("post")


@step(rate=RateLimit("strict", per_second=1, burst=1, when="fail"))
async def post_now(text: str) -> str:
    return await service("post_now")


@step(bulkhead=Bulkhead("narrow", max=3))
async def print_page(page: int) -> str:
    return await service("print", slow=True)


@step(bulkhead=Bulkhead("tiny", max=1, queue=1))
async def scan(page: int) -> str:
    return await service("scan", slow=True)


def by_city(city: str) -> str:
    return city


@step(cache=Cache(key=by_city, ttl="1 hour"))
async def weather(city: str) -> list[str]:
    return [await service("weather", slow=True)]


@step(cache=Cache(errors=True, ttl="1 minute"), raises=Unfit)
async def judge(text: str) -> str:
    CALLS.append("judge")
    raise Unfit(text)


@step(singleflight=True)
async def look_up(word: str) -> str:
    return await service("look_up", slow=True)


@step(map_error=lambda error: Unfit(str(error)), raises=Unfit, breaker="waits")
async def translate(text: str) -> str:
    return await service("translate")


@workflow
async def billed(customer: str) -> str:
    try:
        return await pay(customer)
    except ConnectionError:
        return "not paid"
    except Unfit:
        return "unfit"


@workflow
async def asked(question: str) -> str:
    try:
        return await ask(question)
    except BreakerOpen as error:
        return f"no answer, again in {error.retry_after}"
    except ConnectionError:
        return "asked in vain"


@workflow
async def posted(text: str) -> str:
    return await post(text)


@workflow
async def posted_now(text: str) -> str:
    return await post_now(text)


@workflow
async def printing(page: int) -> str:
    return await print_page(page)


@workflow
async def scanning(page: int) -> str:
    return await scan(page)


@workflow
async def forecast(city: str) -> list[str]:
    found = await weather(city)
    found.append("its own copy")
    return found


@workflow
async def judging(text: str) -> str:
    try:
        return await judge(text)
    except Unfit as error:
        return f"unfit: {error.args[0]}"


@workflow
async def looking_up(word: str) -> str:
    return await look_up(word)


@workflow
async def translating(text: str) -> str:
    try:
        return await translate(text)
    except Unfit as error:
        return f"unfit: {error}"


class Refresh(Command):
    part: int


@workflow
async def refreshed(name: str) -> int:
    return (await wait_for(Refresh)).part


@workflow
async def indexing(customer: str, pages: list[int]) -> int:
    CALLS.append(f"index {customer}")
    return sum(pages)


async def later(engine: Engine, clock: ManualClock, seconds: float) -> None:
    """Let time pass, and everything happen that is due by then."""
    clock.set(clock.now() + timedelta(seconds=seconds))
    await engine.tick()
    await engine.settle()


async def calls(number: int) -> None:
    """Wait until so many calls were begun."""
    while len(CALLS) < number:  # noqa: ASYNC110  the calls know nothing of events
        await asyncio.sleep(0)


def forget() -> None:
    """Begin a test anew."""
    for made in (CALLS, DOWN, UNDER_WAY, HELD):
        made.clear()
