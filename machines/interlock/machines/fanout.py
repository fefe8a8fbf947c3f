"""One call for each of many items, some of them at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Literal, TypeVar, overload

from interlock.machines.batch import Batch, OnError, Pace, item_ids
from interlock.machines.outcome import Outcome

T = TypeVar("T")
R = TypeVar("R")


@overload
async def each(
    step: Callable[[T], Awaitable[R]], items: Iterable[T], /, *, concurrency: int | None = None,
    batch: Batch | None = None, on_error: Literal["stop"] = "stop",
    ids: Callable[[T], object] | Sequence[object] | None = None,
) -> list[R]: ...  # fmt: skip
@overload
async def each(
    step: Callable[[T], Awaitable[R]], items: Iterable[T], /, *, concurrency: int | None = None,
    batch: Batch | None = None, on_error: Literal["collect"],
    ids: Callable[[T], object] | Sequence[object] | None = None,
) -> list[Outcome[R]]: ...  # fmt: skip
@overload
async def each(
    calls: Iterable[Awaitable[R]], /, *, concurrency: int | None = None,
    batch: Batch | None = None, on_error: Literal["stop"] = "stop",
    ids: Sequence[object] | None = None,
) -> list[R]: ...  # fmt: skip
@overload
async def each(
    calls: Iterable[Awaitable[R]], /, *, concurrency: int | None = None,
    batch: Batch | None = None, on_error: Literal["collect"],
    ids: Sequence[object] | None = None,
) -> list[Outcome[R]]: ...  # fmt: skip
async def each(
    step: Any, items: Iterable[Any] | None = None, /, *, concurrency: int | None = None,
    batch: Batch | None = None, on_error: OnError = "stop", ids: Any = None,
) -> Any:  # fmt: skip
    """Make a call for each item; the results are in the order of the items.

    Every item has its own record: after a crash only those under way are done again.

    Args:
        step: a step, a helper coroutine, a workflow, or a lambda that is one call; or a list of
            calls, and then no items.
        items: what it is called with, one at a time.
        concurrency: items under way at the same time; default is the batch's, or 10.
        batch: groups of items, with a pause between them.
        on_error: `stop` raises the first error and cancels the others; `collect` goes on, and
            gives `Ok(value)` or `Err(error)` for each.
        ids: a name for each item, or a function of the item; default is its place, from 0.

    Raises:
        BadDefinition: a concurrency below 1, ids that are not unique.
        Exception: the first error of an item, with a note that says which item it was.
    """
    from interlock.machines import native  # asyncio is slow to import

    pace = Pace.of(concurrency, batch, on_error)
    every = list(step if items is None else items)
    names = item_ids(ids, every)
    if items is not None:
        return await native.each(step, every, pace, names)
    try:
        return await native.each(native.itself, every, pace, names)
    finally:
        native.close(every)
