"""Annotations that promise values which no log can hold."""

from __future__ import annotations

import collections.abc
import inspect
import io
import types
import typing
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, cast

from interlock.machines.resource import wanted_by


class Why(NamedTuple):
    """Why values of a type cannot be recorded, and what to do."""

    what: str
    instead: str


_ITERATOR = Why("an iterator, which is used up by reading it", "make it a list")
_FUNCTION = Why("a function, which has no value to record", "pass its name, or call it in the step")
_FILE = Why("an open file", "pass its path or its content")
_COROUTINE = Why("a coroutine, which no restart survives", "await it inside the step")
_MODULE = Why("a module", "import it in the step")

_KINDS: dict[object, Why] = {
    collections.abc.Iterator: _ITERATOR,
    collections.abc.Generator: _ITERATOR,
    collections.abc.AsyncIterator: _ITERATOR,
    collections.abc.AsyncIterable: _ITERATOR,
    collections.abc.AsyncGenerator: _ITERATOR,
    types.GeneratorType: _ITERATOR,
    types.AsyncGeneratorType: _ITERATOR,
    typing.get_origin(Callable[..., Any]): _FUNCTION,
    types.FunctionType: _FUNCTION,
    types.MethodType: _FUNCTION,
    types.BuiltinFunctionType: _FUNCTION,
    collections.abc.Coroutine: _COROUTINE,
    collections.abc.Awaitable: _COROUTINE,
    types.CoroutineType: _COROUTINE,
    types.ModuleType: _MODULE,
    typing.IO: _FILE,
}
_INSIDE = (list, tuple, set, frozenset, dict, collections.deque)


def why_unrecordable(function: Callable[..., Any]) -> Iterator[tuple[str, Why]]:
    """The parameters of a function (and `return`) that cannot be recorded, and why.

    Only what its annotations say, as far as they can be looked up; resources do not count.
    """
    function = inspect.unwrap(function)
    try:
        hints = typing.get_type_hints(function)
    except Exception:  # what only a type checker can look up is left to the run
        return
    wanted = wanted_by(function)
    for name, hint in hints.items():
        found = None if name in wanted else _why(hint)
        if found is not None:
            yield name, found


def _why(hint: Any) -> Why | None:
    origin: Any = typing.get_origin(hint) or hint
    arguments = typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        found = [_why(one) for one in arguments if one is not type(None)]
        return found[0] if found and all(found) else None
    if origin in _INSIDE:
        return next((why for one in arguments if (why := _why(one)) is not None), None)
    if inspect.isclass(origin) and issubclass(origin, (io.IOBase, typing.IO)):
        return _FILE
    try:
        return _KINDS.get(cast("object", origin))
    except TypeError:  # an annotation that is no type at all
        return None
