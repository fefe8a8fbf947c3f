"""What limiters know: who holds how much of what they share out, and until when."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict


class Lease(BaseModel):
    """What one engine may use without asking again.

    Attributes:
        count: how many.
        until: after this instant it is void.
    """

    model_config = ConfigDict(frozen=True)

    count: int
    until: datetime


class BucketData(BaseModel):
    """A token bucket, in whole microseconds so that nothing is lost in rounding.

    Attributes:
        empty: the instant at which it would have been empty: since then it has been filling.
        leases: tokens handed out and perhaps not spent, by holder.
        granted: tokens of the last lease.
    """

    model_config = ConfigDict(frozen=True)

    empty: datetime | None = None
    leases: dict[str, Lease] = {}
    granted: int = 0

    def filled(self, now: datetime, holder: str, interval: timedelta, burst: int) -> datetime:
        """`empty` as it is at an instant: tokens and leases together never exceed the burst."""
        out = sum(x.count for h, x in self.leases.items() if h != holder and x.until > now)
        full = now - (burst - out) * interval
        return full if self.empty is None else max(self.empty, full)


class SlotsData(BaseModel):
    """A pool of places for calls under way.

    Attributes:
        leases: places by holder.
    """

    model_config = ConfigDict(frozen=True)

    leases: dict[str, Lease] = {}

    def others(self, now: datetime, holder: str) -> int:
        """How many places the other holders have."""
        return sum(x.count for h, x in self.leases.items() if h != holder and x.until > now)
