"""The helper coroutines of one workflow: found where they are called, each compiled once."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FunctionType, MethodType
from typing import TYPE_CHECKING

from interlock.machines.compiler import refusals
from interlock.machines.compiler.calls import bound
from interlock.machines.compiler.helper import Helper
from interlock.machines.compiler.nested import Nested, check_call
from interlock.machines.compiler.refusals import Refusal
from interlock.machines.compiler.scope import Scope
from interlock.machines.compiler.source import Source, read_source
from interlock.machines.errors import CompileError

if TYPE_CHECKING:  # it is made of the compiler's parts, which ask for helpers
    from interlock.machines.compiler.program import CompiledProgram

Compile = Callable[[Source, "Scope | None", "Helpers"], "CompiledProgram"]


class Helpers:
    """Compiles the coroutine functions that a workflow awaits, and remembers them.

    Args:
        source: the workflow's.
        compile: compiles one function that is awaited as a helper.
    """

    def __init__(self, source: Source, compile: Compile) -> None:  # noqa: A002  what it does
        self._compile = compile
        self._open = [source]
        self._known: dict[object, Helper] = {}

    def of(self, function: FunctionType, caller: Source, at: ast.Call) -> Helper:
        """The helper that a coroutine function is.

        Args:
            function: what is called.
            caller, at: where.

        Raises:
            CompileError: it cannot be compiled, awaits itself, or cannot take these arguments.
        """
        known = self._known.get(function)
        if known is None:
            self._refuse_recursion(function, caller, at)
            with _advised(function.__name__):
                source = read_source(function)
                known = Helper(function.__name__, self._compiled(source), (), function)
            self._known[function] = known
        bound(caller, at, inspect.signature(function))
        return known

    def nested(self, function: Nested, caller: Scope, at: ast.Call) -> Helper:
        """The helper that an `async def` inside of the workflow is.

        Raises:
            CompileError: as for `of`; or it is not sure to be defined, and with these variables.
        """
        self._refuse_recursion(function.code, caller.source, at)
        check_call(function, at, caller)
        known = self._known.get(function.code)
        if known is None:
            source = function.source()
            program = self._compiled(source, function.scope)
            known = Helper(function.node.name, program, source.captured, source.function)
            self._known[function.code] = known
        bound(caller.source, at, inspect.signature(known.function))
        return known

    def _compiled(self, source: Source, around: Scope | None = None) -> CompiledProgram:
        """The program of a function, which may await others, but never itself."""
        self._open.append(source)
        try:
            return self._compile(source, around, self)
        finally:
            self._open.pop()

    def _refuse_recursion(self, function: object, caller: Source, at: ast.AST) -> None:
        """Refuse a function that is being compiled, since it awaits itself then."""
        for index, source in enumerate(self._open):
            if function is source.function or function is source.code:
                path = [s.tree.name for s in (*self._open[index:], source)]
                words = {"name": path[0], "path": " > ".join(path)}
                raise caller.refuse(refusals.RECURSION, at, **words)


@contextmanager
def _advised(name: str) -> Generator[None]:
    """Errors inside of a helper say that it could be a step as well."""
    try:
        yield
    except CompileError as error:
        advice = f"; or declare {name} with @step"
        if "; or declare " not in error.instead:
            raise type(error)(
                error.code, error.file, error.line, error.what, error.instead + advice
            ) from None
        raise


_OWN = "interlock.machines"  # whose coroutine functions are waits


def is_helper(target: object) -> bool:
    """Whether awaiting a call of this means to run its code as a part of the workflow."""
    if not isinstance(target, FunctionType) or hasattr(target, "__wrapped__"):
        return False
    own = target.__module__ == _OWN or target.__module__.startswith(f"{_OWN}.")
    return inspect.iscoroutinefunction(target) and not own


def why_no_helper(target: object) -> Refusal | None:
    """Why something that gives a coroutine cannot be a helper; None if it gives none."""
    if isinstance(target, MethodType):
        return refusals.BOUND_METHOD
    if inspect.isasyncgenfunction(target):
        return refusals.ASYNC_GENERATOR
    if isinstance(target, FunctionType) and hasattr(target, "__wrapped__"):
        return refusals.WRAPPED_HELPER
    if isinstance(target, FunctionType):
        return refusals.PLAIN_HELPER
    return None
