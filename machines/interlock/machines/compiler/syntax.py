"""Small pieces of syntax tree, made at the place of another node."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from types import CodeType
from typing import TypeVar

from interlock.machines.compiler.written import written

Node = TypeVar("Node", bound=ast.AST)

NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
"""Nodes that open a scope of their own."""


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes right below, in order; as `ast.iter_child_nodes`, at half its price."""
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, ast.AST):
            found.append(value)
        elif isinstance(value, list):
            parts: list[object] = value  # pyright: ignore[reportUnknownVariableType]  # of anything
            found += [part for part in parts if isinstance(part, ast.AST)]
    return found


def copied(node: Node) -> Node:
    """A copy down to the last node; as `copy.deepcopy`, for trees, at a fifth of its price."""
    made: Node = type(node).__new__(type(node))
    for name, value in vars(node).items():
        if isinstance(value, ast.AST):
            value = copied(value)
        elif isinstance(value, list):
            parts: list[object] = value  # pyright: ignore[reportUnknownVariableType]  # of anything
            value = [copied(part) if isinstance(part, ast.AST) else part for part in parts]
        setattr(made, name, value)
    return made


def walk_scope(*roots: ast.AST) -> Iterator[ast.AST]:
    """Every node below `roots` that belongs to the same function; nested ones are not entered."""
    todo = list(reversed(roots))
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, NESTED):
            todo.extend(reversed(children(node)))


def holds(node: ast.AST, *kinds: type[ast.AST]) -> bool:
    """Whether a node of one of these kinds is at or below `node`, nested functions apart."""
    return any(isinstance(child, kinds) for child in walk_scope(node))


def placed(node: Node, at: ast.AST) -> Node:
    """`node` and all new nodes below it, at the line of `at`."""
    todo: list[ast.AST] = [node]
    while todo:  # what has a place has had it given to all below
        child = todo.pop()
        if getattr(child, "lineno", None) is None:
            if isinstance(child, (ast.stmt, ast.expr, ast.excepthandler, ast.pattern, ast.arg)):
                ast.copy_location(child, at)
            todo.extend(children(child))
    return node


_PLACED = (
    ast.stmt, ast.expr, ast.excepthandler, ast.pattern, ast.arg, ast.keyword, ast.alias,
)  # fmt: skip


def located(module: ast.Module) -> None:
    """Give every node of a module a place: its own, or that of the node around it."""
    todo: list[ast.AST] = [module]
    while todo:
        node = todo.pop()
        inner = children(node)
        for child in inner:
            if isinstance(child, _PLACED) and getattr(child, "lineno", None) is None:
                ast.copy_location(child, node)
        todo.extend(inner)


def load(name: str) -> ast.Name:
    """The value of a variable."""
    return ast.Name(name, ast.Load())


def store(name: str) -> ast.Name:
    """A variable as a target."""
    return ast.Name(name, ast.Store())


def const(value: str | int | bool | None) -> ast.Constant:
    """A constant."""
    return ast.Constant(value)


def assign(name: str, value: ast.expr) -> ast.Assign:
    """`name = value`."""
    return ast.Assign([store(name)], value)


def forget(name: str) -> list[ast.stmt]:
    """`name = None; del name`, as Python does at the end of `except ... as name`."""
    return [assign(name, const(None)), ast.Delete([ast.Name(name, ast.Del())])]


def call(function: str, *args: ast.expr) -> ast.Call:
    """`function(*args)`."""
    return ast.Call(load(function), list(args), [])


def in_place(made: ast.Call, giver: str) -> ast.expr:
    """`(args, {name: value})` for a call of `giver`, which gives that, where they are plain."""
    plain = isinstance(made.func, ast.Name) and made.func.id == giver
    starred = any(isinstance(arg, ast.Starred) for arg in made.args)
    if not plain or starred or any(keyword.arg is None for keyword in made.keywords):
        return made
    names: list[ast.expr | None] = [ast.Constant(keyword.arg) for keyword in made.keywords]
    named = ast.Dict(names, [keyword.value for keyword in made.keywords])
    return ast.Tuple([ast.Tuple(made.args, ast.Load()), named], ast.Load())


def either(test: ast.expr, then: Sequence[ast.stmt], other: Sequence[ast.stmt]) -> ast.If:
    """`if test: then else: other`."""
    return ast.If(test, list(then), list(other))


def short(node: ast.AST, limit: int = 60) -> str:
    """The author's text of an expression in one line, cut when long."""
    text = " ".join(written(node).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def alias_of(node: ast.AST) -> str | None:
    """The name that a `type` statement binds, which Python has from 3.12 on."""
    return str(vars(node)["name"].id) if type(node).__name__ == "TypeAlias" else None


def function_of(name: str, arguments: ast.arguments, body: list[ast.stmt]) -> ast.FunctionDef:
    """`def name(arguments): body`."""
    made = ast.FunctionDef(name, arguments, body, [])
    if "type_params" in ast.FunctionDef._fields:
        made.type_params = []  # type: ignore[attr-defined]  # since Python 3.12
    return made


def function_arguments(*names: str) -> ast.arguments:
    """Parameters of these names, without defaults."""
    return ast.arguments([], [ast.arg(name) for name in names], None, [], [], None, [])


def inner_code(code: CodeType, name: str) -> CodeType:
    """The code of the function of this name that `code` makes."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType) and constant.co_name == name:
            return constant
    raise AssertionError(name)
