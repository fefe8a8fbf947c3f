"""A machine as SVG: one picture that needs nothing else to be seen, nor to be printed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise

from interlock.machines.draw.layout import Layout, lay_out
from interlock.machines.draw.picture import APART_TITLE, COLOURS, Picture
from interlock.machines.ir import Machine, Node

_CHARACTER, _SMALL, _LINE, _PADDING, _DOWN, _MARGIN = 7.2, 6.0, 16.0, 12.0, 16.0, 16.0
_LONGEST = 42
"""Characters of a text in the picture; what is longer is cut."""

_STYLE = (
    "text{font:13px ui-sans-serif,system-ui,sans-serif;fill:#1a202c}"
    ".s{font-size:11px;fill:#4a5568}"
    ".l{font-size:11px;fill:#2d3748;paint-order:stroke;stroke:#fff;stroke-width:4px}"
    ".a{fill:none;stroke:#718096;stroke-width:1.2}"
    ".i{stroke-dasharray:3 3}"
)

_NAMESPACE = 'role="img" xmlns="http://www.w3.org/2000/svg"'
_HEAD = (
    '<defs><marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8"'
    ' markerHeight="8" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" fill="#718096"/>'
    "</marker></defs>"
)


def svg(
    machine: Machine,
    *,
    at: str | Collection[str] | None = None,
    visited: Collection[str] = (),
) -> str:
    """The machine as an SVG document.

    Args:
        machine: what to draw.
        at: the state a run is in, or the states, to be marked.
        visited: states the run has been in, to be marked.
    """
    return _Drawing(Picture(machine, at, visited)).text()


@dataclass
class _Box:
    """A state in the picture: what it says, line by line."""

    node: Node
    lines: list[str]
    width: float = field(init=False)
    height: float = field(init=False)

    def __post_init__(self) -> None:
        self.lines = [_cut(line) for line in self.lines]
        self.width = max(64.0, max(map(len, self.lines)) * _CHARACTER + 2 * _PADDING)
        self.height = len(self.lines) * _LINE + _PADDING


class _Drawing:
    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        nodes = picture.nodes
        self._boxes = {node.id: _Box(node, [node.id, *picture.internal(node)]) for node in nodes}
        entered = {target for _, target in picture.arrows}
        inside = {
            (node.id, child.id)
            for node in nodes
            for first in [{state for state, _ in picture.begins_in(node)}]
            for child in picture.children(node.id)
            if child.id in first or child.id not in entered
        }
        self._inside = inside - picture.arrows.keys()
        widths = {name: box.width for name, box in self._boxes.items()}
        begins = [state for state, _ in picture.begins]
        arrows = {pair: len(self._label(*pair)) * _SMALL + 8 for pair in picture.arrows}
        arrows |= dict.fromkeys(self._inside, 0.0)
        self._layout: Layout = lay_out([*self._boxes], arrows, widths, begins)
        self._y: dict[str, float] = {}
        y = _MARGIN
        for row in self._layout.rows:
            tall = max((self._boxes[n].height for n in row if n in self._boxes), default=_LINE)
            for name in row:
                self._y[name] = y + tall / 2
            y += tall + _DOWN
        self._height = y - _DOWN + _MARGIN
        self._width = self._layout.width + 2 * _MARGIN

    def _x(self, name: str) -> float:
        return self._layout.x[name] + _MARGIN

    def text(self) -> str:
        width, height = round(self._width), round(self._height)
        parts = [
            f'<svg {_NAMESPACE} viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
            f"<title>{escape(_cut(self._picture.machine.name))}</title>",
            f"<style>{_STYLE}</style>",
            _HEAD,
            *self._arrows(),
            *(part for box in self._boxes.values() for part in self._box(box)),
            *self._labels(),
            "</svg>",
        ]
        return "\n".join(parts) + "\n"

    def _box(self, box: _Box) -> Iterator[str]:
        looks = self._picture.looks(box.node)
        fill, line = COLOURS[looks[-1]] if looks else ("#ffffff", "#718096")
        x, y = self._x(box.node.id) - box.width / 2, self._y[box.node.id] - box.height / 2
        wide = 2.5 if "at" in looks else 1.2
        compound = bool(self._picture.children(box.node.id))
        dashes = ' stroke-dasharray="5 3"' if compound or box.node.id in self._picture.apart else ""
        round_ = 17 if box.node.kind == "final" else 7
        about = f"{box.node.id}: {APART_TITLE}" if box.node.id in self._picture.apart else ""
        yield (
            f'<g><rect x="{x:.1f}" y="{y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}"'
            f' rx="{round_}" fill="{fill}" stroke="{line}" stroke-width="{wide}"{dashes}/>'
        )
        if about:
            yield f"<title>{escape(_cut(about))}</title>"
        for number, said in enumerate(box.lines):
            at = y + _PADDING / 2 + _LINE * number + 12
            small = ' class="s"' if number else ""
            yield (
                f'<text x="{self._x(box.node.id):.1f}" y="{at:.1f}" text-anchor="middle"{small}>'
                f"{escape(said)}</text>"
            )
        yield "</g>"

    def _arrows(self) -> Iterator[str]:
        for pair, path in self._layout.paths.items():
            kind = "a i" if pair in self._inside else "a"
            yield f'<path class="{kind}" d="{self._curve(pair, path)}" marker-end="url(#end)"/>'

    def _curve(self, pair: tuple[str, str], path: list[str]) -> str:
        points = [(self._x(name), self._y[name]) for name in path]
        sign = -1 if pair in self._layout.back else 1
        first, last = self._boxes[path[0]], self._boxes[path[-1]]
        points[0] = (points[0][0], points[0][1] + sign * first.height / 2)
        points[-1] = (points[-1][0], points[-1][1] - sign * last.height / 2)
        said = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
        for (x, y), (to_x, to_y) in pairwise(points):
            middle = (y + to_y) / 2
            said.append(f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}")
        return "".join(said)

    def _labels(self) -> Iterator[str]:
        for pair, place in self._layout.said.items():
            said = self._label(*pair)
            if said and pair not in self._inside:
                yield (
                    f'<text class="l" x="{self._x(place):.1f}" y="{self._y[place] + 4:.1f}"'
                    f' text-anchor="middle">{escape(said)}</text>'
                )

    def _label(self, source: str, target: str) -> str:
        return _cut(" / ".join(self._picture.arrows.get((source, target), ())))


def _cut(text: str) -> str:
    line = "".join(c if c.isprintable() else "\ufffd" for c in " ".join(text.split()))
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
