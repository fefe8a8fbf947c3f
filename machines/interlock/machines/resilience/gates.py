"""What stands before the calls of one step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from interlock.machines.resilience.breaker import Breaker
from interlock.machines.resilience.cache import Cache
from interlock.machines.resilience.limits import Bulkhead, RateLimit
from interlock.machines.resilience.policy import Policy


@dataclass(frozen=True, slots=True)
class Gates:
    """What a step's call has to pass, in this order. Names are looked up when it is made.

    Attributes:
        cache: where a result may be kept already.
        flight: calls of one key at once are one call: the key function, or True for all arguments.
        breaker: may hold it back, or take it for a trial.
        bulkhead: has a place for it.
        rate: has a token for it.
    """

    cache: Cache | None = None
    flight: Callable[..., object] | bool = False
    breaker: Breaker | str | None = None
    bulkhead: Bulkhead | str | None = None
    rate: RateLimit | str | None = None


def gated(
    policy: Policy, cache: Cache | None, flight: Callable[..., object] | bool
) -> Gates | None:
    """The gates that a step's options come to, None for none."""
    gates = Gates(cache, flight, policy.breaker, policy.bulkhead, policy.rate)
    return None if gates == Gates() else gates
