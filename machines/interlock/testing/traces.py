"""Errors as a test should show them: without the inside of Interlock."""

from __future__ import annotations

import asyncio
import linecache
from collections.abc import Awaitable, Callable, Coroutine
from difflib import unified_diff
from functools import wraps
from types import TracebackType
from typing import Any, TypeVar, cast

from interlock.store.errors import InterlockError

E = TypeVar("E", bound=BaseException)
F = TypeVar("F", bound=Callable[..., Coroutine[Any, Any, Any]])


class StoryDiffers(AssertionError):
    """A run went another way than the test says."""


def shortened(error: E) -> E:
    """An error without frames of Interlock: those of the author's code stay, in its cause."""
    cause = error.__cause__
    if cause is not None:
        cause.__traceback__ = _outside(cause.__traceback__)
    return error.with_traceback(None)


def brief(method: F) -> F:
    """An async method of the harness, whose errors are told without its own frames."""

    @wraps(method)
    async def made(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        try:
            return await method(*args, **kwargs)
        except InterlockError as error:
            raise shortened(error) from error.__cause__

    return cast("F", made)


def assert_story(told: str, wanted: str) -> None:
    """Compare the story of a run, `await run.story()`, with the one that is wanted.

    Raises:
        AssertionError: it is another one; shows where.
    """
    __tracebackhide__ = True
    if told != wanted:
        changes = unified_diff(
            wanted.splitlines(), told.splitlines(), "as it was", "now", lineterm="", n=3
        )
        shown = "\n".join(changes)
        message = f"the run goes another way\n{shown}"
        raise StoryDiffers(message)


def run_again(test: Callable[[], Awaitable[None]]) -> None:
    """Run the async function of a test; what fails is told in few lines.

    Raises:
        Exception: whatever it raises.
    """
    __tracebackhide__ = True

    async def run() -> None:
        await test()

    try:
        asyncio.run(run())
    except (InterlockError, StoryDiffers) as error:
        place = _place(test, error.__traceback__)
        if place:
            error.add_note(place)
        raise shortened(error) from error.__cause__
    except Exception as error:
        raise error.with_traceback(_from(test, error.__traceback__)) from error.__cause__


def _outside(trace: TracebackType | None) -> TracebackType | None:
    """From the first frame on that is not Interlock's own."""
    while trace is not None and _name(trace).startswith("interlock."):
        trace = trace.tb_next
    return trace


def _name(trace: TracebackType) -> str:
    return str(trace.tb_frame.f_globals.get("__name__", ""))


def _from(test: object, trace: TracebackType | None) -> TracebackType | None:
    """From the frame of a function on; all where there is none."""
    code, found = getattr(test, "__code__", None), trace
    while found is not None and found.tb_frame.f_code is not code:
        found = found.tb_next
    return found or trace


def _place(test: object, trace: TracebackType | None) -> str:
    found = _from(test, trace)
    if found is None or found.tb_frame.f_code is not getattr(test, "__code__", None):
        return ""
    file = found.tb_frame.f_code.co_filename
    text = linecache.getline(file, found.tb_lineno).strip()
    return f"{file}:{found.tb_lineno}: {text}"
