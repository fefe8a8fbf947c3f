"""An `async def` inside of a workflow: compiled from its definition, without being made.

What it reads of the functions around it is given to it at the call, as if it were arguments.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from types import CellType, CodeType, FunctionType
from typing import Any

from interlock.machines.compiler import refusals
from interlock.machines.compiler.scope import COMPREHENSIONS, Scope, Unknown
from interlock.machines.compiler.source import Source
from interlock.machines.compiler.syntax import alias_of, walk_scope
from interlock.machines.errors import CompileError

_MUTABLE = (list, dict, set, bytearray)


def holds_function(node: ast.AST) -> str | None:
    """The variable that a statement binds to a function, a module, an alias or a generator."""
    if isinstance(node, ast.FunctionDef):
        return node.name
    if isinstance(node, ast.Import):
        return node.names[0].asname or node.names[0].name.partition(".")[0]
    if isinstance(node, ast.Assign) and isinstance(node.value, (ast.Lambda, ast.GeneratorExp)):
        target = node.targets[0]
        return target.id if isinstance(target, ast.Name) else None
    return alias_of(node)


class Nested:
    """One definition.

    Attributes:
        node: the definition.
        code: what Python made of it.
        scope: of the function that it stands in.
    """

    def __init__(self, node: ast.AsyncFunctionDef, scope: Scope) -> None:
        self.node = node
        self.scope = scope
        self.around = scope.source
        self.code = _code(node, self.around)

    def source(self) -> Source:
        """Its text, as that of a function of its own.

        Raises:
            CompileError: it is decorated, or has a default that is known only when it runs.
        """
        captured = tuple(dict.fromkeys(self.captured()))
        bound = (holds_function(node) for node in walk_scope(*self.around.tree.body))
        functions = frozenset(bound) | self.around.functions
        return replace(
            self.around,
            function=self._function(),
            code=self.code,
            cells=dict(self._cells()),
            tree=self.node,
            text=self._text(),
            captured=captured,
            functions=frozenset(name for name in captured if name in functions),
        )

    def _text(self) -> str:
        tree, node = self.around.tree, self.node
        first = min([tree.lineno, *(d.lineno for d in tree.decorator_list)])
        lines = self.around.text.splitlines(keepends=True)
        return "".join(lines[node.lineno - first : (node.end_lineno or 0) - first + 1])

    def captured(self) -> Iterator[str]:
        """The variables around it that it reads, or that a function reads which it awaits.

        Raises:
            CompileError: it has a variable of its own of that name.
        """
        for name, function in self.free():
            if function is None:
                yield name
        own = frozenset(self.code.co_varnames + self.code.co_cellvars)
        for function in self.awaited():
            for name, other in function.free():
                if other is None and name in own:
                    why = (
                        f"has its own {name}, and awaits {function.node.name}, which reads another"
                    )
                    raise self.refuse(why, self.node)
                if other is None:
                    yield name

    def awaited(self) -> list[Nested]:
        """The nested functions around it that it mentions, and those that they mention."""
        found: dict[str, Nested] = {}
        todo: list[Nested] = [self]
        while todo:
            for name, function in todo.pop().free():
                if function is not None and name not in found and function.node is not self.node:
                    found[name] = function
                    todo.append(function)
        return list(found.values())

    def free(self) -> Iterator[tuple[str, Nested | None]]:
        """Names that it takes from the functions around it, which are variables or functions."""
        for name in self.code.co_freevars:
            owner = self.scope.owner(name)
            if owner is not None:
                yield name, _defined(name, owner)

    def _cells(self) -> Iterator[tuple[str, CellType]]:
        for name in self.code.co_freevars:
            if self.scope.owner(name) is None:
                yield name, self.around.cells[name]

    def _function(self) -> FunctionType:
        """A function that is never called: it has the name and the signature."""
        if self.node.decorator_list:
            raise self.refuse("has a decorator", self.node)
        args = self.node.args
        cells = dict(self._cells())
        closure = tuple(cells.get(name) or CellType() for name in self.code.co_freevars)
        made = FunctionType(self.code, self.around.namespace, self.node.name, None, closure)
        made.__defaults__ = tuple(self._default(node) for node in args.defaults) or None
        words = zip(args.kwonlyargs, args.kw_defaults, strict=True)
        made.__kwdefaults__ = {a.arg: self._default(d) for a, d in words if d is not None} or None
        every = (*args.posonlyargs, *args.args, *args.kwonlyargs)
        hints = ((a.arg, self.scope.evaluate(a.annotation)) for a in every if a.annotation)
        made.__annotations__ = {n: hint for n, hint in hints if not isinstance(hint, Unknown)}
        return made

    def _default(self, node: ast.expr) -> Any:
        value = self.scope.evaluate(node)
        if isinstance(value, (Unknown, *_MUTABLE)):
            raise self.refuse("has a default that is made when it runs", node)
        return value

    def refuse(self, why: str, at: ast.AST) -> CompileError:
        """The error that refuses it."""
        return self.around.refuse(refusals.NESTED_ASYNC, at, name=self.node.name, why=why)


def find(name: str, scope: Scope) -> Nested | None:
    """The nested function that a name means, in a function or in those around it.

    Raises:
        CompileError: the name has other meanings besides.
    """
    owner = scope.owner(name)
    return None if owner is None else _defined(name, owner)


def _defined(name: str, scope: Scope) -> Nested | None:
    node = scope.functions.get(name)
    if node is None:
        return None
    function = Nested(node, scope)
    if scope.bindings[name] > 1:
        raise function.refuse("has a name that is assigned more than once", node)
    return function


def check_call(function: Nested, called: ast.AST, scope: Scope) -> None:
    """Refuse a call where one of the functions that it needs may not be defined yet.

    Raises:
        CompileError: it is so, or the call stands among variables of the same names.
    """
    for needed in (function, *function.awaited()):
        if needed.scope is scope and not _is_behind(called, needed):
            raise needed.refuse("is awaited outside of the block behind its definition", called)
    captured = set(function.captured())
    for node in walk_scope(*function.around.tree.body):
        if isinstance(node, COMPREHENSIONS) and any(n is called for n in walk_scope(node)):
            targets = (n for g in node.generators for n in ast.walk(g.target))
            for target in targets:
                if isinstance(target, ast.Name) and target.id in captured:
                    why = f"reads {target.id}, which is another variable where it is called"
                    raise function.refuse(why, called)


def _is_behind(called: ast.AST, function: Nested) -> bool:
    """Whether a call stands in the block of a definition, behind it."""
    node, line = function.node, int(getattr(called, "lineno", 0))
    for holder in ast.walk(function.around.tree):
        for name in ("body", "orelse", "finalbody"):
            block: list[ast.stmt] = getattr(holder, name, None) or []
            if isinstance(holder, (ast.stmt, ast.ExceptHandler, ast.match_case)) and node in block:
                return (node.end_lineno or 0) < line <= (block[-1].end_lineno or 0)
    return False


def _code(node: ast.AsyncFunctionDef, around: Source) -> CodeType:
    for constant in around.code.co_consts:
        if isinstance(constant, CodeType) and constant.co_name == node.name:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if constant.co_firstlineno == first:
                return constant
    raise around.refuse(refusals.NESTED_ASYNC, node, name=node.name, why="is never defined")
