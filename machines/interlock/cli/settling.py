"""Waiting until an engine has nothing left to do but wait for people, commands or distant time."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from interlock.engine import Engine
from interlock.store.contract import FINISHED, Filter, Timer

_MOVING = ("running", "compensating")
_POLL = 0.1
_ALL = 2**62


async def settled(engine: Engine, wait: timedelta = timedelta()) -> None:
    """Return when no run that this engine serves has a call under way or due to be repeated.

    Unlike `Engine.settle` this waits for retries, which rest on a timer between two attempts.

    Args:
        wait: go on for so long, once all has come to rest, while a sleep, a timeout or another
            timer is due within it.
    """
    await engine.settle()
    until = engine.clock.now() + wait
    while not await _rests(engine, until):
        await asyncio.sleep(_POLL)
        await engine.settle()


async def _rests(engine: Engine, until: datetime) -> bool:
    """Whether nothing moves and no timer is due by then, both seen at one position of the log.

    A timer that fires between the two looks would be seen by neither.
    """
    before = await engine.store.position()
    if await _moving(engine) or await _due(engine, until):
        return False
    return await engine.store.position() == before


async def _moving(engine: Engine) -> bool:
    entries = await engine.store.entries(Filter(status=_MOVING))
    return any(
        entry.run not in engine.held and engine.programs.find(entry.machine, entry.hash) is not None
        for entry in entries
    )


async def _due(engine: Engine, until: datetime) -> bool:
    """Whether a timer of a run that this engine serves is due by an instant."""
    for timer in await engine.store.due(until, limit=_ALL):
        if await _serves(engine, timer):
            return True
    return False


async def _serves(engine: Engine, timer: Timer) -> bool:
    if timer.run in engine.held:
        return False
    entry = await engine.store.entry(timer.run)
    if entry is None or entry.status in FINISHED:
        return False
    program = engine.programs.find(entry.machine, entry.hash)
    return program is not None and program.machine.hash == entry.hash
