"""What an awaited call is given, as far as the source says it: refused when it cannot work."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from interlock.machines import waits
from interlock.machines.compiler import refusals
from interlock.machines.compiler.source import Source
from interlock.machines.compiler.syntax import short
from interlock.machines.compiler.unrecordable import why_unrecordable
from interlock.machines.duration import duration
from interlock.machines.errors import BadDefinition, CompileError
from interlock.machines.resource import Wanted, wanted_by
from interlock.machines.step import Step

WAITS: dict[str, Callable[..., Any]] = {
    "approval": waits.approval, "sleep": waits.sleep, "wait": waits.wait_for,
}  # fmt: skip
"""What is awaited, by the kind of its site."""


def check_call(source: Source, called: ast.Call, kind: str, step: Step[..., Any] | None) -> None:
    """Check the arguments of an awaited call of a step or a wait.

    Raises:
        CompileError: they do not fit its parameters, one is a text that is no duration, or the
            annotations say that the input or the result cannot be recorded.
    """
    function = WAITS.get(kind) if step is None else step.function
    signature = None if function is None else _signature(function)
    if function is None or signature is None:
        return
    if step is not None:
        check_types(source, function, called, f"step {step.name}")
    given = bound(source, called, signature)
    if given is None:
        return
    wanted = wanted_by(function)
    for name, argument in given.items():
        if name in wanted:
            raise source.refuse(refusals.RESOURCE_GIVEN, called, name=short(called), parameter=name)
        if step is None and "Duration" in str(signature.parameters[name].annotation):
            _check_duration(source, called, argument)


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):  # not every callable tells
        return None


def bound(
    source: Source, called: ast.Call, signature: inspect.Signature
) -> dict[str, ast.expr] | None:
    """The arguments by parameter; None when some of them are known only at run time."""
    starred = any(isinstance(arg, ast.Starred) for arg in called.args)
    if starred or any(keyword.arg is None for keyword in called.keywords):
        return None
    named = {keyword.arg: keyword.value for keyword in called.keywords if keyword.arg}
    try:
        bound = signature.bind(*called.args, **named)
    except TypeError as error:
        shown = str(_without_resources(signature))
        raise source.refuse(
            refusals.CALL_DOES_NOT_FIT, called, name=short(called), why=error, parameters=shown
        ) from None
    return {name: value for name, value in bound.arguments.items() if isinstance(value, ast.expr)}


def _without_resources(signature: inspect.Signature) -> inspect.Signature:
    kept = [p for p in signature.parameters.values() if not isinstance(p.default, Wanted)]
    return signature.replace(parameters=kept)


def _check_duration(source: Source, called: ast.Call, argument: ast.expr) -> None:
    value: Any = argument.value if isinstance(argument, ast.Constant) else None
    if value is None:
        return
    try:
        duration(value)
    except BadDefinition:
        raise source.refuse(
            refusals.BAD_DURATION, argument, name=short(called), value=repr(value)
        ) from None


def changed(
    source: Source, node: ast.Call, change: Callable[..., object], args: Sequence[object],
    kwargs: dict[str, object],
) -> object:  # fmt: skip
    """The step that `.named(...)` or `.with_(...)` makes.

    Raises:
        CompileError: the options are none.
    """
    try:
        return change(*args, **kwargs)
    except (BadDefinition, TypeError) as error:
        why = error.message if isinstance(error, BadDefinition) else str(error)
        raise _bad_option(source, node, why) from None


def _bad_option(source: Source, node: ast.Call, why: str) -> CompileError:
    return source.refuse(refusals.BAD_OPTION, node, name=short(node), why=why)


def check_types(source: Source, function: Callable[..., Any], at: ast.AST, name: str) -> None:
    """Check that annotations do not promise what no log can hold.

    Args:
        function: a step's or a workflow's.
        at: where to point.
        name: what it is called in the error.

    Raises:
        CompileError: a parameter or the result is a file, an iterator, a function …
    """
    for parameter, why in why_unrecordable(function):
        what = "the result" if parameter == "return" else repr(parameter)
        raise source.refuse(
            refusals.UNRECORDABLE_TYPE, at, name=name, what=what, why=why.what, instead=why.instead
        )
