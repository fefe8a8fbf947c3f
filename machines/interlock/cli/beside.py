"""Values beside the lines that set them, as debuggers show them."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from interlock.cli.source import Excerpt
from interlock.cli.text import compact, shorten
from interlock.projections.parsing import parse
from interlock.store.event import JSON

_LEAST = 14
"""Columns from which on a value beside a line says something."""


def beside(source: Excerpt, variables: Mapping[str, JSON], width: int) -> dict[int, str]:
    """What to write behind lines of an excerpt, by their numbers; nothing where no room is.

    A variable stands at the line that set it last. That is told from the text and the marked
    line: where several may have been the last one, it stands at none.
    """
    by_line: dict[int, list[str]] = {}
    for name, settings in _settings(source).items():
        place = passed(settings, source.line) if name in variables else 0
        if place:
            by_line.setdefault(place, []).append(f"{name} = {compact(variables[name])}")
    found: dict[int, str] = {}
    for number, text in enumerate(source.lines, source.first):
        room = width - len(text) - 4
        if number in by_line and room >= _LEAST:
            found[number] = shorten(", ".join(by_line[number]), room)
    return found


@dataclass(frozen=True, slots=True)
class Setting:
    """A place in the text that sets a name.

    Attributes:
        line: of the name.
        ends: last line of the statement.
        loops, arms: first and last lines of the loops, and of the parts of `if`, `try`, `match`
            and loops that it is in: whether these are run is not said by the text.
        parameter: it is one of the function.
    """

    line: int
    ends: int = 0
    loops: tuple[range, ...] = ()
    arms: tuple[range, ...] = ()
    parameter: bool = False

    def before(self, line: int) -> bool:
        """Whether it stands before a line, and not in the statement that the line is of."""
        return self.parameter or self.ends < line

    def certain(self, line: int) -> bool:
        """Whether who stands at a line behind it has come past it."""
        return all(line in arm for arm in self.arms)

    def again(self, line: int) -> range | None:
        """The innermost loop that leads from it back to a line before it."""
        around = [loop for loop in self.loops if line in loop]
        return around[-1] if around and self.line > line else None


def passed(settings: Sequence[Setting], line: int) -> int:
    """The line that set a name last for one that stands at a line; 0 where that is not sure."""
    before = sorted((s for s in settings if s.before(line)), key=lambda s: s.line)
    behind = [s for s in settings if s.again(line) is not None]
    sure = next((s for s in reversed(before) if s.certain(line)), None)
    if sure is None:
        may = [*before, *behind]
        return may[0].line if len(may) == 1 else 0
    later = [s for s in before if s.line > sure.line]
    later += [s for s in behind if s.again(line) not in sure.loops]
    return 0 if later else sure.line


def _settings(source: Excerpt) -> dict[str, list[Setting]]:
    """The places at which each name is set in the function that the marked line is in."""
    try:
        tree = parse(textwrap.dedent(source.whole or "\n".join(source.lines)))
    except SyntaxError:  # an excerpt of something that is not Python
        return {}
    first = source.begins or source.first
    found: dict[str, list[Setting]] = {}
    function = _function(tree, source.line - first + 1)
    if function is not None:
        for name, setting in _Walk(first - 1).settings(function):
            found.setdefault(name, []).append(setting)
    return found


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_COMPOUND = (*_LOOPS, ast.If, ast.Try, ast.With, ast.AsyncWith, ast.Match)
_SCOPES = (
    *_FUNCTIONS, ast.Lambda, ast.ClassDef, ast.ListComp, ast.SetComp, ast.DictComp,
    ast.GeneratorExp,
)  # fmt: skip
"""What has names of its own."""


def _function(tree: ast.Module, line: int) -> ast.AST | None:
    """The innermost function around a line; the only one where the line is in none."""
    around = [node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS)
              and node.lineno <= line <= (node.end_lineno or 0)]  # fmt: skip
    if around:
        return around[-1]  # deeper ones come later
    only = tree.body[0] if len(tree.body) == 1 else None
    return only if isinstance(only, _FUNCTIONS) else None


class _Walk:
    """Through one function, without what has names of its own inside of it."""

    def __init__(self, above: int) -> None:
        self._above = above

    def settings(
        self,
        node: ast.AST,
        ends: int = 0,
        loops: tuple[range, ...] = (),
        arms: tuple[range, ...] = (),
    ) -> Iterator[tuple[str, Setting]]:
        """Every name that is set, and where."""
        if isinstance(node, _LOOPS):
            loops = (*loops, self._lines([node]))
        for field, among, child in _parts(node):
            own = (*arms, *map(self._lines, _arm(node, field, child, among)))
            name = _set_by(child)
            if name:
                line: int = getattr(child, "lineno", 0) + self._above
                yield name, Setting(line, max(line, ends), loops, own, isinstance(child, ast.arg))
            if isinstance(child, _SCOPES):
                continue
            last = ends
            if isinstance(child, ast.stmt):
                whole = 0 if isinstance(child, _COMPOUND) else child.end_lineno or 0
                last = whole + self._above
            yield from self.settings(child, last, loops, own)

    def _lines(self, nodes: Sequence[ast.AST]) -> range:
        """From the first to the last line of some nodes."""
        first: int = getattr(nodes[0], "lineno", 0)
        last: int = getattr(nodes[-1], "end_lineno", 0)
        return range(first + self._above, last + self._above + 1)


def _set_by(node: ast.AST) -> str | None:
    """The name that a node sets, if it sets one."""
    if isinstance(node, ast.arg):
        return node.arg
    if isinstance(node, ast.Name):
        return node.id if isinstance(node.ctx, ast.Store) else None
    if isinstance(node, ast.MatchAs | ast.MatchStar | ast.ExceptHandler):
        return node.name
    return None


def _arm(
    node: ast.AST, field: str, child: ast.AST, among: Sequence[ast.AST]
) -> list[Sequence[ast.AST]]:
    """What is run or not, all of it, that a part of a statement belongs to; [] for none."""
    if isinstance(node, ast.For | ast.AsyncFor) and field == "target":
        return [[node]]
    if isinstance(node, ast.match_case):
        return [[node.pattern, node.body[-1]]]
    if field == "handlers":
        return [[child]]
    if field in ("body", "orelse") and isinstance(node, (*_LOOPS, ast.If, ast.Try)):
        return [among]
    return []


def _parts(node: ast.AST) -> Iterator[tuple[str, Sequence[ast.AST], ast.AST]]:
    """The children of a node: in which field each is, and what stands there with it."""
    for field, value in ast.iter_fields(node):
        if isinstance(value, list):
            among = [one for one in cast("list[object]", value) if isinstance(one, ast.AST)]
            for one in among:
                yield field, among, one
        elif isinstance(value, ast.AST):
            yield field, [value], value
