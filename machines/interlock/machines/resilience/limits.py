"""Rate limits and bulkheads: how often, and how many at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from interlock.machines.duration import Duration, duration
from interlock.machines.errors import BadDefinition
from interlock.machines.resilience.declared import declare

When = Literal["wait", "fail"]


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A token bucket, shared by every step that names it, and by all engines of one store.

    In any stretch of t seconds at most `burst + per_second * t` calls are made. Engines take
    tokens from the bucket's stream in batches: an event a batch, not one a call.

    Attributes:
        name: what steps and people call it.
        per_second: tokens that come in each second; may be below 1.
        burst: tokens that it holds when full, by default twice `per_second` (at least 1).
        when: without a token, a step does `wait` for its turn, or `fail` with `RateLimited`.
        batch: tokens taken at once, by default a quarter of the burst.
        lease: after so long, tokens that were taken and not spent are void.

    Raises:
        BadDefinition: a number that is too small, or the name is taken.
    """

    name: str
    per_second: float = 10
    burst: int = 0
    when: When = "wait"
    batch: int = 0
    lease: Duration = "1 second"

    def __post_init__(self) -> None:
        if self.per_second <= 0 or self.burst < 0 or self.batch < 0:
            message = f"RateLimit({self.name!r}) needs per_second above 0, burst of 1 or more"
            raise BadDefinition(message)
        _check_when(self, self.when)
        burst = self.burst or max(1, round(2 * self.per_second))
        object.__setattr__(self, "burst", burst)
        object.__setattr__(self, "batch", min(self.batch or max(1, burst // 4), burst))
        duration(self.lease)
        declare(self)

    @property
    def interval(self) -> timedelta:
        """The time in which one token comes in, rounded up to a microsecond."""
        return timedelta(microseconds=-(-1_000_000 // self.per_second))

    @classmethod
    def api(cls, name: str, **changes: Any) -> RateLimit:
        """For one's own services: 10 a second, bursts of 20."""
        values: dict[str, Any] = {"per_second": 10, "burst": 20}
        return cls(name, **{**values, **changes})

    @classmethod
    def external(cls, name: str, **changes: Any) -> RateLimit:
        """For the services of others: 5 a second, bursts of 10."""
        values: dict[str, Any] = {"per_second": 5, "burst": 10}
        return cls(name, **{**values, **changes})


@dataclass(frozen=True, slots=True)
class Bulkhead:
    """At most so many calls at once, of all steps that name it.

    Attributes:
        name: what steps and people call it.
        max: calls under way at the same time.
        queue: calls that may wait for a place, None for any number.
        when: without a place, a step does `wait`, or `fail` with `BulkheadFull`.
        shared: count the calls of all engines of the store together, not of each by itself.
        lease: for how long a shared place is taken without being renewed: so long a crashed
            process keeps its places.

    Raises:
        BadDefinition: a number that is too small, or the name is taken.
    """

    name: str
    max: int = 10
    queue: int | None = None
    when: When = "wait"
    shared: bool = False
    lease: Duration = "10 seconds"

    def __post_init__(self) -> None:
        if self.max < 1 or (self.queue is not None and self.queue < 0):
            message = f"Bulkhead({self.name!r}) needs max of 1 or more, queue of 0 or more"
            raise BadDefinition(message)
        _check_when(self, self.when)
        duration(self.lease)
        declare(self)


def _check_when(made: RateLimit | Bulkhead, when: str) -> None:
    if when not in ("wait", "fail"):
        message = f"when={when!r} of {type(made).__name__}({made.name!r}): write wait or fail"
        raise BadDefinition(message)
