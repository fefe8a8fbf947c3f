"""Where boxes and arrows go: in rows, from the top down, as Sugiyama, Tagawa and Toda (1981) do it.

Arrows that lead back are turned round, each box stands a row below all that lead to it, long
arrows get a place in each row that they cross, and each row is put in the order of the means of
its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

GAP = 36.0
"""Between boxes of a row."""

LANE = 14.0
"""Width of the place that a long arrow has in a row."""

Arrow = tuple[str, str]
_SWEEPS = 8


@dataclass
class Layout:
    """The places of everything.

    Attributes:
        rows: names of boxes, and of places of arrows, from left to right.
        x: the middle of each.
        paths: for each arrow, what it passes, its two ends included.
        back: the arrows that lead upwards.
        said: for each arrow, the place of what it says.
        width: of the widest row.
    """

    rows: list[list[str]] = field(default_factory=list[list[str]])
    x: dict[str, float] = field(default_factory=dict[str, float])
    paths: dict[Arrow, list[str]] = field(default_factory=dict[Arrow, list[str]])
    back: set[Arrow] = field(default_factory=set[Arrow])
    said: dict[Arrow, str] = field(default_factory=dict[Arrow, str])
    width: float = 0.0


def lay_out(
    names: Sequence[str],
    arrows: Mapping[Arrow, float],
    widths: Mapping[str, float],
    first: Iterable[str],
) -> Layout:
    """The layout of boxes.

    Args:
        names: of the boxes, in the order in which they should stand.
        arrows: from a box to another one, and the width of what each says.
        widths: of the boxes.
        first: the boxes that stand at the top.
    """
    made = Layout()
    pairs = [(a, b) for a, b in arrows if a != b and a in widths and b in widths]
    wide = dict(widths)
    made.back = _back(names, pairs, first)
    downwards = [(b, a) if (a, b) in made.back else (a, b) for a, b in pairs]
    rank = _ranks(names, downwards)
    made.rows = [[] for _ in range(max(rank.values(), default=-1) + 1)]
    for name in names:
        made.rows[rank[name]].append(name)
    beside: dict[str, list[str]] = {}
    for (a, b), (top, bottom) in zip(pairs, downwards, strict=True):
        path = [top]
        for row in range(rank[top] + 1, rank[bottom]):
            place = f"{a}\0{b}\0{row}"
            made.rows[row].append(place)
            path.append(place)
        made.said[a, b] = path[1]
        wide[path[1]] = max(LANE, arrows[a, b])
        path.append(bottom)
        for upper, lower in pairwise(path):
            beside.setdefault(lower, []).append(upper)
            beside.setdefault(upper, []).append(lower)
        made.paths[a, b] = path[::-1] if (a, b) in made.back else path
    _order(made.rows, beside)
    _place(made, wide, beside)
    return made


def _back(names: Sequence[str], pairs: Sequence[Arrow], first: Iterable[str]) -> set[Arrow]:
    """The arrows that close a circle, seen from the top."""
    targets: dict[str, list[str]] = {}
    for a, b in pairs:
        targets.setdefault(a, []).append(b)
    found: set[Arrow] = set()
    done: set[str] = set()
    for root in (*first, *names):
        if root in done:
            continue
        done.add(root)
        trail, above = [(root, iter(targets.get(root, ())))], {root}
        while trail:
            name, rest = trail[-1]
            for target in rest:
                if target in above:
                    found.add((name, target))
                elif target not in done:
                    done.add(target)
                    above.add(target)
                    trail.append((target, iter(targets.get(target, ()))))
                    break
            else:
                trail.pop()
                above.discard(name)
    return found


def _ranks(names: Sequence[str], pairs: Sequence[Arrow]) -> dict[str, int]:
    """The row of each box: two below the lowest that leads to it, with room for words between."""
    rank = dict.fromkeys(names, 0)
    for _ in names:
        moved = False
        for a, b in pairs:
            if rank[b] <= rank[a]:
                rank[b], moved = rank[a] + 2, True
        if not moved:
            break
    return rank


def _order(rows: list[list[str]], beside: Mapping[str, Sequence[str]]) -> None:
    """Put each row in the order of its neighbours' means, downwards and upwards in turn."""
    for sweep in range(_SWEEPS):
        turns = range(1, len(rows)) if sweep % 2 == 0 else range(len(rows) - 2, -1, -1)
        for number in turns:
            other = rows[number - 1 if sweep % 2 == 0 else number + 1]
            at = {name: index for index, name in enumerate(other)}
            own = {name: index for index, name in enumerate(rows[number])}

            def mean(name: str, at: dict[str, int] = at, own: dict[str, int] = own) -> float:
                seen = [at[one] for one in beside.get(name, ()) if one in at]
                return sum(seen) / len(seen) if seen else own[name]

            rows[number].sort(key=mean)


def _place(made: Layout, widths: Mapping[str, float], beside: Mapping[str, Sequence[str]]) -> None:
    """Set the rows, each around the middle; then let each box move below its neighbours."""
    half = {name: widths.get(name, LANE) / 2 for row in made.rows for name in row}
    for row in made.rows:
        total = sum(2 * half[name] for name in row) + GAP * (len(row) - 1)
        at = -total / 2
        for name in row:
            made.x[name] = at + half[name]
            at += 2 * half[name] + GAP
    for sweep in range(_SWEEPS):
        for row in made.rows if sweep % 2 == 0 else reversed(made.rows):
            _nudge(made, row, half, beside)
    left = min((made.x[name] - half[name] for name in made.x), default=0.0)
    for name in made.x:
        made.x[name] -= left
    made.width = max((made.x[name] + half[name] for name in made.x), default=0.0)


def _nudge(
    made: Layout, row: list[str], half: Mapping[str, float], beside: Mapping[str, Sequence[str]]
) -> None:
    """Move each of a row towards the mean of its neighbours, as far as there is room."""
    for index, name in enumerate(row):
        seen = [made.x[one] for one in beside.get(name, ())]
        if not seen:
            continue
        wanted = sum(seen) / len(seen)
        if index:
            before = row[index - 1]
            wanted = max(wanted, made.x[before] + half[before] + GAP + half[name])
        if index + 1 < len(row):
            after = row[index + 1]
            wanted = min(wanted, made.x[after] - half[after] - GAP - half[name])
        if not index or made.x[row[index - 1]] + half[row[index - 1]] + GAP + half[name] <= wanted:
            made.x[name] = wanted
