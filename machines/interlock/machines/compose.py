"""Several calls at a time: all of them, their outcomes, or the first.

In a run the compiler turns each of these into a state. Called natively they do the same by
asyncio, so that a workflow's function reads and behaves alike in a plain test.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar, overload

from interlock.machines.errors import BadDefinition
from interlock.machines.outcome import Outcome, Won

T = TypeVar("T")
T1 = TypeVar("T1")
T2 = TypeVar("T2")
T3 = TypeVar("T3")
T4 = TypeVar("T4")
T5 = TypeVar("T5")
T6 = TypeVar("T6")


# fmt: off
@overload
async def parallel(a: Awaitable[T1], /) -> tuple[T1]: ...
@overload
async def parallel(a: Awaitable[T1], b: Awaitable[T2], /) -> tuple[T1, T2]: ...
@overload
async def parallel(
    a: Awaitable[T1], b: Awaitable[T2], c: Awaitable[T3], /
) -> tuple[T1, T2, T3]: ...
@overload
async def parallel(
    a: Awaitable[T1], b: Awaitable[T2], c: Awaitable[T3], d: Awaitable[T4], /
) -> tuple[T1, T2, T3, T4]: ...
@overload
async def parallel(
    a: Awaitable[T1], b: Awaitable[T2], c: Awaitable[T3], d: Awaitable[T4], e: Awaitable[T5], /
) -> tuple[T1, T2, T3, T4, T5]: ...
@overload
async def parallel(
    a: Awaitable[T1], b: Awaitable[T2], c: Awaitable[T3], d: Awaitable[T4], e: Awaitable[T5],
    f: Awaitable[T6], /,
) -> tuple[T1, T2, T3, T4, T5, T6]: ...
@overload
async def parallel(*calls: Awaitable[T]) -> tuple[T, ...]: ...
@overload
async def parallel(**calls: Awaitable[T]) -> dict[str, T]: ...
# fmt: on
async def parallel(*calls: Awaitable[Any], **named: Awaitable[Any]) -> Any:
    """Wait for all of several calls, which run at the same time: `await parallel(a(x), b(y))`.

    The results come as a tuple, those of named calls as a dict. When a call fails, the others are
    cancelled and waited for; then its error is raised.

    Raises:
        ExceptionGroup: more than one failed.
        BadDefinition: both positional and named calls.
    """
    given = _given("parallel", calls, named)
    results = await _native().wait_all(given.values())
    return dict(zip(given, results, strict=True)) if named else tuple(results)


# fmt: off
@overload
async def settle(a: Awaitable[T1], /) -> Outcome[T1]: ...
@overload
async def settle(
    a: Awaitable[T1], b: Awaitable[T2], /
) -> tuple[Outcome[T1], Outcome[T2]]: ...
@overload
async def settle(
    a: Awaitable[T1], b: Awaitable[T2], c: Awaitable[T3], /
) -> tuple[Outcome[T1], Outcome[T2], Outcome[T3]]: ...
@overload
async def settle(
    a: Awaitable[T1], b: Awaitable[T2], c: Awaitable[T3], d: Awaitable[T4], /
) -> tuple[Outcome[T1], Outcome[T2], Outcome[T3], Outcome[T4]]: ...
@overload
async def settle(
    a: Awaitable[T1], b: Awaitable[T2], c: Awaitable[T3], d: Awaitable[T4], e: Awaitable[T5], /
) -> tuple[Outcome[T1], Outcome[T2], Outcome[T3], Outcome[T4], Outcome[T5]]: ...
@overload
async def settle(*calls: Awaitable[T]) -> tuple[Outcome[T], ...]: ...
@overload
async def settle(**calls: Awaitable[T]) -> dict[str, Outcome[T]]: ...
# fmt: on
async def settle(*calls: Awaitable[Any], **named: Awaitable[Any]) -> Any:
    """Wait for calls whatever becomes of them: `Ok(value)` or `Err(error)` for each.

    One call written by itself gives one outcome; several give a tuple, named ones a dict.

    Raises:
        BadDefinition: both positional and named calls.
    """
    given = _given("settle", calls, named)
    outcomes = await _native().wait_outcomes(given.values())
    if named:
        return dict(zip(given, outcomes, strict=True))
    return outcomes[0] if len(calls) == 1 else tuple(outcomes)


# fmt: off
@overload
async def race(a: Awaitable[T1], /) -> Won[T1]: ...
@overload
async def race(a: Awaitable[T1], b: Awaitable[T2], /) -> Won[T1 | T2]: ...
@overload
async def race(
    a: Awaitable[T1], b: Awaitable[T2], c: Awaitable[T3], /
) -> Won[T1 | T2 | T3]: ...
@overload
async def race(
    a: Awaitable[T1], b: Awaitable[T2], c: Awaitable[T3], d: Awaitable[T4], /
) -> Won[T1 | T2 | T3 | T4]: ...
@overload
async def race(
    a: Awaitable[T1], b: Awaitable[T2], c: Awaitable[T3], d: Awaitable[T4], e: Awaitable[T5], /
) -> Won[T1 | T2 | T3 | T4 | T5]: ...
@overload
async def race(*calls: Awaitable[T]) -> Won[T]: ...
@overload
async def race(**calls: Awaitable[T]) -> Won[T]: ...
# fmt: on
async def race(*calls: Awaitable[Any], **named: Awaitable[Any]) -> Any:
    """Wait for the first call that succeeds; the others are cancelled.

    Raises:
        ExceptionGroup: every call failed, and there were several.
        BadDefinition: both positional and named calls, or none.
    """
    given = _given("race", calls, named)
    if not given:
        raise BadDefinition("race() has no calls to choose from")
    return await _native().first(given)


def _given(
    what: str, calls: tuple[Awaitable[Any], ...], named: Mapping[str, Awaitable[Any]]
) -> Mapping[str | int, Awaitable[Any]]:
    if calls and named:
        message = f"{what}(): give all of its calls names, or none of them"
        raise BadDefinition(message)
    given: dict[str | int, Awaitable[Any]] = dict(enumerate(calls))
    given.update(named.items())
    return given


def _native() -> Any:
    from interlock.machines import native  # asyncio is slow to import

    return native
