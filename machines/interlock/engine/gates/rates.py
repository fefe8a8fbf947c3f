"""A rate limit at work: spends tokens here, takes a batch of them from the shared bucket."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from interlock.engine.gates.permit import Held, Who
from interlock.engine.gates.shared import Shared
from interlock.machines.duration import duration
from interlock.machines.errors import Refused
from interlock.machines.resilience.bucket import TakeTokens
from interlock.machines.resilience.errors import RateLimited
from interlock.machines.resilience.limits import RateLimit
from interlock.projections.leases import BucketData
from interlock.store.clock import Clock
from interlock.store.event import Actor

_LATE = timedelta(seconds=1)
"""A turn that nobody took for so long is over: its call was cancelled."""


class RateGate:
    """One rate limit in one engine."""

    def __init__(
        self, limit: RateLimit, shared: Shared, clock: Clock, actor: Actor, holder: str
    ) -> None:
        self.limit = limit
        self.shared = shared
        self.by = f"rate {limit.name}"
        self._clock = clock
        self._actor = actor
        self._holder = holder
        self._tokens = 0
        self._leased = 0
        self._until: datetime | None = None
        self._spent: datetime | None = None
        self._taking: asyncio.Event | None = None
        self._turns: dict[Who, datetime] = {}

    async def enter(self, who: Who) -> Token | Held:
        """Spend a token, or say when it is this call's turn."""
        await self.shared.ready()
        now = self._clock.now()
        mine = self._turns.pop(who, None)
        if mine is not None and mine > now:  # woken by something else
            self._turns[who] = mine
            return self._held(now, mine)
        while True:  # in one go wherever possible: calls that come together are made together
            self._forget_late(now)
            if mine is None and self._turns:
                return self._wait(who, now)
            if self._spend(now):
                return Token(self)
            if self._taking is None:
                break
            await self._taking.wait()  # to spend what is being taken
            now = self._clock.now()
        taking = self._taking = asyncio.Event()
        try:
            return Token(self) if await self._take(now) else self._wait(who, now)
        finally:
            self._taking = None
            taking.set()

    def _forget_late(self, now: datetime) -> None:
        while self._turns:
            who, at = next(iter(self._turns.items()))
            if at > now - _LATE:
                return
            del self._turns[who]

    def _wait(self, who: Who, now: datetime) -> Held:
        turn = self._turn(now)
        if self.limit.when == "wait":
            self._turns[who] = turn
        return self._held(now, turn)

    def _held(self, now: datetime, turn: datetime) -> Held:
        name, after = self.limit.name, turn - now
        reason = f"{self.limit.per_second:g} a second"
        if self.limit.when == "wait":
            return Held(self.by, reason, turn)
        message = f"rate limit {name!r} is used up: {reason}"
        return Held(self.by, reason, turn, RateLimited(message, name=name, retry_after=after))

    def _spend(self, now: datetime) -> bool:
        if self._tokens and self._until is not None and now < self._until:
            self._tokens -= 1
            self._spent = now
            return True
        self._tokens = 0
        return False

    async def _take(self, now: datetime) -> bool:
        until = now + duration(self.limit.lease)
        take = TakeTokens(
            holder=self._holder,
            spent=self._spent,
            wanted=self.limit.batch,
            at=now,
            until=until,
            interval=self.limit.interval,
            burst=self.limit.burst,
        )
        try:
            data: BucketData = await self.shared.send(take, self._actor)
        except Refused:
            return False
        self._tokens = self._leased = data.granted - 1
        self._until, self._spent = until, now
        return True

    def _turn(self, now: datetime) -> datetime:
        """When there will be a token for one more call, behind those that have a turn.

        Where many wait, they are woken in batches, so that each batch is one event.
        """
        data: BucketData = self.shared.data
        limit = self.limit
        ahead = len(self._turns)
        number = ahead + 1
        if ahead >= limit.batch:
            number = -(-number // limit.batch) * limit.batch
        empty = data.spent(self._holder, self._spent).filled(now, limit.interval, limit.burst)
        return max(now, empty + number * limit.interval)

    def give_back(self) -> None:
        """A token was not needed. The bucket knows of no more than were leased."""
        if self._tokens < self._leased:
            self._tokens += 1


@dataclass(slots=True)
class Token:
    """A token that was spent."""

    gate: RateGate

    def give_back(self) -> None:
        """See `Pass`."""
        self.gate.give_back()

    async def succeeded(self, result: Any) -> None:
        """See `Pass`: it is spent."""

    async def failed(self, error: BaseException) -> None:
        """See `Pass`: it is spent."""
