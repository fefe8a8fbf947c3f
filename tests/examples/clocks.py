"""Time that passes when a story says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from interlock.engine import Engine
from interlock.store.clock import ManualClock

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)


async def later(engine: Engine, clock: ManualClock, **by: float) -> None:
    """Some time passes: `await later(engine, clock, hours=1)`; what is due then is done."""
    clock.set(clock.now() + timedelta(**by))
    await engine.tick()
    await engine.settle()
