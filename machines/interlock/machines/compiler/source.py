"""Where a workflow's text is found, and how errors point into it."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import CellType, CodeType, FunctionType
from typing import Any

from interlock.machines.compiler import refusals
from interlock.machines.compiler.refusals import Refusal
from interlock.machines.errors import CompileError
from interlock.projections.parsing import parse


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one function.

    Attributes:
        function: the author's function.
        code, namespace, cells: its code object, globals and closure.
        tree: its definition; shared, so never changed in place.
        file: the file as Python names it.
        text: its lines, decorators included.
        captured: of a nested function, the variables around it that it is given at the call.
        functions: those of them that hold functions, modules or generators.
    """

    function: Callable[..., Any]
    code: CodeType
    namespace: dict[str, Any]
    cells: dict[str, CellType]
    tree: ast.AsyncFunctionDef
    file: str
    text: str
    captured: tuple[str, ...] = ()
    functions: frozenset[str] = frozenset()

    def refuse(self, refusal: Refusal, at: ast.AST | int, **words: object) -> CompileError:
        """The error that refuses the construct `at` a node or line."""
        line = at if isinstance(at, int) else getattr(at, "lineno", self.tree.lineno)
        what = refusal.what.format(**words)
        return CompileError(refusal.code, self.file, line, what, refusal.instead.format(**words))


def read_source(function: object) -> Source:
    """The text of an `async def`.

    Raises:
        CompileError: it is not a plain async function, or its text is not to be had.
    """
    if isinstance(function, FunctionType) and hasattr(function, "__wrapped__"):
        raise _refuse(refusals.WRAPPED, function)
    if not isinstance(function, FunctionType) or not inspect.iscoroutinefunction(function):
        if inspect.isasyncgenfunction(function):
            raise _refuse(refusals.GENERATOR, function)
        raise _refuse(refusals.NOT_ASYNC, function)
    try:
        lines, _ = inspect.findsource(function)
        module = _parse("".join(lines))
    except (OSError, TypeError, SyntaxError, IndexError):
        raise _refuse(refusals.NO_SOURCE, function) from None
    tree = _find(module, function.__name__, function.__code__.co_firstlineno)
    if tree is None:
        raise _refuse(refusals.NO_SOURCE, function)
    first = min([tree.lineno, *(d.lineno for d in tree.decorator_list)])
    text = "".join(lines[first - 1 : tree.end_lineno])
    code = function.__code__
    cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
    return Source(function, code, function.__globals__, cells, tree, code.co_filename, text)


def _refuse(refusal: Refusal, function: object) -> CompileError:
    code = getattr(function, "__code__", None)
    name = getattr(function, "__qualname__", repr(function))
    file, line = getattr(code, "co_filename", "?"), getattr(code, "co_firstlineno", 0)
    return CompileError(refusal.code, file, line, refusal.what.format(name=name), refusal.instead)


@lru_cache(maxsize=16)
def _parse(text: str) -> ast.Module:
    return parse(text)


def _find(module: ast.Module, name: str, first_line: int) -> ast.AsyncFunctionDef | None:
    for node in ast.walk(module):
        if isinstance(node, ast.AsyncFunctionDef) and node.name == name:
            lines = [node.lineno, *(d.lineno for d in node.decorator_list)]
            if first_line in lines:
                return node
    return None
