"""Circuit breakers: calls that keep failing are not made for a while."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from interlock.machines.duration import Duration, duration
from interlock.machines.errors import BadDefinition
from interlock.machines.resilience.declared import declare


@dataclass(frozen=True, slots=True)
class Breaker:
    """A circuit breaker, shared by every step that names it, and by all engines of one store.

    Failures are counted where they happen, by each process for itself, and not recorded; when it
    opens, half-opens or closes, that is an event of its own stream.

    Attributes:
        name: what steps and people call it.
        threshold: so many failures within `window` open it.
        window: how far back failures count.
        reset: how long it stays open before calls are tried again.
        trials: calls let through then; when all succeed it closes, when one fails it opens again.
        when_open: what a step does meanwhile: `wait`, visibly and durably, or `fail` with
            `BreakerOpen`.
        counts: domain errors (of the step's `raises`) that count as failures too; all other
            errors do. `BaseException` counts every error.
        lease: a trial call without an outcome for so long is given up, as after a crash.

    Raises:
        BadDefinition: a number below 1, or the name is taken.
    """

    name: str
    threshold: int = 5
    window: Duration = "60 seconds"
    reset: Duration = "30 seconds"
    trials: int = 3
    when_open: Literal["wait", "fail"] = "wait"
    counts: tuple[type[BaseException], ...] = ()
    lease: Duration = "60 seconds"

    def __post_init__(self) -> None:
        if self.threshold < 1 or self.trials < 1:
            message = f"Breaker({self.name!r}) needs a threshold and trials of 1 or more"
            raise BadDefinition(message)
        if self.when_open not in ("wait", "fail"):
            message = f"when_open={self.when_open!r} of Breaker({self.name!r}): write wait or fail"
            raise BadDefinition(message)
        for length in (self.window, self.reset, self.lease):
            duration(length)
        declare(self)

    @classmethod
    def critical(cls, name: str, **changes: Any) -> Breaker:
        """For what must not be overloaded: 3 failures within 30 s, 60 s open, 1 trial."""
        values: dict[str, Any] = {
            "threshold": 3,
            "window": "30 seconds",
            "reset": "60 seconds",
            "trials": 1,
        }
        return cls(name, **{**values, **changes})

    @classmethod
    def lenient(cls, name: str, **changes: Any) -> Breaker:
        """For what may fail now and then: 10 failures within 120 s, 15 s open, 5 trials."""
        values: dict[str, Any] = {
            "threshold": 10,
            "window": "120 seconds",
            "reset": "15 seconds",
            "trials": 5,
        }
        return cls(name, **{**values, **changes})


def is_failure(
    breaker: Breaker, error: BaseException, domain: tuple[type[BaseException], ...]
) -> bool:
    """Whether an error says that the service is in trouble: it answered a domain error."""
    return not isinstance(error, domain) or isinstance(error, breaker.counts)
