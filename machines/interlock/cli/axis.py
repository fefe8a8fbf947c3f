"""The axis of a timeline: instants to columns, true to scale where that shows anything."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import accumulate, pairwise
from math import log2

from interlock.cli.text import brief

_SHOWN = 0.75
"""Share of what took time that has to fill a column for an axis to be true to scale."""

_LONG = 0.05
"""Share of the whole time from which on a stretch is long, where the axis is not to scale."""

_ROOM, _MOST = (0.12, 0.3), 0.6
"""Shares of the columns that a long stretch gets at least and at most, and all of them at most."""


class Axis:
    """Columns for the instants between two.

    Attributes:
        columns: how many.
        squeezed: it is not to scale: long stretches are drawn shorter.
    """

    def __init__(
        self, begin: datetime, end: datetime, spans: Sequence[tuple[datetime, datetime]],
        columns: int,
    ) -> None:  # fmt: skip
        """An axis on which as many as possible of the spans of time can be seen."""
        self._begin = begin
        self.columns = columns
        whole = self._seconds(end)
        lengths = [(b - a).total_seconds() for a, b in spans if b > a]
        seen = sum(length * columns >= whole for length in lengths)
        cuts = {self._seconds(at) for span in spans for at in span}
        ends = sorted({0.0, whole, *cuts})
        long = any(b - a > _LONG * whole for a, b in pairwise(ends))
        self.squeezed = long and seen < _SHOWN * len(lengths)
        cuts = (
            {0.0, whole, *(at for at in cuts if 0 < at < whole)} if self.squeezed else {0.0, whole}
        )
        self._cuts = _thinned(sorted(cuts), 4 * columns)
        self._places = self._placed()

    def _seconds(self, at: datetime) -> float:
        return (at - self._begin).total_seconds()

    def _placed(self) -> list[float]:
        """The column of each cut."""
        lengths = [b - a for a, b in pairwise(self._cuts)]
        if not lengths:
            return [0.0]
        if not self.squeezed or len(lengths) == 1:
            return [0.0, float(self.columns)]
        whole, unit = sum(lengths), sorted(lengths)[len(lengths) // 10]
        weights = [log2(1 + length / unit) for length in lengths]
        long = [length > _LONG * whole for length in lengths]
        total = sum(weights)
        apart = sum(weight for weight, big in zip(weights, long, strict=True) if big)
        least, most = (min(_MOST, room * sum(long)) for room in _ROOM)
        share = max(least, min(most, apart / total))
        if 0 < apart < total:
            grow, shrink = share * total / apart, (1 - share) * total / (total - apart)
            weights = [w * (grow if big else shrink) for w, big in zip(weights, long, strict=True)]
        scale = self.columns / sum(weights)
        return [0.0, *(place * scale for place in accumulate(weights))]

    def column(self, at: datetime) -> float:
        """Where an instant is, from 0 to `columns`."""
        seconds = self._seconds(at)
        if seconds <= 0 or len(self._cuts) == 1:
            return 0.0
        if seconds >= self._cuts[-1]:
            return float(self.columns)
        index = bisect_right(self._cuts, seconds) - 1
        begin, end = self._cuts[index], self._cuts[index + 1]
        left, right = self._places[index], self._places[index + 1]
        return left + (right - left) * (seconds - begin) / (end - begin)

    def cells(self, begin: datetime, end: datetime) -> range:
        """The columns of a stretch, at least one."""
        first = min(round(self.column(begin)), self.columns - 1)
        return range(first, max(first + 1, round(self.column(end))))

    def elapsed(self, column: float) -> float:
        """Seconds from the beginning to a column."""
        if len(self._cuts) == 1:
            return 0.0
        index = min(bisect_right(self._places, column), len(self._places) - 1) - 1
        left, right = self._places[index], self._places[index + 1]
        begin, end = self._cuts[index], self._cuts[index + 1]
        return begin + (end - begin) * (column - left) / (right - left)

    def ruler(self) -> tuple[str, str]:
        """How much time has passed, in words and as a line; it is dashed where it is squeezed."""
        words, ticks = "0", set[int]()
        for column, text in self._ticks():
            free = not ticks or column - max(ticks) >= _APART
            if free and column >= len(words) + 2 and column + len(text) <= self.columns:
                words = f"{words:<{column}}{text}"
                ticks.add(column)
        pace = [self.elapsed(c + 1) - self.elapsed(c) for c in range(self.columns)]
        usual = sorted(pace)[len(pace) // 10]
        line = "".join(
            "┼" if c in ticks else "╌" if self.squeezed and pace[c] > _FASTER * usual else "─"
            for c in range(self.columns)
        )
        return words, "├" + line[1:]

    def _ticks(self) -> Iterator[tuple[int, str]]:
        """Columns at which a tick may stand, with what it says: round times, if to scale."""
        whole = self._cuts[-1]
        if not whole:
            return
        if self.squeezed:
            yield from ((c, brief(self.elapsed(c))) for c in range(_APART, self.columns))
            return
        pace = whole / self.columns
        step = next((step for step in _STEPS if step >= _APART * pace), whole)
        for count in range(1, int(whole / step) + 1):
            yield round(count * step / pace), brief(count * step)


_DAY = 86400
_STEPS = [
    *(unit * count for unit in (0.001, 0.01, 0.1) for count in (1, 2, 5)),
    *(unit * count for unit in (1, 60) for count in (1, 2, 5, 10, 15, 30)),
    *(3600 * count for count in (1, 2, 3, 6, 12)),
    *(_DAY * count for count in (1, 2, 3, 7, 14, 30, 60, 90, 180, 365, 730, 3650)),
]
"""Seconds between two ticks that people can read."""

_APART = 10
"""Columns between two ticks, at least."""

_FASTER = 10
"""A column that stands for so many times as much as most that show something is squeezed."""


def _thinned(cuts: list[float], most: int) -> list[float]:
    """At most so many cuts: where many are near each other, some say as much as all."""
    if len(cuts) <= most:
        return cuts
    step = -(-len(cuts) // most)
    return [*cuts[:-1:step], cuts[-1]]
