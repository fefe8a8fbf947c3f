"""A breaker for people: its state now and then, and their word over it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from interlock.engine.caller import Request
from interlock.engine.gates.shared import Shared
from interlock.machines.command import Command
from interlock.machines.resilience.circuit import CircuitBreaker, ForceClose, ForceOpen
from interlock.projections import BreakerState, breaker_state, evolve_shared
from interlock.projections.breaker import PREFIX
from interlock.projections.shared import shared_at
from interlock.store.contract import Filter, Store

if TYPE_CHECKING:
    from interlock.engine.core import Core


@dataclass(frozen=True, slots=True)
class BreakerHandle:
    """One breaker of a store, by its name. It need not be declared in this program."""

    engine: Core
    name: str

    @property
    def _shared(self) -> Shared:
        return self.engine.gatekeeper.shared(CircuitBreaker, f"{PREFIX}{self.name}")

    async def state(self) -> BreakerState:
        """Where it is now, as the log says."""
        return breaker_state(self.name, await self._shared.load())

    async def at(self, instant: datetime) -> BreakerState:
        """Where it was at an instant (timezone-aware)."""
        events = await self.engine.store.read(self._shared.stream)
        return breaker_state(self.name, shared_at(events, instant))

    async def history(self) -> list[BreakerState]:
        """Where it was after each of its moves, oldest first."""
        return await moves(self.engine.store, self.name)

    async def force_open(self, *, by: str = "", reason: str = "") -> BreakerState:
        """Open it, until a person closes it: no call is made meanwhile."""
        return await self._force(ForceOpen(reason=reason), by)

    async def force_close(self, *, by: str = "", reason: str = "") -> BreakerState:
        """Close it; failures are counted anew. Calls that wait for it are made."""
        return await self._force(ForceClose(reason=reason), by)

    async def reset(self, *, by: str = "") -> BreakerState:
        """Close it, as if nothing had happened."""
        return await self.force_close(by=by, reason="reset")

    async def _force(self, command: Command, by: str) -> BreakerState:
        shared = self._shared
        reason: str = getattr(command, "reason", "")
        name = type(command).__name__
        request = Request(
            kind="breaker", run=self.name, name=name, value=command, by=by, reason=reason
        )
        caller = await self.engine.asked(request)
        if reason != caller.reason:
            command = command.model_copy(update={"reason": caller.reason})
        await shared.send(command, caller)
        return breaker_state(self.name, shared.last)


async def moves(store: Store, name: str) -> list[BreakerState]:
    """Where a breaker was after each of its moves, oldest first."""
    events = await store.read(f"{PREFIX}{name}")
    return [breaker_state(name, evolve_shared(event)) for event in events]


async def breakers(store: Store, instant: datetime | None = None) -> list[BreakerState]:
    """All breakers that ever moved in a store, by name; as they were at an instant, if given."""
    found: list[BreakerState] = []
    for entry in await store.entries(Filter(prefix=PREFIX)):
        events = await store.read(entry.run)
        name = entry.run.removeprefix(PREFIX)
        found.append(breaker_state(name, shared_at(events, instant or events[-1].at)))
    return sorted(found, key=lambda state: state.name)
