"""What the tests of this folder share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from interlock.engine import Engine, Run
from interlock.engine.why import Asking
from interlock.projections import Why
from interlock.store.clock import ManualClock
from interlock.store.contract import Store


def engine(store: str | Store = "memory://", **options: Any) -> Engine:
    """An engine; all workflows of this folder are known to it."""
    return Engine(store, **options)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something is so: a call tells nobody else that it began."""
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110  as the docstring says
            await asyncio.sleep(0.001)


async def later(engine: Engine, clock: ManualClock, by: timedelta) -> None:
    """Time passes, and what is due by then happens."""
    clock.set(clock.now() + by)
    await engine.tick()
    await engine.settle()


async def outside(store: Store, run: str, at: ManualClock | None = None) -> Why:
    """What somebody is told who has neither the code nor a worker."""
    from interlock.store.clock import SystemClock

    return await Asking(store, (at or SystemClock()).now()).why(run)


async def same(run: Run[Any], store: Store, clock: ManualClock) -> Why:
    """What the engine says, which has to be what anybody else is told, but for guards."""
    own, other = await run.why(), await outside(store, run.id, clock)
    assert (own.cause, own.root, own.chain) == (other.cause, other.root, other.chain)
    return own
