"""What recorded outcomes mean to workflow code: values and exceptions."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from interlock.machines.batch import item_note
from interlock.machines.errors import StepFailed, TimedOut
from interlock.machines.outcome import Err, Ok, Won
from interlock.machines.waits import Decision, Vote
from interlock.projections import Joined, Outcome
from interlock.store.failure import Failure
from interlock.store.values import Types, decode_whole


def value_of(outcome: Outcome, types: Types) -> Any:
    """What an outcome gives.

    Raises:
        BaseException: what it raises.
    """
    if outcome.kind in ("granted", "rejected"):
        granted = outcome.kind == "granted"
        votes = tuple(Vote(v.actor.id, v.granted, v.reason, v.at, v.facts) for v in outcome.votes)
        return Decision(granted, outcome.actor.id, outcome.reason, outcome.at, votes)
    if outcome.kind == "value":
        return decode_whole(types, outcome.value)
    if outcome.kind == "elapsed":
        return None
    raise error_of(outcome, types)


def error_of(outcome: Outcome, types: Types) -> BaseException:
    """The exception that an outcome is."""
    if outcome.kind == "timed out":
        return TimedOut(outcome.reason or "it timed out")
    if outcome.kind == "cancelled":
        return asyncio.CancelledError(outcome.reason or "cancelled")
    failure = outcome.error
    assert failure is not None  # of kind `error`
    return exception_of(failure, types)


def exception_of(failure: Failure, types: Types) -> BaseException:
    """An exception encoded in one piece, or `StepFailed` in its place."""
    if failure.value is not None:
        found = decode_whole(types, failure.value)
        if isinstance(found, BaseException):
            return found
    return StepFailed(f"{failure.type}: {failure.message}", "", failure.type)


def is_failed(outcome: Outcome) -> bool:
    """Whether an outcome is an exception."""
    return outcome.kind in ("error", "timed out", "cancelled")


def combined(join: Joined, types: Types) -> Any:
    """What a join gives that is over.

    Raises:
        BaseException: what it raises: the error itself when it is the only one, else all of them
            as an `ExceptionGroup` (what was cancelled because of another is none).
    """
    if join.how == "race":
        if join.first < 0:
            raise _failure(join, types)
        name: str | int = join.names[join.first] if join.names else join.first
        return Won(name, value_of(join.outcomes[join.first], types))
    if join.how == "tasks":
        known = [join.outcomes.get(index) for index in range(len(join.calls))]
        stopped = Err(asyncio.CancelledError("another one failed before it began"))
        return [stopped if o is None else _collected(join, o, types) for o in known]
    if join.collect:
        return _shaped(join, [_collected(join, o, types) for o in _ordered(join)])
    if join.failed:
        raise _failure(join, types)
    return _shaped(join, [value_of(outcome, types) for outcome in _ordered(join)])


def _ordered(join: Joined) -> list[Outcome]:
    return [join.outcomes[index] for index in range(len(join.calls))]


def _collected(join: Joined, outcome: Outcome, types: Types) -> Any:
    try:
        value = value_of(outcome, types)
    except BaseException as error:  # whatever a call raised is a value here
        error.__traceback__ = None
        return error if join.how == "gather" else Err(error)
    return value if join.how == "gather" else Ok(value)


def _shaped(join: Joined, values: list[Any]) -> Any:
    if join.shape == "one":
        return values[0]
    if join.shape == "dict":
        return dict(zip(join.names, values, strict=True))
    return values if join.shape == "list" else tuple(values)


_FIRST = ("gather", "each")
"""Joins that raise what failed first, not all that failed."""


def _failure(join: Joined, types: Types) -> BaseException:
    own = [i for i in join.failed if join.outcomes[i].kind != "cancelled"] or join.failed
    own = own[:1] if join.how in _FIRST else sorted(own)
    errors = [_noted(join, index, types) for index in own]
    if len(errors) < 2:
        return errors[0] if errors else asyncio.CancelledError("nothing was left to win")
    if all(isinstance(error, Exception) for error in errors):
        return ExceptionGroup(f"{len(errors)} calls failed", cast("list[Exception]", errors))
    return BaseExceptionGroup(f"{len(errors)} calls failed", errors)


def _noted(join: Joined, index: int, types: Types) -> BaseException:
    error = error_of(join.outcomes[index], types)
    if join.how == "each":
        error.add_note(item_note(index, join.names, join.size))
    return error
