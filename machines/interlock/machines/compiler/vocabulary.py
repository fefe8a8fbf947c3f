"""The classes that a workflow's values may have: from annotations and from what it mentions."""

from __future__ import annotations

import ast
import inspect
import typing
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from interlock.machines.compiler.scope import Scope, Unknown
from interlock.machines.compiler.sites import Site
from interlock.machines.errors import StepFailed, TimedOut
from interlock.machines.resource import wanted_by
from interlock.machines.waits import Decision, Vote
from interlock.store.errors import InterlockError
from interlock.store.values import Types


def collect_types(
    function: Callable[..., Any], body: Sequence[ast.stmt], scope: Scope, sites: Sequence[Site]
) -> Types:
    """A registry of everything that a run may have to decode."""
    types = Types()
    types.register(Vote, "interlock.Vote")  # leaves the bare name to the author
    types.collect(Decision, TimedOut, StepFailed)
    types.collect(*_annotations(function))
    for site in sites:
        types.collect(*site.commands)
        if site.step is not None:
            types.collect(*site.step.options.raises, *_annotations(site.step.function))
        if site.helper is not None:
            _take_over(types, site.helper.program.types)
    for found in _mentioned(body, scope):
        try:
            types.collect(found)
        except InterlockError:  # only mentioned: its name may be taken by one that is declared
            continue
    return types


def _take_over(types: Types, others: Types) -> None:
    """Know the classes of a helper; where two have one name, the caller's stays."""
    for name, cls in others:
        if cls not in types:
            with suppress(InterlockError):
                types.register(cls, name)


def _annotations(function: Callable[..., Any]) -> list[Any]:
    """The annotations of a function, as far as their names are known."""
    function = inspect.unwrap(function)
    wanted = wanted_by(function)  # resources are never recorded
    try:
        hints = typing.get_type_hints(function, include_extras=True)
        return [hint for name, hint in hints.items() if name not in wanted]
    except Exception:
        found = dict(getattr(function, "__annotations__", {}))
        found = {name: hint for name, hint in found.items() if name not in wanted}
        return [hint for hint in map(_evaluated(function), found.values()) if hint is not None]


def _evaluated(function: Callable[..., Any]) -> Callable[[object], object]:
    names: dict[str, Any] = getattr(function, "__globals__", {})

    def evaluate(hint: object) -> object:
        if not isinstance(hint, str):
            return hint
        try:
            return eval(hint, names)
        except Exception:
            return None

    return evaluate


def _mentioned(body: Sequence[ast.stmt], scope: Scope) -> Iterator[Any]:
    """Classes that the body names outside of local variables, annotations included."""
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.AnnAssign):
                found = scope.evaluate(node.annotation)
                if not isinstance(found, Unknown):
                    yield found
            if isinstance(node, (ast.Name, ast.Attribute)):
                found = scope.meaning(node)
                if isinstance(found, type):
                    yield found
