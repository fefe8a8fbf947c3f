"""What becomes of a call that a script answers."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, is_dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

from pydantic import BaseModel

from interlock.machines.duration import Duration, duration
from interlock.machines.errors import BadDefinition
from interlock.testing.errors import HarnessError


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one call.

    Attributes:
        takes: virtual time until it is there, none by default. A step whose timeout is shorter
            times out before.

    Raises:
        HarnessError: it can be the outcome of no call; says what to write.
    """

    _: KW_ONLY
    takes: Duration | None = None

    def __post_init__(self) -> None:
        _check_takes(self, self.takes)
        if isinstance(self, Value):
            _check_value(self.value)
        elif isinstance(self, Error):
            _check_error(self.error)
        elif isinstance(self, Does):
            _check_function(self.function)


@dataclass(frozen=True, slots=True)
class Value(Outcome):
    """The call returns this."""

    value: Any = None


@dataclass(frozen=True, slots=True)
class Error(Outcome):
    """The call raises this: an exception, or a class of them that needs no arguments."""

    error: Exception | type[Exception]


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
    """What a script was given for a call: an outcome, an exception to raise, or else a value.

    Raises:
        HarnessError: it can be the outcome of no call; says what to write.
    """
    if type(given) is Outcome:
        raise HarnessError("Outcome() says nothing; write a value, an exception, or Value(None)")
    if isinstance(given, Outcome):
        return given
    if isinstance(given, BaseException):
        error: Any = given  # told there if it is no Exception
        return Error(error)
    return Value(given)


def called(function: Callable[..., Any]) -> str:
    """What somebody would write for a function."""
    name = str(getattr(function, "__name__", repr(function)))
    return "lambda ...: ..." if name == "<lambda>" else name


def _check_takes(given: Outcome, takes: Any) -> None:
    if takes is None:
        return
    said = f"{type(given).__name__}(takes={takes!r})"
    try:
        span = duration(takes)
    except BadDefinition as error:
        message = f"{said}: {error.message}"
        raise HarnessError(message) from None
    if span < timedelta():
        message = f"{said}: time does not go back; write takes='5 seconds'"
        raise HarnessError(message)


def _check_value(value: object) -> None:
    if inspect.iscoroutine(value):
        value.close()
        message = f"{value.__name__}() is not awaited; write the value itself, or Does(function)"
        raise HarnessError(message)
    if isinstance(value, type):
        raise HarnessError(_no_value(value))
    if isinstance(value, Outcome):
        message = f"{value!r} is an outcome already; write it without Value(...)"
        raise HarnessError(message)
    held = isinstance(value, BaseModel | Enum) or is_dataclass(value)
    if callable(value) and not held:
        name = called(value)
        message = f"{name} is a function and no value; to have it called write Does({name})"
        raise HarnessError(message)


def _no_value(kind: type) -> str:
    name = kind.__name__
    if issubclass(kind, BaseException):
        return f"{name} is a class and no value; to have it raised write Error({name})"
    return f"{name} is a class and no value of it; write {name}(...)"


def _check_error(error: object) -> None:
    kind = error if isinstance(error, type) else type(error)
    name = kind.__name__
    if not issubclass(kind, BaseException):
        instead = repr(error) if isinstance(error, str) else "..."
        message = f"Error({error!r}) is no exception; write Error(RuntimeError({instead}))"
        raise HarnessError(message)
    if not issubclass(kind, Exception):
        message = (
            f"{name} ends a process and no step; for a process that dies write Crash(), "
            "for a run that is cancelled `await env.cancel(run)`"
        )
        raise HarnessError(message)
    if error is kind:
        try:
            kind()
        except Exception as why:
            message = f"Error({name}) needs arguments ({why}); write Error({name}(...))"
            raise HarnessError(message) from None


def _check_function(function: object) -> None:
    if not callable(function):
        message = f"Does({function!r}): that is no function; write Does(function), or a value"
        raise HarnessError(message)
