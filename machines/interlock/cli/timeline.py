"""`timeline`: what ran when, as a picture."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from interlock.cli.axis import Axis
from interlock.cli.errors import BadArgument
from interlock.cli.lanes import MARKS, Cells, Lane, cells, lanes, legend, note
from interlock.cli.past import length, stretch
from interlock.cli.render import Screen, Styled, print_document, status
from interlock.cli.stores import reading, run_async
from interlock.cli.text import brief, exact, instant, one_line, shorten, shorten_inside
from interlock.projections import Bar, Timeline, timeline
from interlock.store.clock import SystemClock
from interlock.store.contract import Store

MOST = 10_000
"""Events of a longer run that are drawn."""


def draw_timeline(
    store: str, run: str, after: int | None, *, every: bool, children: bool, as_json: bool
) -> None:
    """Print the timeline of a run.

    Args:
        after: begin after this version; None for the whole run, or the end of a very long one.
        every: each of many items in a row of its own.
        children: below each child what its run did.
    """
    drawn, last = run_async(_drawn(store, run, after, children=children))
    if as_json:
        print_document(view(drawn))
        return
    whole = last <= drawn.after + MOST
    now = max(drawn.last, SystemClock().now()) if whole and not drawn.ended else drawn.last
    screen = Screen()
    _print(screen, drawn, lanes(drawn.bars, every=every), now)
    if drawn.after or last - drawn.after > MOST:
        screen.line("")
        first, end = drawn.after + 1, min(last, drawn.after + MOST)
        said = f"events {first} to {end} of {last}; --after VERSION draws those after another one"
        screen.line(Styled(said, "dim"))


async def _drawn(url: str, run: str, after: int | None, *, children: bool) -> tuple[Timeline, int]:
    """The timeline, and how many events the run has."""
    async with reading(url) as store:
        last = await length(store, run)
        begin = max(0, last - MOST) if after is None else after
        if not 0 <= begin < last:
            message = f"--after {begin}: run {run!r} has the versions 1 to {last}"
            raise BadArgument(message)
        history = await stretch(store, run, begin, begin + MOST)
        drawn = timeline(history.events, history.since)
        if children:
            drawn.bars = await _with_children(store, drawn.bars)
        return drawn, last


async def _with_children(store: Store, bars: list[Bar]) -> list[Bar]:
    """The bars, with those of children's runs below them."""
    found: list[Bar] = []
    for bar in bars:
        found.append(bar)
        events = await store.read(bar.child, upto=MOST) if bar.child else []
        if events:
            inside = await _with_children(store, timeline(events).bars)
            found += [_below(bar, one) for one in inside]
    return found


def _below(parent: Bar, bar: Bar) -> Bar:
    """A bar of a child's run, as a part of the one that stands for it."""
    name = f"{parent.id}|{bar.id}"
    above = f"{parent.id}|{bar.parent}" if bar.parent else parent.id
    return replace(bar, id=name, parent=above)


_PIPED = 60
"""Columns of the picture in a pipe."""

_LABEL, _NOTE, _LEAST = 0.32, 0.3, 16
"""Shares of a terminal's width that labels and notes get at most; least columns of the picture."""


def _print(screen: Screen, drawn: Timeline, rows: list[Lane], now: datetime) -> None:
    took = brief((now - drawn.began).total_seconds())
    screen.line(
        Styled(drawn.run, "bold"), status(drawn.status), Styled(f"{drawn.machine}, {took}", "dim")
    )
    labels = ["run", *("  " * lane.depth + one_line(lane.label) for lane in rows)]
    notes = ["", *(one_line(note(lane, now)) for lane in rows)]
    label = max(map(len, labels))
    room = max(map(len, notes))
    if screen.rich:
        label = min(label, int(screen.width * _LABEL))
        room = min(room, int(screen.width * _NOTE))
    columns = max(_LEAST, screen.width - label - room - 4) if screen.rich else _PIPED
    spans = [
        (max(s.begin, drawn.began), s.end or now)
        for lane in rows for bar in lane.bars for s in bar.spans
    ]  # fmt: skip
    axis = Axis(drawn.began, now, spans, columns)
    words, line = axis.ruler()
    screen.line(Styled(" " * (label + 2) + words, "dim"))
    screen.line(Styled(" " * (label + 2) + line, "dim"))
    pictures = [_run(drawn, axis, now), *(cells(lane, axis, now) for lane in rows)]
    for text, picture, told in zip(labels, pictures, notes, strict=True):
        head = f"{_fitting(text, label) if screen.rich else text:<{label}} "
        _print_row(screen, head, picture, shorten(told, room) if screen.rich else told)
    _print_cut(screen, labels, notes, label, room)
    _print_legend(screen, drawn, rows, axis)


