"""Waiting until an engine has nothing left to do but wait for people, commands or distant time."""

from __future__ import annotations

import asyncio

from interlock.engine import Engine
from interlock.store.contract import Filter

_MOVING = ("running", "compensating")
_POLL = 0.1


async def settled(engine: Engine) -> None:
    """Return when no run that this engine serves has a call under way or due to be repeated.

    Unlike `Engine.settle` this waits for retries, which rest on a timer between two attempts.
    """
    while True:
        await engine.settle()
        if not await _moving(engine):
            return
        await asyncio.sleep(_POLL)


async def _moving(engine: Engine) -> bool:
    entries = await engine.store.entries(Filter(status=_MOVING))
    return any(
        entry.run not in engine.held and engine.programs.find(entry.machine) is not None
        for entry in entries
    )
