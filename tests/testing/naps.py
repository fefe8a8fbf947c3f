"""Runs that wait for time, and what they do when it has come."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from interlock.machines import Retry, current, sleep, step, workflow
from interlock.testing import VirtualClock

CLOCK: list[VirtualClock] = []
WOKEN: list[tuple[str, int, datetime]] = []
"""Who, for the how manieth time, and when. Tests clear both."""


@step
async def wake(who: str, number: int) -> None:
    WOKEN.append((who, number, CLOCK[0].now()))


@workflow
async def dozing(who: str, seconds: list[int]) -> str:
    for number, delay in enumerate(seconds):
        await sleep(timedelta(seconds=delay))
        await wake(who, number)
    return who


@step(retry=Retry(attempts=4, initial="1 hour", maximum="1 day", jitter=0))
async def unlucky() -> int:
    WOKEN.append(("unlucky", current().attempt, CLOCK[0].now()))
    if current().attempt < 4:
        raise OSError("not yet")
    return current().attempt


@workflow
async def retrying() -> int:
    return await unlucky()


@step
async def slow(hours: int) -> int:
    await CLOCK[0].sleep(timedelta(hours=hours))
    return hours


@workflow
async def slowly(first: int, second: int) -> int:
    one = await slow(first)
    two = await slow.named("again")(second)
    return one + two


@step
async def hang() -> None:
    await asyncio.Event().wait()


@workflow
async def hanging() -> None:
    await hang()
