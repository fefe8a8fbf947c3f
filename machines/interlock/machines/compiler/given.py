"""Calls of nested functions are given the variables around them, as if written by the author."""

from __future__ import annotations

import ast

from interlock.machines.compiler.noted import token_of
from interlock.machines.compiler.sites import Sites
from interlock.machines.compiler.syntax import const, function_arguments, load, placed

GIVEN = ".captured"
"""Reads variables that may be unbound: `f(x)` becomes `f(x, **.captured("y", lambda: y))`."""


def with_given(tree: ast.AsyncFunctionDef, sites: Sites) -> ast.AsyncFunctionDef:
    """A function, which is changed, where such calls are written out."""
    if not any(sites.given.values()):
        return tree
    for statement in tree.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and sites.given.get(token_of(node)):
                parts: list[ast.expr] = []
                for name in sites.given[token_of(node)]:
                    parts += [const(name), ast.Lambda(function_arguments(), load(name))]
                given = placed(ast.Call(load(GIVEN), parts, []), node)
                node.keywords.append(ast.keyword(None, given))
    return tree
