"""Making one call: async in the loop, plain functions in a thread, with timeout and cancellation."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from datetime import timedelta
from typing import Any

from interlock.machines.context import Current, calling
from interlock.machines.errors import TimedOut
from interlock.machines.step import Step


async def call(
    function: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    *,
    current: Current,
    timeout: timedelta | None,
    threads: Executor,
) -> Any:
    """Call a step's (or undo's) function once.

    A plain function runs in a thread and cannot be interrupted there: when the caller is
    cancelled, the thread is waited for, and what it returned is returned, so that a call that
    happened is never taken for one that did not.

    Raises:
        TimedOut: the attempt took longer than `timeout`.
        asyncio.CancelledError: the call was cancelled before it returned.
    """
    with calling(current):
        if is_async(function):
            made = function(*args, **kwargs)
        else:
            made = _in_thread(function, args, kwargs, threads)
        if timeout is None:
            return await made
        try:
            async with asyncio.timeout(timeout.total_seconds()) as limit:
                return await made
        except TimeoutError:
            if not limit.expired():
                raise
            message = f"{current.step} took longer than {timeout}"
            raise TimedOut(message) from None


@functools.lru_cache(maxsize=4096)
def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling it gives a coroutine; plain functions run in a thread."""
    return inspect.iscoroutinefunction(function)


async def _in_thread(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], threads: Executor
) -> Any:
    context = contextvars.copy_context()

    def run() -> Any:
        return context.run(function, *args, **kwargs)

    loop = asyncio.get_running_loop()
    future = loop.run_in_executor(threads, run)
    try:
        result = await asyncio.shield(future)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        timed_out = task is None or task.cancelling() == 0
        if future.cancelled() or timed_out:
            raise
        return await future
    if inspect.isawaitable(result):
        return await result
    return result


def undo_arguments(
    undo: Callable[..., Any], result: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What an undo is called with: the step's result, then its input if the undo takes more."""
    parameters = inspect.signature(undo).parameters.values()
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if any(p.kind is p.VAR_POSITIONAL for p in parameters) or len(positional) > 1:
        return (result, *args), dict(kwargs)
    return ((result,) if positional else ()), {}


def plain_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """The author's function behind a `Step`, or the function itself."""
    return function.function if isinstance(function, Step) else function
