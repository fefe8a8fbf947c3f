"""What stands between a step and a service in trouble: policies, breakers, limits, caches."""

from interlock.machines.resilience.breaker import Breaker
from interlock.machines.resilience.cache import Cache, Debounce
from interlock.machines.resilience.errors import (
    BreakerOpen,
    BulkheadFull,
    NotAdmitted,
    RateLimited,
    Superseded,
)
from interlock.machines.resilience.gates import Gates
from interlock.machines.resilience.limits import Bulkhead, RateLimit
from interlock.machines.resilience.policies import policies
from interlock.machines.resilience.policy import Policy, Timeout

__all__ = [
    "Breaker",
    "BreakerOpen",
    "Bulkhead",
    "BulkheadFull",
    "Cache",
    "Debounce",
    "Gates",
    "NotAdmitted",
    "Policy",
    "RateLimit",
    "RateLimited",
    "Superseded",
    "Timeout",
    "policies",
]
