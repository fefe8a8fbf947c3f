"""Which steps a lifecycle's effects can call: found again by name after a restart."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any, cast

from interlock.machines.step import Step


def steps_mentioned(
    functions: Iterable[Callable[..., Any]], named: Iterable[Step[..., Any]]
) -> dict[str, Step[..., Any]]:
    """The steps in `named`, and those that `functions` and the functions they call mention.

    A mention is a global name or one of an enclosing function, also as `module.step`.
    """
    found: dict[str, Step[..., Any]] = {step.name: step for step in named}
    seen: set[int] = set()
    todo: list[object] = list(functions)
    while todo:
        item = todo.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, Step):
            step = cast("Step[..., Any]", item)
            found.setdefault(step.name, step)
        elif isinstance(item, FunctionType):
            todo += _mentioned(item)
    return found


def _mentioned(function: FunctionType) -> Iterator[object]:
    function = inspect.unwrap(function)
    names = set(_names(function.__code__))
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    known = function.__globals__ | {name: _content(cell) for name, cell in cells}
    for name in names & known.keys():
        item: object = known[name]
        yield item
        if isinstance(item, ModuleType | type):
            members = vars(item)
            yield from (members[attribute] for attribute in names & members.keys())


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    yield from code.co_freevars
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _content(cell: Any) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return None  # a name that is bound later
