"""Method calls whose effect depends on what they are called on: asked when they run.

`x.get(k)` reads a dict, and may do anything to an object of the author's. So the compiled function
looks at the receiver: a built-in one is read, or the place that grows is noted; for any other the
call's token is, and all that the call could reach counts as changed.
"""

from __future__ import annotations

import ast
from typing import TypeAlias

from interlock.machines.compiler.known import METHODS

Token: TypeAlias = tuple[int, ...]
"""An expression's place in the source, the same for all copies of it."""

GROWERS = frozenset({"append", "extend", "setdefault", "add"})
"""Methods that add to a built-in container, which is noted place by place."""


def token_of(node: ast.expr) -> Token:
    """What identifies an expression."""
    return node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0


def is_noted(node: ast.Call) -> bool:
    """Whether a call is decided on when it runs."""
    if not isinstance(node.func, ast.Attribute):
        return False
    name = node.func.attr
    if name not in GROWERS:
        return name in METHODS
    plain = not node.keywords and not any(isinstance(a, ast.Starred) for a in node.args)
    return plain and len(node.args) in ((1, 2) if name == "setdefault" else (1,))
