"""Where two lists differ: what stands in both in the same order is found, and kept out of it."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

Stretch = tuple[range, range]
"""Places in the first list, and those in the second that stand in their stead."""

_COMPARED = 40_000
"""Pairs of items between two landmarks up to which they are compared one with each other."""


def stretches(old: Sequence[int], new: Sequence[int]) -> list[Stretch]:
    """The places where two lists differ. Items are numbers: equal ones are equal."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    left, right = len(old) - end, len(new) - end
    marks = [(start - 1, start - 1), *_landmarks(old, new, range(start, left), range(start, right))]
    marks.append((left, right))
    found: list[Stretch] = []
    for (a, c), (b, d) in pairwise(marks):
        found += _between(old, new, range(a + 1, b), range(c + 1, d))
    return found


def _common(left: Sequence[int], right: Sequence[int]) -> int:
    """Length of the common beginning."""
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            return count
        count += 1
    return count


def _landmarks(
    old: Sequence[int], new: Sequence[int], left: range, right: range
) -> list[tuple[int, int]]:
    """Items that stand once in each list, as many as are in the same order (patience sorting)."""
    once = Counter(old[i] for i in left)
    places = Counter(new[i] for i in right)
    where = {new[i]: i for i in right if places[new[i]] == 1}
    pairs = [(i, where[old[i]]) for i in left if once[old[i]] == 1 and old[i] in where]
    tops: list[int] = []
    piles: list[tuple[int, int]] = []  # of each pair: itself, and the one below it in the order
    last: list[int] = []
    for number, (_, place) in enumerate(pairs):
        pile = bisect_left(tops, place)
        piles.append((number, last[pile - 1] if pile else -1))
        tops[pile : pile + 1] = [place]
        last[pile : pile + 1] = [number]
    found: list[tuple[int, int]] = []
    number = last[-1] if last else -1
    while number >= 0:
        found.append(pairs[number])
        number = piles[number][1]
    return found[::-1]


def _between(
    old: Sequence[int], new: Sequence[int], left: range, right: range
) -> Iterator[Stretch]:
    """The differences between two landmarks."""
    if not left and not right:
        return
    if len(left) * len(right) > _COMPARED:
        yield left, right
        return
    found = SequenceMatcher(None, [old[i] for i in left], [new[i] for i in right], autojunk=False)
    for tag, a, b, c, d in found.get_opcodes():
        if tag != "equal":
            yield left[a:b], right[c:d]
