"""The machine of a rate limit: a token bucket that hands out batches."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from interlock.machines.command import Command
from interlock.machines.guard import Check, Refuse
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.rule import on
from interlock.projections.leases import BucketData, Lease


class Bucket(StrEnum):
    """The only state."""

    FLOWING = "flowing"


class TakeTokens(Command):
    """An engine wants up to `wanted` tokens, to be spent before `until`.

    Attributes:
        at: now.
        holder: the engine. What it took before it has spent, or holds for void.
        spent: when it spent the last of that.
        interval: the time in which one token comes in.
        burst: tokens of a full bucket.
    """

    holder: str
    spent: datetime | None = None
    wanted: int
    at: datetime
    until: datetime
    interval: timedelta
    burst: int


def available(bucket: BucketData, command: TakeTokens) -> int:
    """How many tokens there are for this command."""
    return (command.at - _empty(bucket, command)) // command.interval


def has_a_token(bucket: BucketData, command: TakeTokens) -> Check:
    """Whether there is at least one."""
    return available(bucket, command) >= 1 or Refuse("no token has come in yet")


class TokenBucket(Lifecycle[Bucket, BucketData], initial=Bucket.FLOWING, final=(), name="$rate"):
    """Fills evenly; tokens and those handed out and perhaps unspent never exceed the burst."""

    @on(TakeTokens, source=Bucket.FLOWING, target=Bucket.FLOWING, guard=has_a_token)
    def take(self, bucket: BucketData, command: TakeTokens) -> BucketData:
        """Hand out what there is, up to what is wanted; one of them is spent at once."""
        granted = min(command.wanted, available(bucket, command))
        empty = _empty(bucket, command)
        leases = {
            h: x for h, x in bucket.leases.items() if h != command.holder and x.until > command.at
        }
        if granted > 1:
            leases[command.holder] = Lease(count=granted - 1, until=command.until)
        return BucketData(empty=empty + granted * command.interval, leases=leases, granted=granted)


def _empty(bucket: BucketData, command: TakeTokens) -> datetime:
    known = bucket.spent(command.holder, command.spent)
    return known.filled(command.at, command.interval, command.burst)
