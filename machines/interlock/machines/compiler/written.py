"""An expression as text, in the same words under every Python.

`ast.unparse` writes f-strings as the Python that runs it can read them: from 3.12 on with other
quotes, and with characters as themselves that an older Unicode does not know.
"""

from __future__ import annotations

import ast
import copy
import re
from itertools import count

_QUOTES = ("'", '"', '"""', "'''")
_NEVER = " if 0 else 0"
_NEW = re.compile(r"\\U0001f[0-9a-f]{3}")
"""Pictures, of which every Unicode has more: as themselves, whether Python knows them or not."""


def written(node: ast.AST) -> str:
    """The text of an expression."""
    strings = _Strings()
    if any(isinstance(part, ast.JoinedStr) for part in ast.walk(node)):
        node = strings.visit(copy.deepcopy(node))
    return strings.told(ast.unparse(node))


class _Strings(ast.NodeTransformer):
    """Puts names that nobody can write in the places of f-strings, and keeps their texts."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._numbers = count()

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        name = f"\0{next(self._numbers)}\0"
        self._texts[name] = _joined(node)
        return ast.Name(name, ast.Load())

    def told(self, text: str) -> str:
        """A text with its f-strings in their places."""
        for name, string in self._texts.items():
            text = text.replace(name, string)
        return _NEW.sub(lambda found: chr(int(found[0][2:], 16)), text)


def _joined(node: ast.JoinedStr) -> str:
    parts = [*map(_part, node.values)]
    text = "".join(parts)
    for quote in _QUOTES:
        if quote not in text and not text.endswith(quote[0]):
            return f"f{quote}{text}{quote}"
    plain = (isinstance(value, ast.Constant) for value in node.values)
    escaped = (p.replace("'", "\\'") if own else p for p, own in zip(parts, plain, strict=True))
    return f"f'{''.join(escaped)}'"


def _part(value: ast.expr) -> str:
    if isinstance(value, ast.FormattedValue):
        return _field(value)
    text = str(getattr(value, "value", "")).replace("{", "{{").replace("}", "}}")
    return "".join(map(_escaped, text))


def _escaped(letter: str) -> str:
    if letter != "\\" and letter.isprintable():
        return letter
    return letter.encode("unicode_escape").decode("ascii")


def _field(node: ast.FormattedValue) -> str:
    text = _inside(node.value)
    found = f"{' ' if text.startswith('{') else ''}{text}"
    if node.conversion >= 0:
        found += f"!{chr(node.conversion)}"
    if isinstance(node.format_spec, ast.JoinedStr):
        found += ":" + "".join(map(_part, node.format_spec.values))
    return f"{{{found}}}"


def _inside(value: ast.expr) -> str:
    """What stands between braces: with brackets around what has to have them there."""
    zero = ast.Constant(0)
    return written(ast.IfExp(zero, value, zero)).removesuffix(_NEVER)
