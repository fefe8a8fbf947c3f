"""What the functions beside a step are called with, and whether that fits their parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from interlock.machines.errors import BadDefinition
from interlock.machines.place import place_of
from interlock.machines.resource import Wanted, needs_of

_EMPTY = inspect.Parameter.empty


def check_undo(step: Callable[..., Any], undo: Callable[..., Any]) -> None:
    """Check that an undo can be called with the result of a step, and its input if it takes more.

    Raises:
        BadDefinition: it cannot.
    """
    own, taken = _parameters(step), _parameters(undo)
    if own is None or taken is None:
        return
    positional = [p for p in taken if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    several = len(positional) > 1 or any(p.kind is p.VAR_POSITIONAL for p in taken)
    calls = _calls(own if several else [])
    for args, kwargs in calls:
        result = (_EMPTY,) if positional or several else ()
        why = _misfit(taken, (*result, *args), kwargs)
        if why:
            gets = ["the step's result", *(p.name for p in own)] if several else ["the result"]
            raise _refused(step, f"compensate={_name(undo)}", undo, ", ".join(gets), why)


def check_verify(step: Callable[..., Any], verify: Callable[..., Any]) -> None:
    """Check that a `verify` function takes what its step takes.

    Raises:
        BadDefinition: it does not.
    """
    own, taken = _parameters(step), _parameters(verify)
    for args, kwargs in _calls(own or []):
        why = "" if own is None or taken is None else _misfit(taken, args, kwargs)
        if why:
            gets = ", ".join(p.name for p in own or []) or "nothing"
            raise _refused(step, f"verify={_name(verify)}", verify, gets, why)


def unlike(step: Callable[..., Any], other: Callable[..., Any]) -> str:
    """Why another function cannot be called in place of a step's, "" when it can.

    It is given the step's resources, too.
    """
    own = _parameters(step)
    if own is None:
        return ""
    resources = {need.parameter: _EMPTY for need in needs_of(step)}
    found = [unfit(other, args, {**kwargs, **resources}) for args, kwargs in _calls(own)]
    return found[0] if all(found) else ""


def unfit(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """Why a function cannot be called like this, resources and all; "" when it can."""
    try:
        parameters = [*inspect.signature(function).parameters.values()]
    except (TypeError, ValueError):
        return ""
    return _misfit(parameters, args, kwargs)


def positional(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """A call's input by position as far as it goes, however the caller passed it."""
    try:
        bound = inspect.signature(function).bind(*args, **kwargs)
    except (TypeError, ValueError):  # recorded by another version of the function
        return tuple(args), dict(kwargs)
    return bound.args, bound.kwargs


def misfit(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[dict[str, Any], str]:
    """A call's input by parameter, resources aside, and why it does not fit ("" when it does)."""
    parameters = _parameters(function)
    if parameters is None:
        return {}, ""
    try:
        bound = inspect.Signature(parameters).bind(*args, **kwargs)
    except TypeError as error:
        return {}, str(error)
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    single = {p.name for p in parameters if p.kind not in several}
    return {name: value for name, value in bound.arguments.items() if name in single}, ""


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter] | None:
    """The parameters that are no resources; None when a function does not tell."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    return [p for p in parameters if not isinstance(p.default, Wanted)]


def _calls(parameters: Sequence[inspect.Parameter]) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """The shortest and the longest call that parameters allow."""
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    for every in (False, True):
        taken = [p for p in parameters if every or p.default is _EMPTY]
        args = [p for p in taken if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        named = [p.name for p in taken if p.kind is p.KEYWORD_ONLY]
        calls.append((tuple(_EMPTY for _ in args), dict.fromkeys(named, _EMPTY)))
    return calls


def _misfit(
    parameters: Sequence[inspect.Parameter], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> str:
    try:
        inspect.Signature(list(parameters)).bind(*args, **kwargs)
    except TypeError as error:
        return str(error)
    return ""


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", repr(function))


def _refused(
    step: Callable[..., Any], what: str, function: Callable[..., Any], gets: str, why: str
) -> BadDefinition:
    file, line = place_of(step)
    takes = inspect.signature(function)
    text = f"{what} of step {_name(step)} takes {takes}, and it is called with ({gets}): {why}"
    return BadDefinition(text, file, line)
