"""The lanes of a timeline: a row for each place, or one for many items of the same kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from interlock.cli.axis import Axis
from interlock.cli.summing import MANY
from interlock.cli.text import brief
from interlock.projections import Bar, SpanKind, Timeline

GLYPHS: Mapping[SpanKind, tuple[str, str, str]] = {
    "branch": ("─", "dim", "branch"),
    "several": ("═", "dim", "several at a time"),
    "state": ("━", "cyan", "in this state"),
    "sleep": ("z", "blue", "sleep"),
    "wait": ("╌", "yellow", "waits for a command"),
    "approval": ("░", "yellow", "waits for an approval"),
    "child": ("▬", "cyan", "child run"),
    "pause": ("·", "yellow", "pause before the next attempt"),
    "held back": ("▒", "yellow", "held back by a breaker or limit"),
    "call": ("█", "green", "call"),
    "undo": ("◀", "magenta", "undo"),
    "before": ("┄", "dim", "its parent's, before the fork"),
    "given": ("□", "dim", "not called: given what was recorded"),
    "asked": ("¿", "bold yellow", "not called: a person is asked"),
    "in doubt": ("?", "bold magenta", "in doubt"),
    "person": ("!", "bold red", "waits for a person"),
    "late": ("~", "red", "overdue: nobody ran it"),
    "gone": ("x", "red", "worker gone since its last event"),
    "held": ("H", "bold red", "held"),
}
"""Of each kind of span its character, its colour, and what it is; what is below hides what is
above it where both are in one column."""

MARKS = {
    "failed": ("✗", "bold red", "failed attempt"),
    "interrupted": ("↯", "bold red", "its worker died"),
    "command": ("◆", "yellow", "command"),
    "cancel": ("✗", "bold red", "cancellation asked for"),
    "undoing": ("◁", "magenta", "undoing begins"),
    "migrated": ("⇒", "bold cyan", "goes on under another definition"),
}
_ORDER = {kind: place for place, kind in enumerate(GLYPHS)}
HEIGHTS = "▁▂▃▄▅▆▇█"
"""How many of several are under way in a column, of the most that ever were."""

Cells = list[tuple[str, str]]
"""A character and its colour for each column."""


@dataclass(slots=True)
class Lane:
    """A row.

    Attributes:
        label: what stands before it.
        depth: how far it is below others.
        bars: that are drawn in it.
        items: how many of a join's calls are drawn in it together, 0 for none.
    """

    label: str
    depth: int
    bars: list[Bar] = field(default_factory=list[Bar])
    items: int = 0


def lanes(bars: Sequence[Bar], *, every: bool = False) -> list[Lane]:
    """The rows of a timeline, what is a part of something below it.

    Args:
        every: each of many items in a row of its own.
    """
    below: dict[str, list[Bar]] = {}
    for bar in bars:
        below.setdefault(bar.parent, []).append(bar)
    return list(_lanes([""], below, 0, every))


def _lanes(
    parents: Sequence[str], below: dict[str, list[Bar]], depth: int, every: bool
) -> Iterator[Lane]:
    found = [bar for parent in parents for bar in below.get(parent, ())]
    items = {bar.label for bar in found if bar.item}
    together = len(items) > MANY and not every
    rows: dict[str, Lane] = {}
    for bar in found:
        label = (
            f"{bar.place.rpartition('/')[2]} × {len(items)}" if bar.item and together else bar.label
        )
        lane = rows.setdefault(label, Lane(label, depth))
        lane.bars.append(bar)
        lane.items = len(items) if bar.item and together else 0
    for lane in rows.values():
        yield lane
        yield from _lanes([bar.id for bar in lane.bars], below, depth + 1, every)


def cells(lane: Lane, axis: Axis, now: datetime) -> Cells:
    """A row, drawn."""
    drawn = [(" ", "")] * axis.columns
    crowd = _crowd(lane.bars, axis, now)
    most = max(crowd)
    if lane.items or most > 1:
        for column, count in enumerate(crowd):
            if count:
                drawn[column] = HEIGHTS[-(-count * len(HEIGHTS) // most) - 1], "green"
    else:
        spans = [(span, bar) for bar in lane.bars for span in bar.spans]
        for span, _ in sorted(spans, key=lambda one: _ORDER[one[0].kind]):
            glyph, style, _ = GLYPHS[span.kind]
            for column in axis.cells(span.begin, span.end or now):
                drawn[column] = glyph, style
    for bar in lane.bars:
        for mark in bar.marks:
            column = max(0, min(axis.columns, round(axis.column(mark.at))) - 1)
            drawn[column] = MARKS[mark.kind][:2]
    return drawn


def _crowd(bars: Sequence[Bar], axis: Axis, now: datetime) -> list[int]:
    """How many bars are under way at the same instant, at most, in each column."""
    moves = sorted(
        (at, step) for bar in bars for at, step in ((bar.begin, 1), (bar.end or now, -1))
    )
    crowd, count, before = [0] * axis.columns, 0, 0
    for at, step in moves:
        column = min(round(axis.column(at)), axis.columns - 1)
        for passed in range(before, column):
            crowd[passed] = max(crowd[passed], count)
        count, before = count + step, column
        crowd[column] = max(crowd[column], count)
    return crowd


def note(lane: Lane, now: datetime) -> str:
    """How long it took, and how it ended."""
    bars = lane.bars
    took = sum(((bar.end or now) - bar.begin).total_seconds() for bar in bars)
    failed = sum(bar.failed for bar in bars)
    if len(bars) > 1:
        if lane.items:
            begin, end = min(bar.begin for bar in bars), max(bar.end or now for bar in bars)
            took = (end - begin).total_seconds()
        said = [f"{len(bars)} {'items' if lane.items else 'times'}"]
        said += [f"{failed} failed"] if failed else []
        return ", ".join([*said, f"{brief(took)} in all"])
    bar = bars[0]
    said = [brief(took) if bar.end else f"{brief(took)} so far"]
    said += [f"{bar.attempts} attempts"] if bar.attempts > 1 else []
    said += [bar.outcome] if bar.outcome else []
    said += [f"run {bar.child}"] if bar.child else []
    return ", ".join(said)


def legend(rows: Sequence[Lane], drawn: Timeline, *, crowded: bool) -> list[tuple[str, str, str]]:
    """What the characters mean that are there: each with its colour, and what it is.

    Args:
        crowded: some rows are drawn as heights.
    """
    kinds = {span.kind for lane in rows for bar in lane.bars for span in bar.spans}
    marks = {mark.kind for bar in drawn.bars for mark in bar.marks}
    marks |= {mark.kind for mark in drawn.marks}
    found = [told for kind, told in GLYPHS.items() if kind in kinds]
    found += [(f"{HEIGHTS[0]}{HEIGHTS[-1]}", "green", "few to most at a time")] * crowded
    return found + [told for kind, told in MARKS.items() if kind in marks]
