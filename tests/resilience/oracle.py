"""A circuit breaker and a token bucket written down as plainly as possible, to compare with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction


@dataclass
class OracleBreaker:
    """One breaker of several engines. Remembers everything and counts anew at each question."""

    threshold: int
    window: timedelta
    reset: timedelta
    trials: int
    lease: timedelta
    state: str = "closed"
    until: datetime | None = None
    epoch: int = 0
    failures: list[tuple[int, datetime]] = field(default_factory=list[tuple[int, datetime]])
    trial: dict[int, datetime] = field(default_factory=dict[int, datetime])
    passed: int = 0

    def _become(self, state: str, until: datetime | None = None) -> None:
        self.state, self.until = state, until
        self.epoch += 1
        self.failures, self.trial, self.passed = [], {}, 0

    def begin(self, call: int, now: datetime) -> bool:
        """Whether a call is let through."""
        if self.state == "open" and self.until is not None and now >= self.until:
            self._become("half-open")
        if self.state == "half-open":
            live = [end for end in self.trial.values() if end > now]
            if self.passed + len(live) >= self.trials:
                return False
            self.trial = {c: end for c, end in self.trial.items() if end > now}
            self.trial[call] = now + self.lease
        return self.state != "open"

    def end(self, call: int, engine: int, epoch: int, failed: bool, now: datetime) -> None:
        """A call that was let through in an epoch has ended."""
        if epoch != self.epoch:
            return
        if self.state == "half-open":
            if call not in self.trial:
                return
            del self.trial[call]
            if failed:
                self._become("open", now + self.reset)
            elif self.passed + 1 == self.trials:
                self._become("closed")
            else:
                self.passed += 1
        elif failed:
            self.failures.append((engine, now))
            recent = [e for e, at in self.failures if e == engine and at > now - self.window]
            if len(recent) >= self.threshold:
                self._become("open", now + self.reset)

    def restart(self, engine: int) -> None:
        """An engine has died: what it counted is forgotten."""
        self.failures = [(e, at) for e, at in self.failures if e != engine]


_TICK = timedelta(microseconds=1)


@dataclass
class OracleBucket:
    """A token bucket in exact arithmetic."""

    interval: timedelta
    burst: int
    tokens: Fraction
    at: datetime

    def take(self, now: datetime) -> bool:
        """Whether there is a token; it is spent."""
        self.tokens = min(
            Fraction(self.burst),
            self.tokens + Fraction((now - self.at) // _TICK, self.interval // _TICK),
        )
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


def too_many(calls: list[datetime], interval: timedelta, burst: int) -> bool:
    """Whether any stretch of time holds more calls than a bucket allows: each is looked at."""
    return any(
        (j - i) + 1 > burst + (calls[j] - calls[i]) // interval
        for i in range(len(calls))
        for j in range(i, len(calls))
    )
