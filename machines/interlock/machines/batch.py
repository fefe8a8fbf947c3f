"""How many items at a time: the sizes and pauses of `each`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias, TypeVar, cast, get_args

from interlock.machines.duration import Duration, duration
from interlock.machines.errors import BadDefinition

T = TypeVar("T")

OnError: TypeAlias = Literal["stop", "collect"]

CONCURRENCY = 10
"""Items under way at the same time, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Items in groups: the next group begins when every item of the one before is over.

    Attributes:
        size: items in a group.
        concurrency: items of a group under way at the same time.
        delay: pause between two groups.
    """

    size: int = 50
    concurrency: int = 5
    delay: Duration = "10 ms"

    conservative: ClassVar[Batch]
    balanced: ClassVar[Batch]
    aggressive: ClassVar[Batch]

    def __post_init__(self) -> None:
        if self.size < 1 or self.concurrency < 1:
            raise BadDefinition("Batch needs a size and a concurrency of 1 or more")
        duration(self.delay)


Batch.conservative = Batch(size=20, concurrency=3, delay="50 ms")
Batch.balanced = Batch(size=50, concurrency=5, delay="10 ms")
Batch.aggressive = Batch(size=100, concurrency=10, delay="0 ms")


@dataclass(frozen=True, slots=True)
class Pace:
    """What `each` was told, checked and complete.

    Attributes:
        concurrency: items under way at the same time.
        batch: how they are grouped, None for one group.
        on_error: `stop` at the first error, or `collect` them.
    """

    concurrency: int
    batch: Batch | None
    on_error: OnError

    @classmethod
    def of(cls, concurrency: int | None, batch: Batch | None, on_error: OnError) -> Pace:
        """The pace that arguments of `each` mean.

        Raises:
            BadDefinition: a concurrency below 1, or an `on_error` that is unknown.
        """
        if concurrency is None:
            concurrency = CONCURRENCY if batch is None else batch.concurrency
        if concurrency < 1:
            message = f"each(concurrency={concurrency}): it is 1 or more"
            raise BadDefinition(message)
        if on_error not in get_args(OnError):
            known = " or ".join(map(repr, get_args(OnError)))
            message = f"each(on_error={on_error!r}): write {known}"
            raise BadDefinition(message)
        return cls(concurrency, batch, on_error)


def item_ids(ids: Callable[[T], Any] | Sequence[Any] | None, items: Iterable[T]) -> list[str]:
    """The names of the items; none when they are named by their place.

    Raises:
        BadDefinition: not one for each item, or two items of one name.
    """
    if ids is None:
        return []
    every = list(items)
    given = map(ids, every) if callable(ids) else ids
    names = [str(name) for name in cast("Iterable[object]", given)]
    if len(names) != len(every):
        message = f"each(ids=...): {len(names)} ids for {len(every)} items"
        raise BadDefinition(message)
    twice = (
        next((name for name in names if names.count(name) > 1), None) if _double(names) else None
    )
    if twice is not None:
        message = f"each(ids=...): two items are called {twice!r}"
        raise BadDefinition(message)
    return names


def item_note(index: int, ids: Sequence[str], size: int) -> str:
    """What is said on the error of an item: which one it was.

    Args:
        index: its place, from 0.
        ids: the names of all items, or none.
        size: items in a batch, 0 where there are none; batches count from 1.
    """
    named = f" ({ids[index]})" if ids else ""
    batch = f", batch {index // size + 1}" if size else ""
    return f"at item {index}{named}{batch}"


def _double(names: Sequence[str]) -> bool:
    return len(set(names)) < len(names)
