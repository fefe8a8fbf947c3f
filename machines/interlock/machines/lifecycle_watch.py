"""Calling the author's functions: what they raise is named, what they change is put back."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeAlias

from pydantic import BaseModel

from interlock.machines.errors import HandlerFailed
from interlock.machines.place import place_of

Handler: TypeAlias = Callable[..., Any]
"""A method of the lifecycle, bound to its one instance."""


def call(handler: Handler, *arguments: Any) -> object:
    """What `handler` returns.

    Raises:
        HandlerFailed: it raised.
    """
    try:
        return handler(*arguments)
    except Exception as error:
        raise failed(handler, f"raised {type(error).__name__}: {error}") from error


def failed(function: Callable[..., Any], what: str) -> HandlerFailed:
    """The error for what a function did, with its place."""
    return HandlerFailed(getattr(function, "__name__", "?"), *place_of(function), what)


_FIXED = (str, bytes, int, float, complex, type(None), timedelta)


@contextmanager
def untouched(data: BaseModel, functions: list[Callable[..., Any]]) -> Generator[None]:
    """Watch that the author's code does not change `data`; if it does, put it back and say so."""
    if not functions or _cannot_change(data):
        yield
        return
    before = copy.deepcopy(data)
    try:
        yield
    finally:
        changed = data != before and before == copy.deepcopy(before)
        if changed:
            fields = vars(data)
            fields.clear()
            fields.update(vars(before))
    if changed:
        names = ", ".join(dict.fromkeys(getattr(f, "__name__", "?") for f in functions))
        what = "changed its input in place; return data.model_copy(update={...}) instead"
        raise HandlerFailed(names, *place_of(functions[0]), what)


def _cannot_change(data: BaseModel) -> bool:
    frozen = data.model_config.get("frozen", False)
    return frozen and all(isinstance(value, _FIXED) for value in vars(data).values())
