"""Rows that are read beside the events, in the same order of streams: a merge without memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Aside(Generic[T]):
    """Gives out rows up to a key; the keys that are asked for only grow."""

    def __init__(self, rows: Iterator[T], key: Callable[[T], Any]) -> None:
        self._rows = rows
        self._key = key
        self._next = next(rows, None)

    def upto(self, key: Any) -> Iterator[T]:
        """All rows up to a key, itself included, that were not given out yet."""
        while self._next is not None and self._key(self._next) <= key:
            row, self._next = self._next, next(self._rows, None)
            yield row

    def rest(self) -> Iterator[T]:
        """All that are left."""
        if self._next is not None:
            yield self._next
            self._next = None
            yield from self._rows
