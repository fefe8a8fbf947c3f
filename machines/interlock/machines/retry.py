"""Retry schedules: how often a step is tried, and how long it waits in between."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Literal

from interlock.machines.duration import Duration, duration
from interlock.machines.place import bad_definition, declared_duration


@dataclass(frozen=True, slots=True)
class Retry:
    """How a failing step is tried again. The waits are durable timers, not sleeping tasks.

    Attributes:
        attempts: calls in all, the first included; at least 1.
        initial: wait before the second call.
        maximum: no wait is longer.
        backoff: `exponential` (doubling), `linear` (1, 2, 3 … times `initial`) or `fixed`.
        jitter: share of the wait that is drawn at random, 0 to 1: a wait of d is drawn evenly
            from d * (1 - jitter) to d. Drawn once and recorded.
    """

    attempts: int = 3
    initial: Duration = "200 ms"
    maximum: Duration = "5 seconds"
    backoff: Literal["exponential", "linear", "fixed"] = "exponential"
    jitter: float = 0.5

    none: ClassVar[Retry]
    transient: ClassVar[Retry]
    standard: ClassVar[Retry]
    aggressive: ClassVar[Retry]

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise bad_definition("Retry needs attempts of 1 or more; 1 means no retry")
        if not 0 <= self.jitter <= 1:
            raise bad_definition("Retry's jitter is a share from 0 to 1")
        declared_duration(self.initial)
        declared_duration(self.maximum)

    def delay(self, failed: int, *, draw: float | None = None) -> timedelta | None:
        """The wait after `failed` failed calls, or None when there is no further call.

        Args:
            failed: calls that failed so far, from 1.
            draw: a number from 0 to 1 in place of a random one.
        """
        if failed >= self.attempts:
            return None
        first, longest = duration(self.initial), duration(self.maximum)
        factor = {"exponential": 2 ** min(failed - 1, 64), "linear": failed, "fixed": 1}
        seconds = min(first.total_seconds() * factor[self.backoff], longest.total_seconds())
        share = random.random() if draw is None else draw  # not for secrets
        return timedelta(seconds=seconds * (1 - self.jitter * share))


Retry.none = Retry(attempts=1)
Retry.transient = Retry(attempts=3, initial="100 ms", maximum="1 second")
Retry.standard = Retry(attempts=3, initial="200 ms", maximum="5 seconds")
Retry.aggressive = Retry(attempts=5, initial="500 ms", maximum="30 seconds")