def _fitting(label: str, width: int) -> str:
    """A label with its indentation, in so many columns."""
    name = label.lstrip()
    indent = len(label) - len(name)
    return " " * indent + shorten_inside(name, max(1, width - indent))


def _print_cut(screen: Screen, labels: list[str], notes: list[str], label: int, room: int) -> None:
    """In full what had no room beside the picture."""
    told = [
        f"{name.lstrip()}: {said}" if said else name.lstrip()
        for name, said in zip(labels, notes, strict=True)
        if len(name) > label or len(said) > room
    ]
    told = list(dict.fromkeys(told)) if screen.rich else []
    if told:
        screen.line("")
    for one in told[:_CUT]:
        screen.paragraph(one, "dim", indent=2)
    if len(told) > _CUT:
        screen.line(Styled(f"  and {len(told) - _CUT} more; in a pipe nothing is cut", "dim"))


_CUT = 10
"""Rows of which a terminal says in full what had no room."""


def _run(drawn: Timeline, axis: Axis, now: datetime) -> Cells:
    """The row of the run itself: from its beginning to its end, with what came."""
    found = [(" ", "")] * axis.columns
    for column in axis.cells(drawn.began, now):
        found[column] = "─", "dim"
    for mark in drawn.marks:
        found[max(0, round(axis.column(mark.at)) - 1)] = MARKS[mark.kind][:2]
    return found


def _print_row(screen: Screen, label: str, picture: Cells, told: str) -> None:
    if not screen.rich:
        print(f"{label} {''.join(glyph for glyph, _ in picture)}  {told}".rstrip())
        return
    from rich.text import Text

    text = Text(f"{label} ")
    for glyph, style in picture:
        text.append(glyph, style)
    text.append(f"  {told}", "dim")
    screen.console.print(text, no_wrap=True, crop=True)


def _print_legend(screen: Screen, drawn: Timeline, rows: list[Lane], axis: Axis) -> None:
    crowded = any(lane.items for lane in rows)
    known = legend(rows, drawn, crowded=crowded)
    print()
    _print_known(screen, known)
    if axis.squeezed:
        screen.line(
            Styled("not to scale: where the axis is dashed, long stretches are drawn short", "dim")
        )
    begin = f"0 is {instant(drawn.began)}"
    screen.line(Styled(begin if drawn.ended else f"{begin}; it goes on", "dim"))


def _print_known(screen: Screen, known: list[tuple[str, str, str]]) -> None:
    """The legend: as many in a line as fit."""
    from rich.text import Text

    lines: list[Text] = [Text()]
    for glyph, style, what in known:
        if lines[-1] and len(lines[-1]) + len(what) + 6 > min(screen.width, _LEGEND):
            lines.append(Text())
        lines[-1].append("   " if lines[-1] else "").append(glyph, style).append(f" {what}", "dim")
    for line in lines if known else ():
        if screen.rich:
            screen.console.print(line)
        else:
            print(line.plain)


_LEGEND = 110
"""Columns of the legend in a pipe, or on a wide terminal."""


def view(drawn: Timeline) -> dict[str, object]:
    """As JSON."""
    return {
        "run": drawn.run,
        "machine": drawn.machine,
        "status": drawn.status,
        "after": drawn.after,
        "began": exact(drawn.began),
        "last": exact(drawn.last),
        "ended": drawn.ended,
        "marks": [
            {"at": exact(mark.at), "kind": mark.kind, "text": mark.text} for mark in drawn.marks
        ],
        "bars": [_bar(bar) for bar in drawn.bars],
    }


def _bar(bar: Bar) -> dict[str, object]:
    return {
        "id": bar.id,
        "kind": bar.kind,
        "label": bar.label,
        "place": bar.place,
        "parent": bar.parent or None,
        "item": bar.item,
        "begin": exact(bar.begin),
        "end": exact(bar.end),
        "outcome": bar.outcome,
        "failed": bar.failed,
        "attempts": bar.attempts,
        "child": bar.child or None,
        "spans": [
            {"kind": s.kind, "begin": exact(s.begin), "end": exact(s.end)} for s in bar.spans
        ],
        "marks": [{"at": exact(m.at), "kind": m.kind, "text": m.text} for m in bar.marks],
    }
