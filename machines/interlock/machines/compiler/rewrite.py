"""Calls that are not awaited on the spot are made values; waits lose what their places know."""

from __future__ import annotations

import ast
import asyncio
from typing import Any

from interlock.machines.compiler import commands, groups
from interlock.machines.compiler.noted import Token, token_of
from interlock.machines.compiler.scope import Scope
from interlock.machines.compiler.sites import Site, Sites
from interlock.machines.compiler.syntax import (
    call,
    const,
    copied,
    function_arguments,
    load,
    placed,
)

CALLS = ".calls"
"""The names of a program's calls, by number."""
MADE = ".made"
"""Makes a `Call`."""


def rewritten(tree: ast.AsyncFunctionDef, scope: Scope, sites: Sites) -> ast.AsyncFunctionDef:
    """A copy of the author's function with the calls that `sites` knows written as values."""
    numbers = {token: number for number, token in enumerate(sites.calls)}
    made = copied(tree)
    _Rewriter(scope, sites, numbers).generic_visit(made)
    return made


class _Rewriter(ast.NodeTransformer):
    def __init__(self, scope: Scope, sites: Sites, numbers: dict[Token, int]) -> None:
        self._scope = scope
        self._sites = sites
        self._numbers = numbers

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.expr) and token_of(node) in self._numbers:
            token = token_of(node)
            name = ast.Subscript(load(CALLS), const(self._numbers[token]), ast.Load())
            if token in self._sites.references:
                return placed(self._named(name, self._sites.calls[token]), node)
            if isinstance(node, ast.Call):
                return self._value(node, self._sites.calls[token], placed(name, node))
        return super().visit(node)

    def _named(self, name: ast.expr, site: Site) -> ast.expr:
        """What `each` is told to call; a nested function is given variables at every call."""
        if site.helper is None or not site.helper.captured:
            return name
        return ast.Lambda(function_arguments(".item"), call(MADE, name, load(".item")))

    def _value(self, node: ast.Call, site: Site, name: ast.expr) -> ast.expr:
        node.args = [self.visit(argument) for argument in node.args]
        for keyword in node.keywords:
            keyword.value = self.visit(keyword.value)
        self._bare(node, site)
        node.func = placed(load(MADE), node)
        node.args = [name, *node.args]
        return node

    def _bare(self, node: ast.Call, site: Site) -> None:
        """Take out what the place of a wait knows; give a sleep its unit."""
        if site.kind in ("wait", "received"):
            commands.without(node)
        elif site.kind == "sleep" and self._scope.meaning(node.func) is asyncio.sleep:
            for keyword in node.keywords:
                keyword.arg = "how_long"
                keyword.value = placed(call(".seconds", keyword.value), node)
            node.args = [placed(call(".seconds", argument), node) for argument in node.args]

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        return node  # it is compiled by itself, from its own text

    def visit_AsyncWith(self, node: ast.AsyncWith) -> list[ast.stmt]:
        self.generic_visit(node)  # the block of a task group: others are refused
        return groups.written(node)

    def visit_Await(self, node: ast.Await) -> ast.Await:
        self.generic_visit(node)
        if isinstance(node.value, ast.Call):
            self._bare(node.value, self._sites.of(node))
        return node

    def visit_Call(self, node: ast.Call) -> ast.Call:
        if token_of(node) in self._sites.starting:
            node.func = placed(load(".start"), node.func)
            node.args, node.keywords = node.args[:1], []  # the name of a task says nothing here
        self.generic_visit(node)
        return node
