"""The digest of code: what a function says, whatever its layout, comments or Python version."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator

_SKIPPED = frozenset({"lineno", "col_offset", "end_lineno", "end_col_offset"})
_LAYOUT = frozenset({"type_comment", "kind", "ctx", "type_ignores"})
_DOCUMENTED = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def canonical_digest(node: ast.AST) -> str:
    """Sixteen hex digits that stand for what `node` does.

    Comments, layout, docstrings, places in the file and type comments do not count. Fields that
    are empty are left out, so that a field which a newer Python adds changes nothing.
    """
    return hashlib.sha256("".join(_parts(node)).encode()).hexdigest()[:16]


def _parts(value: object) -> Iterator[str]:
    if isinstance(value, ast.Constant):
        yield f"{type(value.value).__name__}:{value.value!a};"
    elif isinstance(value, ast.AST):
        yield f"{type(value).__name__}("
        for name in sorted(value._fields):
            field: object = getattr(value, name, None)
            if name == "body" and isinstance(value, _DOCUMENTED):
                field = _without_docstring(value)
            if isinstance(value, ast.JoinedStr):
                field = [part for part in value.values if not _is_empty(part)]
            if name in _SKIPPED or name in _LAYOUT or field is None or field == []:
                continue
            yield f"{name}="
            yield from _parts(field)
        yield ")"
    elif isinstance(value, list):
        yield "["
        for item in value:  # pyright: ignore[reportUnknownVariableType]  # ast fields are untyped
            yield from _parts(item)  # pyright: ignore[reportUnknownArgumentType]  # the same
        yield "]"
    else:
        yield f"{value!r};"


def _is_empty(part: ast.expr) -> bool:
    """Whether it is the nothing that Python 3.12 reads behind the last field of a format."""
    return isinstance(part, ast.Constant) and part.value == ""


def _without_docstring(
    node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
) -> list[ast.stmt]:
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        return node.body[1:] if isinstance(first.value.value, str) else node.body
    return node.body
