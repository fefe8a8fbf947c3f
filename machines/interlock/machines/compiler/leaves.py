"""Statements without an await: kept whole, but for the jumps that leave them."""

from __future__ import annotations

import ast

from interlock.machines.compiler.blocks import Block, Jump
from interlock.machines.compiler.builder import Builder
from interlock.machines.compiler.syntax import assign, const, load


def leaf(b: Builder, node: ast.stmt) -> list[ast.stmt]:
    """The statement, its `break`, `continue` and `return` turned into what they do here."""
    return _listed(_Escapes(b).visit(node))


def _listed(made: ast.stmt | list[ast.stmt]) -> list[ast.stmt]:
    return made if isinstance(made, list) else [made]


class _Escapes(ast.NodeTransformer):
    """Rewrites the jumps that lead out of one whole statement."""

    def __init__(self, b: Builder) -> None:
        self._b = b
        self._loops = 0
        self._late: Block | None = None

    def visit_Break(self, node: ast.Break) -> ast.stmt | list[ast.stmt]:
        return node if self._loops else self._b.leave("break", None, node)

    def visit_Continue(self, node: ast.Continue) -> ast.stmt | list[ast.stmt]:
        return node if self._loops else self._b.leave("continue", None, node)

    def visit_Return(self, node: ast.Return) -> ast.stmt | list[ast.stmt]:
        if not self._b.leaves_finally():
            return node
        left = self._b.leave("return", node.value, node)
        if not self._loops:
            return left
        last = left.pop()
        assert isinstance(last, Jump)
        self._late = last.target
        return [*left, assign(".n", const(-1)), ast.Break()]

    def visit_For(self, node: ast.For) -> ast.stmt | list[ast.stmt]:
        return self._loop(node)

    def visit_While(self, node: ast.While) -> ast.stmt | list[ast.stmt]:
        return self._loop(node)

    def _loop(self, node: ast.For | ast.While) -> ast.stmt | list[ast.stmt]:
        before, self._late = self._late, None
        self._loops += 1
        node.body = self._all(node.body)
        self._loops -= 1
        left, self._late = self._late, self._late or before
        node.orelse = self._all(node.orelse)
        if left is None:
            return node
        test = ast.Compare(load(".n"), [ast.Lt()], [const(0)])
        go: ast.stmt = ast.Break() if self._loops else Jump(left)
        return [node, ast.If(test, [go], [])]

    def _all(self, body: list[ast.stmt]) -> list[ast.stmt]:
        out: list[ast.stmt] = []
        for statement in body:
            out += _listed(self.visit(statement))
        return out

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        return node
