"""The commands that a wait names: classes, one or several, or a union of them."""

from __future__ import annotations

import ast
import typing
from collections.abc import Sequence
from types import UnionType

from interlock.machines.command import Command
from interlock.machines.compiler.scope import Scope


def accepted(called: ast.Call, scope: Scope) -> tuple[type[Command], ...]:
    """The classes that a call of `wait_for` or `received` names; none when it names none."""
    given = [*called.args, *(k.value for k in called.keywords if k.arg == "command")]
    found: dict[type[Command], None] = {}
    for argument in given:
        classes = _classes(
            scope.evaluate(argument) if _is_union(argument) else _one(argument, scope)
        )
        if not classes:
            return ()
        found |= dict.fromkeys(classes)
    return tuple(found)


def _one(node: ast.expr, scope: Scope) -> object:
    return scope.meaning(node)


def _is_union(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr)


def _classes(meaning: object) -> list[type[Command]]:
    if typing.get_origin(meaning) in (UnionType, typing.Union):
        parts: Sequence[object] = typing.get_args(meaning)
    else:
        parts = [meaning]
    found = [part for part in parts if isinstance(part, type) and issubclass(part, Command)]
    return found if len(found) == len(parts) else []


def state(kind: str, classes: Sequence[type[Command]]) -> str:
    """The name of the state that waits for these."""
    return f"{kind}:{' or '.join(cls.__name__ for cls in classes)}"


def where(called: ast.Call) -> ast.expr | None:
    """The condition that a wait is given."""
    return next((keyword.value for keyword in called.keywords if keyword.arg == "where"), None)


def without(called: ast.Call) -> None:
    """Take the classes out of a call, in place: its place knows them."""
    called.args = []
    called.keywords = [keyword for keyword in called.keywords if keyword.arg != "command"]
