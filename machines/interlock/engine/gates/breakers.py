"""A circuit breaker at work: counts outcomes here, moves the shared machine when it must."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from interlock.engine.gates.permit import Held
from interlock.engine.gates.shared import Shared
from interlock.machines.duration import duration
from interlock.machines.errors import Refused
from interlock.machines.resilience.breaker import Breaker, is_failure
from interlock.machines.resilience.circuit import Failed, GiveUp, Grant, Passed, Trip
from interlock.machines.resilience.errors import BreakerOpen
from interlock.projections.breaker import BreakerData
from interlock.store.clock import Clock, uuid7
from interlock.store.event import Actor

FORCED = timedelta(minutes=5)
"""How often calls ask again that wait for a breaker which a person holds open."""

Spawn = Callable[[Coroutine[Any, Any, None]], object]


class BreakerGate:
    """One breaker in one engine."""

    def __init__(
        self, breaker: Breaker, shared: Shared, clock: Clock, actor: Actor, spawn: Spawn
    ) -> None:
        self.breaker = breaker
        self.shared = shared
        self.by = f"breaker {breaker.name}"
        self._clock = clock
        self._actor = actor
        self._spawn = spawn
        self._failures: deque[datetime] = deque()
        self._mark: tuple[str, datetime | None] = ("", None)

    def look(self, *, fails: bool = False) -> Held | None:
        """Whether a call has to be held back now, as far as this engine knows."""
        state, now = self.shared.state, self._clock.now()
        if state == "closed":
            return None
        data: BreakerData = self.shared.data
        if state == "open":
            if data.until is not None and data.until <= now:
                return None
            return self._held(now, data.until, f"open: {data.reason}")
        live = [until for until in data.leases.values() if until > now]
        if data.passed + len(live) < self.breaker.trials:
            return None
        again = min([*live, now + duration(self.breaker.reset)])
        return self._held(now, again, "half-open: its trials are under way")

    def _held(self, now: datetime, until: datetime | None, reason: str) -> Held:
        name = self.breaker.name
        if self.breaker.when_open == "wait":
            return Held(self.by, reason, now + FORCED if until is None else until)
        after = None if until is None else until - now
        message = f"breaker {name!r} is {reason}"
        return Held(self.by, reason, until, BreakerOpen(message, name=name, retry_after=after))

    async def enter(self, run: str, domain: tuple[type[BaseException], ...]) -> Ticket | Held:
        """Let a call through, on trial if need be."""
        await self.shared.ready()
        while True:
            held = self.look()
            if held is not None:
                return held
            mark = self.mark()
            if self.shared.state == "closed":
                return Ticket(self, "", mark, domain)
            now = self._clock.now()
            trial = f"{run}/{uuid7(now)}"
            until = now + duration(self.breaker.lease)
            grant = Grant(trial=trial, at=now, until=until, trials=self.breaker.trials)
            try:
                await self.shared.send(grant, self._actor)
            except Refused:  # somebody moved it: look again
                if (held := self.look()) is not None:
                    return held
                continue
            return Ticket(self, trial, self.mark(), domain)

    def mark(self) -> tuple[str, datetime | None]:
        """Which stay in which state this is; what was counted in an earlier one is forgotten."""
        last = self.shared.last
        mark = ("closed", None) if last is None else (last.state, last.since)
        if mark != self._mark:
            self._mark = mark
            self._failures.clear()
        return mark

    async def passed(self, ticket: Ticket) -> None:
        """A call showed that the service works."""
        if ticket.trial:
            await self._move(Passed(trial=ticket.trial, trials=self.breaker.trials))

    async def failed(self, ticket: Ticket) -> None:
        """A call showed that the service is in trouble."""
        now = self._clock.now()
        until = now + duration(self.breaker.reset)
        if ticket.trial:
            await self._move(Failed(trial=ticket.trial, until=until))
            return
        if self.mark() != ticket.mark or self.shared.state != "closed":
            return  # it was let through in another time
        self._failures.append(now)
        oldest = now - duration(self.breaker.window)
        while self._failures[0] <= oldest:
            self._failures.popleft()
        if len(self._failures) >= self.breaker.threshold:
            await self._move(Trip(failures=len(self._failures), until=until))

    def give_back(self, ticket: Ticket) -> None:
        """A call was not made, or was interrupted."""
        if ticket.trial:
            self._spawn(self._move(GiveUp(trial=ticket.trial)))

    async def _move(self, command: Trip | Passed | Failed | GiveUp) -> None:
        try:
            await self.shared.send(command, self._actor)
        except Refused:
            return  # another engine moved it before


@dataclass(slots=True)
class Ticket:
    """A call that a breaker let through.

    Attributes:
        trial: id of the trial, "" for an ordinary call.
        mark: the stay in the state in which it was let through.
        domain: the step's domain errors.
    """

    gate: BreakerGate
    trial: str
    mark: tuple[str, datetime | None]
    domain: tuple[type[BaseException], ...]

    def give_back(self) -> None:
        """See `Pass`."""
        self.gate.give_back(self)

    async def succeeded(self, result: Any) -> None:
        """See `Pass`."""
        await self.gate.passed(self)

    async def failed(self, error: BaseException) -> None:
        """See `Pass`."""
        if is_failure(self.gate.breaker, error, self.domain):
            await self.gate.failed(self)
        else:
            await self.gate.passed(self)
