"""What becomes of a call that a script answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any

from interlock.machines.duration import Duration


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one call.

    Attributes:
        takes: virtual time until it is there, none by default. A step whose timeout is shorter
            times out before.
    """

    _: KW_ONLY
    takes: Duration | None = None


@dataclass(frozen=True, slots=True)
class Value(Outcome):
    """The call returns this."""

    value: Any = None


@dataclass(frozen=True, slots=True)
class Error(Outcome):
    """The call raises this: an exception, or a class of them."""

    error: BaseException | type[BaseException]


@dataclass(frozen=True, slots=True)
class Timeout(Outcome):
    """The call raises `TimedOut`, as one that took longer than its step allows."""


@dataclass(frozen=True, slots=True)
class Hang(Outcome):
    """The call does not return: its step's timeout or a cancellation ends it, or nothing does."""


@dataclass(frozen=True, slots=True)
class Crash(Outcome):
    """The process dies during the call: nothing is recorded, and the store is opened anew."""


@dataclass(frozen=True, slots=True)
class Real(Outcome):
    """The step's own code is run."""


@dataclass(frozen=True, slots=True)
class Does(Outcome):
    """This function is run in place of the step's own, with the same arguments."""

    function: Callable[..., Any]


def outcome(given: object) -> Outcome:
    """What a script was given for a call: an outcome, an exception to raise, or else a value."""
    if isinstance(given, Outcome):
        return given
    if isinstance(given, BaseException):
        return Error(given)
    return Value(given)
