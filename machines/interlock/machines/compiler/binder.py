"""The arguments of a helper, bound by Python itself: a function of the same signature."""

from __future__ import annotations

import ast
import builtins
import copy
from collections.abc import Callable
from types import CellType, CodeType, FunctionType
from typing import Any

from interlock.machines.compiler.source import Source
from interlock.machines.compiler.syntax import assign, call, const, function_of, inner_code, placed


def binder(source: Source) -> Callable[..., dict[str, Any]]:
    """A function that takes what the author's takes, and answers with its parameters by name.

    What does not fit raises the TypeError that calling the author's function would.
    """
    name = source.tree.name
    made = function_of(name, _bare(source.tree.args), [ast.Return(call(".locals"))])
    outer = function_of(".outer", _no_arguments(), [assign(".locals", const(None)), made])
    module = ast.Module([placed(outer, source.tree)], [])
    ast.fix_missing_locations(module)
    compiled: CodeType = compile(module, source.file, "exec", dont_inherit=True)
    code = inner_code(inner_code(compiled, ".outer"), name)
    original: Any = source.function
    bound = FunctionType(
        code, source.namespace, name, original.__defaults__, (CellType(builtins.locals),)
    )
    bound.__kwdefaults__ = original.__kwdefaults__
    bound.__qualname__ = original.__qualname__
    return bound


def _bare(arguments: ast.arguments) -> ast.arguments:
    """The parameters without annotations and defaults."""
    made = copy.deepcopy(arguments)
    for part in ast.walk(made):
        if isinstance(part, ast.arg):
            part.annotation = None
    made.defaults = []
    made.kw_defaults = [None] * len(made.kwonlyargs)
    return made


def _no_arguments() -> ast.arguments:
    return ast.arguments([], [], None, [], [], None, [])
