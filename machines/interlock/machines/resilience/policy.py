"""Policies: what several steps declare alike about retries, timeouts and gates."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any, ClassVar

from interlock.machines.duration import Duration
from interlock.machines.kinds import check_kind
from interlock.machines.place import declared_duration
from interlock.machines.resilience.breaker import Breaker
from interlock.machines.resilience.limits import Bulkhead, RateLimit
from interlock.machines.retry import Retry


class Timeout:
    """Usual timeouts of one attempt."""

    fast: ClassVar[timedelta] = timedelta(seconds=1)
    api: ClassVar[timedelta] = timedelta(seconds=5)
    extended: ClassVar[timedelta] = timedelta(seconds=30)
    long: ClassVar[timedelta] = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Policy:
    """Options of a step, to be given as `@step(policy=...)`. None says nothing.

    `a | b` is a policy with what `b` sets, and what `a` sets besides. What the step itself
    declares wins over its policy.

    Attributes:
        retry: schedule of further attempts.
        timeout: longest time of one attempt.
        breaker, rate, bulkhead: gates, or their names.

    Raises:
        BadDefinition: `timeout` is no duration, or another of them is something else.
    """

    retry: Retry | None = None
    timeout: Duration | None = None
    breaker: Breaker | str | None = None
    rate: RateLimit | str | None = None
    bulkhead: Bulkhead | str | None = None

    def __post_init__(self) -> None:
        check_kind("retry", self.retry, Retry, "Retry.standard, or Retry(attempts=5)")
        check_kind("breaker", self.breaker, (Breaker, str), "a Breaker(...), or its name")
        check_kind("rate", self.rate, (RateLimit, str), "a RateLimit(...), or its name")
        check_kind("bulkhead", self.bulkhead, (Bulkhead, str), "a Bulkhead(...), or its name")
        if self.timeout is not None:
            declared_duration(self.timeout)

    def __or__(self, other: Policy) -> Policy:
        """What `other` sets, and what this one sets besides."""
        return replace(self, **other.values())

    def values(self) -> dict[str, Any]:
        """What it sets, by name."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in found.items() if value is not None}
