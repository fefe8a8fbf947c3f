"""The machine of a circuit breaker, declared as any lifecycle: closed, open, half-open."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from interlock.machines.command import Command
from interlock.machines.guard import Check, Refuse
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.rule import on
from interlock.projections.breaker import BreakerData


class Position(StrEnum):
    """The states."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Trip(Command):
    """Too many failures were counted."""

    failures: int
    until: datetime


class Grant(Command):
    """A call wants to be made on trial; it is given up at `until`."""

    trial: str
    at: datetime
    until: datetime
    trials: int


class Passed(Command):
    """A trial call succeeded."""

    trial: str
    trials: int


class Failed(Command):
    """A trial call failed: the service is still in trouble."""

    trial: str
    until: datetime


class GiveUp(Command):
    """A trial call was not made, or was cancelled."""

    trial: str


class ForceOpen(Command):
    """A person opens it, until a person closes it."""

    reason: str


class ForceClose(Command):
    """A person closes it."""

    reason: str


def reset_time_is_over(breaker: BreakerData, command: Grant) -> Check:
    """Whether it has been open for long enough."""
    if breaker.until is None:
        return Refuse("a person holds it open")
    return command.at >= breaker.until or Refuse(f"open until {breaker.until.isoformat()}")


def trial_is_free(breaker: BreakerData, command: Grant) -> Check:
    """Whether fewer trials than declared have passed or are under way."""
    live = sum(until > command.at for until in breaker.leases.values())
    return breaker.passed + live < command.trials or Refuse("all trials are under way")


def trial_is_known(breaker: BreakerData, command: Passed | Failed | GiveUp) -> Check:
    """Whether the trial was not given up, and belongs to this half-open time."""
    return command.trial in breaker.leases or Refuse("this trial was given up")


def it_is_the_last(breaker: BreakerData, command: Passed) -> Check:
    """Whether all trials have passed with this one."""
    return breaker.passed + 1 >= command.trials or Refuse("more trials have to pass")


class CircuitBreaker(
    Lifecycle[Position, BreakerData], initial=Position.CLOSED, final=(), name="$breaker"
):
    """Closed lets calls through; open none, until its time is over; half-open a few on trial."""

    @on(Trip, source=Position.CLOSED, target=Position.OPEN)
    def trip(self, breaker: BreakerData, command: Trip) -> BreakerData:
        """Open."""
        return BreakerData(
            until=command.until, failures=command.failures, reason=_counted(command.failures)
        )

    @on(Grant, source=Position.OPEN, target=Position.HALF_OPEN, guard=reset_time_is_over)
    def first_trial(self, breaker: BreakerData, command: Grant) -> BreakerData:
        """Let the first trial through."""
        return BreakerData(reason="on trial", leases={command.trial: command.until})

    @on(Grant, source=Position.HALF_OPEN, target=Position.HALF_OPEN, guard=trial_is_free)
    def next_trial(self, breaker: BreakerData, command: Grant) -> BreakerData:
        """Let a further trial through; those that were given up count no more."""
        live = {t: until for t, until in breaker.leases.items() if until > command.at}
        leases = {**live, command.trial: command.until}
        return breaker.model_copy(update={"leases": leases})

    @on(
        Passed,
        source=Position.HALF_OPEN,
        target=Position.CLOSED,
        guard=(trial_is_known, it_is_the_last),
    )
    def recover(self, breaker: BreakerData, command: Passed) -> BreakerData:
        """All trials have passed."""
        trials = "1 trial" if command.trials == 1 else f"{command.trials} trials"
        return BreakerData(reason=f"{trials} passed")

    @on(Passed, source=Position.HALF_OPEN, target=Position.HALF_OPEN, guard=trial_is_known)
    def passed(self, breaker: BreakerData, command: Passed) -> BreakerData:
        """One trial has passed."""
        count = breaker.passed + 1
        return _without(breaker, command.trial).model_copy(update={"passed": count})

    @on(Failed, source=Position.HALF_OPEN, target=Position.OPEN, guard=trial_is_known)
    def relapse(self, breaker: BreakerData, command: Failed) -> BreakerData:
        """Open again."""
        return BreakerData(until=command.until, failures=1, reason="a trial failed")

    @on(GiveUp, source=Position.HALF_OPEN, target=Position.HALF_OPEN, guard=trial_is_known)
    def give_up(self, breaker: BreakerData, command: GiveUp) -> BreakerData:
        """Make room for another trial."""
        return _without(breaker, command.trial)

    @on(ForceOpen, source=tuple(Position), target=Position.OPEN)
    def force_open(self, breaker: BreakerData, command: ForceOpen) -> BreakerData:
        """Open until a person closes it."""
        return BreakerData(reason=command.reason)

    @on(ForceClose, source=tuple(Position), target=Position.CLOSED)
    def force_close(self, breaker: BreakerData, command: ForceClose) -> BreakerData:
        """Close, and count anew."""
        return BreakerData(reason=command.reason)


def _without(breaker: BreakerData, trial: str) -> BreakerData:
    leases = {t: until for t, until in breaker.leases.items() if t != trial}
    return breaker.model_copy(update={"leases": leases})


def _counted(failures: int) -> str:
    return "1 failure" if failures == 1 else f"{failures} failures"
