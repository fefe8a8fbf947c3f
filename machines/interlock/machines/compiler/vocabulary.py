"""The classes that a workflow's values may have: from annotations and from what it mentions."""

from __future__ import annotations

import ast
import asyncio
import inspect
import typing
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, cast

from interlock.machines.call import Call
from interlock.machines.compiler.helpers import is_helper
from interlock.machines.compiler.scope import Scope, Unknown
from interlock.machines.compiler.sites import Site, is_declared
from interlock.machines.compiler.source import read_source
from interlock.machines.errors import ChildRefused, StepFailed, TimedOut
from interlock.machines.outcome import Err, Ok, Won
from interlock.machines.resource import wanted_by
from interlock.machines.segment import Handle, start, start_child
from interlock.machines.step import Step
from interlock.machines.tasks import Task, TaskGroup
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
            types.collect(*_of_step(site.step))
        if site.helper is not None:
            _take_over(types, site.helper.program.types)
    if any(site.how or site.child for site in sites) or _starts(body, scope):
        for cls in (Ok, Err, Won, Handle, Call, ChildRefused):
            if cls not in types:
                types.register(cls, f"interlock.{cls.__name__}")  # an author may have one, too
    if any(site.how == "tasks" for site in sites):
        types.register(Task, "interlock.Task")
        types.register(TaskGroup, "interlock.TaskGroup")
    for found in (*_composed(body, scope), *_mentioned(body, scope)):
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


def _of_step(step: Step[..., Any]) -> list[Any]:
    return [*step.options.raises, *_annotations(step.function)]


def _composed(body: Sequence[ast.stmt], scope: Scope) -> Iterator[Any]:
    """What the steps and workflows may give and raise that a body names, theirs included."""
    known: set[int] = set()
    todo = list(_named(body, scope))
    while todo:
        found = todo.pop()
        if id(found) in known:
            continue
        known.add(id(found))
        if isinstance(found, Step):
            yield from _of_step(cast("Step[..., Any]", found))
        else:
            function = getattr(found, "function", found)
            yield from _annotations(function)
            source = read_source(function)
            inner = Scope(source)
            yield from _mentioned(source.tree.body, inner)
            todo += _named(source.tree.body, inner)


_STARTING = (start, start_child, asyncio.create_task, asyncio.ensure_future)


def _starts(body: Sequence[ast.stmt], scope: Scope) -> bool:
    """Whether a body names what starts something."""
    return any(found is function for found in _meanings(body, scope) for function in _STARTING)


def _named(body: Sequence[ast.stmt], scope: Scope) -> list[Any]:
    """The steps, helpers and workflows that a body names."""
    return [f for f in _meanings(body, scope) if is_declared(f) or is_helper(f)]


def _meanings(body: Sequence[ast.stmt], scope: Scope) -> Iterator[Any]:
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, (ast.Name, ast.Attribute)):
                yield scope.meaning(node)


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
