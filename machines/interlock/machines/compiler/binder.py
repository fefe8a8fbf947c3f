"""The arguments of a helper, bound by Python itself: a function of the same signature."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

from interlock.machines.compiler.source import Source
from interlock.machines.compiler.syntax import const, function_of, inner_code, load, placed


def binder(source: Source) -> Callable[..., dict[str, Any]]:
    """A function that takes what the author's takes, and answers with its parameters by name.

    What does not fit raises the TypeError that calling the author's function would.
    """
    name, arguments = source.tree.name, source.tree.args
    names = [part.arg for part in ast.walk(arguments) if isinstance(part, ast.arg)]
    answer = ast.Dict([const(n) for n in names], [load(n) for n in names])
    made = function_of(name, _bare(arguments), [ast.Return(answer)])
    module = ast.Module([placed(made, source.tree)], [])
    ast.fix_missing_locations(module)
    compiled: CodeType = compile(module, source.file, "exec", dont_inherit=True)
    original: Any = source.function
    bound = FunctionType(inner_code(compiled, name), source.namespace, name, original.__defaults__)
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
