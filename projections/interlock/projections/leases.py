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

    def filled(self, now: datetime, interval: timedelta, burst: int) -> datetime:
        """`empty` as it is at an instant.

        At no time do tokens and those handed out exceed the burst together: while a lease lasts,
        the bucket fills up to what the lease leaves.
        """
        out = sum(lease.count for lease in self.leases.values())
        empty = self.empty or now - burst * interval
        for lease in sorted(self.leases.values(), key=lambda lease: lease.until):
            if lease.until > now:
                break
            empty = max(empty, lease.until - (burst - out) * interval)
            out -= lease.count
        return max(empty, now - (burst - out) * interval)

    def spent(self, holder: str, at: datetime | None) -> BucketData:
        """The same, when a holder says that it had spent its tokens by an instant."""
        lease = self.leases.get(holder)
        if lease is None or at is None or at >= lease.until:
            return self
        return self.model_copy(
            update={"leases": {**self.leases, holder: Lease(count=lease.count, until=at)}}
        )


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
