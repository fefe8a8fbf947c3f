"""Values beside the lines that set them, as debuggers show them."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Mapping

from interlock.cli.source import Excerpt
from interlock.cli.text import compact, shorten
from interlock.store.event import JSON

_LEAST = 14
"""Columns from which on a value beside a line says something."""


def beside(source: Excerpt, variables: Mapping[str, JSON], width: int) -> dict[int, str]:
    """What to write behind lines of an excerpt, by their numbers; nothing where no room is.

    A variable stands at the last line before the marked one that sets it; where there is none, at
    the last behind it, from where a loop came back. The marked line has not set anything yet.
    """
    by_line: dict[int, list[str]] = {}
    for name, lines in _settings(source).items():
        set_at = [line for line in lines if line != source.line]
        if name in variables and set_at:
            place = max([line for line in set_at if line < source.line] or set_at)
            by_line.setdefault(place, []).append(f"{name} = {compact(variables[name])}")
    found: dict[int, str] = {}
    for number, text in enumerate(source.lines, source.first):
        room = width - len(text) - 4
        if number in by_line and room >= _LEAST:
            found[number] = shorten(", ".join(by_line[number]), room)
    return found


def _settings(source: Excerpt) -> dict[str, list[int]]:
    """The lines at which each name is set in the function that the marked line is in."""
    try:
        tree = ast.parse(textwrap.dedent(source.whole or "\n".join(source.lines)))
    except SyntaxError:  # an excerpt of something that is not Python
        return {}
    first = source.begins or source.first
    found: dict[str, list[int]] = {}
    for name, line in _set_in(_function(tree, source.line - first + 1)):
        found.setdefault(name, []).append(line + first - 1)
    return found


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _function(tree: ast.AST, line: int) -> ast.AST:
    """The innermost function around a line."""
    best = tree
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS) and node.lineno <= line <= (node.end_lineno or 0):
            best = node  # deeper ones come later
    if best is tree:
        return next((node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS)), tree)
    return best


def _set_in(function: ast.AST) -> Iterator[tuple[str, int]]:
    """Names that a function sets, without those of functions inside of it."""
    for node in ast.iter_child_nodes(function):
        if isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        if not isinstance(node, (*_FUNCTIONS, ast.Lambda, ast.ClassDef)):
            yield from _set_in(node)
