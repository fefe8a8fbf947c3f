"""Small wrongs done to a workflow: its code is changed in one place, and compiled anew.

The edges of a workflow are its code's: what is dropped or leads elsewhere has to be done there, so
that every mutant is a program that runs. What the compiler refuses is no mutant.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from interlock.machines.compiler import read_source
from interlock.machines.compiler.compile import compile_workflow
from interlock.machines.program import Program
from interlock.machines.workflow import Workflow
from interlock.store.errors import InterlockError

_Change: TypeAlias = Callable[[Any], None]
"""Changes one node, in a copy of the tree."""

_LONG = 50

_APART = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
"""Code of its own."""


def changed_programs(flow: Workflow[..., Any]) -> Iterator[tuple[str, Program]]:
    """What is changed, in words, and the workflow that is compiled from that."""
    tree = read_source(flow.function).tree
    wrongs = [
        (line, number, text, change)
        for number, node in enumerate(_nodes(tree))
        for line, text, change in _changes(node, tree)
    ]
    for line, number, text, change in sorted(wrongs, key=lambda wrong: wrong[:3]):
        other = copy.deepcopy(tree)
        change(_nodes(other)[number])
        try:
            program = compile_workflow(flow.function, flow.name, flow.version, tree=other)
        except InterlockError:  # such as a variable that nothing assigns any more
            continue
        yield f"{flow.name}, line {line}: {text}", program


def _nodes(tree: ast.AsyncFunctionDef) -> list[ast.AST]:
    """All nodes of the function itself, the same ones in each copy."""
    found: list[ast.AST] = []
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop(0)
        found.append(node)
        if node is tree:
            todo += tree.body
        elif not isinstance(node, _APART):
            todo += ast.iter_child_nodes(node)
    return found


def _changes(node: ast.AST, tree: ast.AsyncFunctionDef) -> Iterator[tuple[int, str, _Change]]:
    """The wrongs that can be done to one node: line, words, and how."""
    if isinstance(node, ast.If | ast.IfExp) or (isinstance(node, ast.While) and _awaits(node)):
        word = "while" if isinstance(node, ast.While) else "if"
        yield node.lineno, f"`{word} {_short(node.test)}` says the contrary", _negate
    if isinstance(node, ast.ExceptHandler):
        caught = "except" if node.type is None else f"except {_short(node.type)}"
        yield node.lineno, f"`{caught}` catches nothing", _pass_on
    if isinstance(node, ast.IfExp) or (node is not tree and isinstance(node, _APART)):
        return  # there are no statements in it, or not of this code
    for name in ("body", "orelse", "finalbody"):
        inside: list[Any] = getattr(node, name, None) or []
        for place, one in enumerate(inside):
            if _is_dropped(one) and one is not tree.body[-1]:
                yield one.lineno, f"`{_short(one)}` is left out", _dropping(name, place)


def _is_dropped(statement: ast.stmt) -> bool:
    """Whether the rest can go on without it."""
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Await)
    return isinstance(statement, ast.Raise | ast.Return)


def _awaits(node: ast.AST) -> bool:
    return any(isinstance(one, ast.Await) for one in ast.walk(node))


def _negate(node: Any) -> None:
    node.test = ast.copy_location(ast.UnaryOp(ast.Not(), node.test), node.test)


def _pass_on(node: Any) -> None:
    node.body = [ast.copy_location(ast.Raise(None, None), node.body[0])]


def _dropping(name: str, place: int) -> _Change:
    def drop(node: Any) -> None:
        inside: list[ast.stmt] = getattr(node, name)
        inside[place] = ast.copy_location(ast.Pass(), inside[place])

    return drop


def _short(node: ast.AST) -> str:
    text = ast.unparse(node).partition("\n")[0]
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"
