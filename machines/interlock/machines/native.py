"""What joins do outside of runs: by asyncio, the same way."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from interlock.machines.batch import Pace, item_note
from interlock.machines.duration import duration
from interlock.machines.outcome import Err, Ok, Outcome, Won

T = TypeVar("T")
R = TypeVar("R")


async def wait_all(calls: Iterable[Awaitable[Any]]) -> list[Any]:
    """The results of all; the errors of those that fail, the others cancelled."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        if tasks:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        await stop(tasks)
    errors = [error_of(task) for task in tasks]
    failed = [e for e in errors if e is not None and not isinstance(e, asyncio.CancelledError)]
    failed = failed or [e for e in errors if e is not None]
    if failed:
        raise _failed(failed)
    return [task.result() for task in tasks]


async def wait_outcomes(calls: Iterable[Awaitable[Any]]) -> list[Outcome[Any]]:
    """What became of each."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        if tasks:
            await asyncio.wait(tasks)
    finally:
        await stop(tasks)
    return [outcome_of(task) for task in tasks]


async def stop(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Cancel what is under way, and wait until it has stopped."""
    left = [task for task in tasks if not task.done()]
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left)


def error_of(task: asyncio.Future[Any]) -> BaseException | None:
    """What a finished task raised; a cancelled one, its cancellation."""
    return asyncio.CancelledError() if task.cancelled() else task.exception()


def outcome_of(task: asyncio.Future[T]) -> Outcome[T]:
    """What became of a finished task."""
    error = error_of(task)
    return Ok(task.result()) if error is None else Err(error)


async def first(given: Mapping[str | int, Awaitable[Any]]) -> Won[Any]:
    """The first call that succeeds; the others are cancelled."""
    tasks = [asyncio.ensure_future(call) for call in given.values()]
    pending = set(tasks)
    try:
        while pending:
            _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for name, task in zip(given, tasks, strict=True):
                if task.done() and error_of(task) is None:
                    return Won(name, task.result())
    finally:
        await stop(tasks)
    raise _failed([error for task in tasks if (error := error_of(task)) is not None])


async def each(
    call: Callable[[Any], Awaitable[Any]], every: Sequence[Any], pace: Pace, ids: Sequence[str]
) -> list[Any]:
    """The results or outcomes of all items, some of them at a time."""
    size = len(every) if pace.batch is None else pace.batch.size
    done: list[asyncio.Future[Any]] = []
    ended: list[asyncio.Future[Any]] = []
    for first in range(0, len(every), size or 1):
        if first and pace.batch is not None:
            await asyncio.sleep(duration(pace.batch.delay).total_seconds())
        done += await _group(call, every[first : first + size], pace, ended)
        if pace.on_error == "stop":
            _raise_first(done, ended, ids, 0 if pace.batch is None else size)
    return [outcome_of(t) if pace.on_error == "collect" else t.result() for t in done]


async def _group(
    call: Callable[[Any], Awaitable[Any]],
    items: Sequence[Any],
    pace: Pace,
    ended: list[asyncio.Future[Any]],
) -> list[asyncio.Future[Any]]:
    """The finished tasks of a group; not all items have one when it stopped at an error.

    They are added to `ended` in the order of their ends.
    """
    stops = pace.on_error == "stop"
    tasks: list[asyncio.Future[Any]] = []
    active: set[asyncio.Future[Any]] = set()
    try:
        for item in items:
            if len(active) >= pace.concurrency:
                over, active = await asyncio.wait(active, return_when=asyncio.FIRST_COMPLETED)
                if stops and any(error_of(task) is not None for task in over):
                    break
            tasks.append(asyncio.ensure_future(call(item)))
            tasks[-1].add_done_callback(ended.append)
            active.add(tasks[-1])
        until = asyncio.FIRST_EXCEPTION if stops else asyncio.ALL_COMPLETED
        if active and not (stops and any(t.done() and error_of(t) is not None for t in tasks)):
            await asyncio.wait(active, return_when=until)
    finally:
        await stop(tasks)
    return tasks


def _raise_first(
    tasks: Sequence[asyncio.Future[Any]],
    ended: Sequence[asyncio.Future[Any]],
    ids: Sequence[str],
    size: int,
) -> None:
    """Raise what failed first, those apart that were cancelled then."""
    failed = [(task, error) for task in ended if (error := error_of(task)) is not None]
    failed.sort(key=lambda found: isinstance(found[1], asyncio.CancelledError))
    for task, error in failed[:1]:
        error.add_note(item_note(tasks.index(task), ids, size))
        raise error


async def itself(call: Awaitable[R]) -> R:
    """What a call gives that is written out."""
    return await call


def close(calls: Sequence[Any]) -> None:
    """Close the calls that were never begun."""
    for call in calls:
        if inspect.iscoroutine(call) and inspect.getcoroutinestate(call) == inspect.CORO_CREATED:
            call.close()


def _failed(errors: list[BaseException]) -> BaseException:
    """The only error, or all of them."""
    if len(errors) == 1:
        return errors[0]
    return BaseExceptionGroup(f"{len(errors)} calls failed", errors)
