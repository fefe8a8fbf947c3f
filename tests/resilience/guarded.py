"""One step behind a breaker, a bulkhead and a rate limit, called from everywhere."""

from __future__ import annotations

import asyncio
from datetime import datetime

from interlock.machines import (
    Breaker,
    Bulkhead,
    RateLimit,
    Retry,
    each,
    parallel,
    race,
    settle,
    sleep,
    step,
    workflow,
)
from interlock.store.clock import Clock

DOWN: list[bool] = []
"""Not empty while the service is down."""

CLOCKS: list[Clock] = []
"""The clock of the test that is going on."""

CALLS: list[datetime] = []
"""When calls were made."""

NOW: list[int] = [0, 0]
"""How many calls are being made, and the most there ever were."""

breaker = Breaker("law of runs", threshold=2, window="10 seconds", reset="5 seconds", trials=2)
bulkhead = Bulkhead("law of runs", max=2)
limit = RateLimit("law of runs", per_second=4, burst=3, batch=2)


@step(
    breaker=breaker,
    bulkhead=bulkhead,
    rate=limit,
    retry=Retry(attempts=2, initial="1 second", jitter=0),
)
async def reach(turns: int) -> int:
    CALLS.append(CLOCKS[0].now())
    NOW[0] += 1
    NOW[1] = max(NOW)
    try:
        for _ in range(turns):
            await asyncio.sleep(0)
        if DOWN:
            raise ConnectionError("down")
    finally:
        NOW[0] -= 1
    return turns


async def reached_twice(turns: int) -> int:
    first = await reach(turns)
    return first + await reach.named("second")(turns)


@workflow
async def guarded_alone(turns: int) -> bool:
    try:
        await reach(turns)
    except ConnectionError:
        return False
    return True


@workflow
async def guarded_beside(turns: int) -> int:
    return len(await settle(reach(turns), reach(turns + 1)))


@workflow
async def guarded_all_or_none(turns: int) -> int:
    return sum(await parallel(reach(turns), reached_twice(turns)))


@workflow
async def guarded_many(turns: int) -> int:
    return len(await each(reach, range(turns + 5), concurrency=3, on_error="collect"))


@workflow
async def guarded_in_time(turns: int) -> str | int:
    return (await race(reach=reach(turns), late=sleep("4 seconds"))).name


@workflow
async def guarded_by_a_child(turns: int) -> bool:
    return await guarded_alone(turns)


def begin(clock: Clock) -> None:
    """Forget everything."""
    DOWN.clear()
    CALLS.clear()
    CLOCKS[:] = [clock]
    NOW[:] = [0, 0]
