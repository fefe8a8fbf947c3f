"""Making one call: async in the loop, plain functions in a thread, with timeout and cancel."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

from interlock.machines.context import Current
from interlock.machines.errors import TimedOut
from interlock.machines.resource import Wanted
from interlock.machines.step import Step
from interlock.projections import Activity

BEGAN: ContextVar[Callable[[], None] | None] = ContextVar("interlock_began", default=None)
"""Told when a thread has taken up the call of a plain function."""


CALLS = ("step", "undo", "child")
"""The kinds of activities about which there is something to do in the world."""

OVER = ("in doubt", "undo failed", "asked", "done")
"""No call is made for what is this: it waits for a person, or for the run to move on."""


def is_open_call(activity: Activity) -> bool:
    """Whether a call is to be made on behalf of an activity, now or later."""
    return activity.kind in CALLS and activity.status not in OVER


def call(
    function: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    *,
    current: Current,
    timeout: timedelta | None,
    threads: Executor,
) -> Awaitable[Any]:
    """Call a step's (or undo's) function once, where `current()` and `Reveals` are set for it.

    A plain function runs in a thread and cannot be interrupted there. When the caller is
    cancelled, the thread is waited for, and what it returned is returned, so that a call that
    happened is never taken for one that did not. At its timeout the thread is left to itself,
    and what it returns later is dropped.

    Raises:
        TimedOut: the attempt took longer than `timeout`.
        asyncio.CancelledError: the call was cancelled before it returned.
    """
    if timeout is None:
        return _made(function, args, kwargs, threads)
    return _in_time(function, args, kwargs, current, timeout, threads)


async def _in_time(
    function: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    current: Current,
    timeout: timedelta,
    threads: Executor,
) -> Any:
    limit = asyncio.timeout(timeout.total_seconds())
    try:
        async with limit:
            return await _made(function, args, kwargs, threads, limit)
    except TimeoutError:
        if not limit.expired():
            raise
        message = f"{current.step} took longer than {timeout}"
        raise TimedOut(message) from None


def _made(
    function: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    threads: Executor,
    limit: asyncio.Timeout | None = None,
) -> Awaitable[Any]:
    if is_async(function):
        made: Awaitable[Any] = function(*args, **kwargs)
        return made
    return _in_thread(function, args, kwargs, threads, limit)


@functools.lru_cache(maxsize=4096)
def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling it gives a coroutine; plain functions run in a thread."""
    return inspect.iscoroutinefunction(function)


async def _in_thread(
    function: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    threads: Executor,
    limit: asyncio.Timeout | None,
) -> Any:
    context = contextvars.copy_context()

    def run() -> Any:
        began = context.get(BEGAN)
        if began is not None:
            began()
        return context.run(function, *args, **kwargs)

    loop = asyncio.get_running_loop()
    future = loop.run_in_executor(threads, run)
    try:
        result = await asyncio.shield(future)
    except asyncio.CancelledError:
        if future.cancelled():
            raise
        if limit is not None and limit.expired():
            future.add_done_callback(_drop)
            raise
        result = await future
    if inspect.isawaitable(result):
        return await result
    return result


def _drop(future: asyncio.Future[Any]) -> None:
    """Nobody waits for this outcome any more; an exception in it is not worth a warning."""
    if not future.cancelled():
        future.exception()


def undo_arguments(
    undo: Callable[..., Any], result: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What an undo is called with: the step's result, then its input if the undo takes more.

    Its resources are given apart from these.
    """
    parameters = [
        parameter
        for parameter in inspect.signature(undo).parameters.values()
        if not isinstance(parameter.default, Wanted)
    ]
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if any(p.kind is p.VAR_POSITIONAL for p in parameters) or len(positional) > 1:
        return (result, *args), dict(kwargs)
    return ((result,) if positional else ()), {}


def plain_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """The author's function behind a `Step`, or the function itself."""
    return function.function if isinstance(function, Step) else function
