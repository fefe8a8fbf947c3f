"""A circuit breaker as its stream tells it: what it knows, and its state at any instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast

from pydantic import BaseModel, ConfigDict

from interlock.projections.shared import SharedState

BreakerPosition = Literal["closed", "open", "half-open"]

PREFIX = "$breaker/"
"""How the ids of the breakers' streams begin."""


class BreakerData(BaseModel):
    """What a breaker knows besides its state.

    Attributes:
        until: open until then, None while it is closed or held open by a person.
        reason: why it was opened or closed.
        failures: how many were counted when it opened.
        leases: trial calls that are under way, and when each is given up.
        passed: trial calls that succeeded since it became half-open.
    """

    model_config = ConfigDict(frozen=True)

    until: datetime | None = None
    reason: str = ""
    failures: int = 0
    leases: dict[str, datetime] = {}
    passed: int = 0


@dataclass(frozen=True, slots=True)
class BreakerState:
    """A breaker after one event.

    Attributes:
        name: of the breaker.
        state: `closed` lets calls through, `open` lets none, `half-open` a few on trial.
        since: when it entered that state, None for one that never moved.
        until: open until then; None while it is closed, or held open by a person.
        reason: why it is there.
        by: the person who put it there, "" when nobody did.
        trials: trial calls that have not ended.
        passed: trial calls that succeeded since it became half-open.
        at: when it last moved.
    """

    name: str
    state: BreakerPosition = "closed"
    since: datetime | None = None
    until: datetime | None = None
    reason: str = ""
    by: str = ""
    trials: int = 0
    passed: int = 0
    at: datetime | None = None

    def retry_after(self, now: datetime) -> timedelta | None:
        """How long it stays open, zero when it does not; None when only a person can close it."""
        if self.state != "open":
            return timedelta()
        return None if self.until is None else max(timedelta(), self.until - now)


def breaker_state(name: str, shared: SharedState | None) -> BreakerState:
    """The breaker that a shared state is; one that never moved is closed."""
    if shared is None:
        return BreakerState(name)
    data = BreakerData.model_validate(shared.data)
    return BreakerState(
        name,
        cast("BreakerPosition", shared.state),
        shared.since,
        data.until,
        data.reason,
        shared.actor.id if shared.actor.kind == "user" else "",
        len(data.leases),
        data.passed,
        shared.at,
    )
