"""Calling the author's functions: what they raise is named, what they change is put back."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias
from uuid import UUID

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


_FIXED = (str, bytes, int, float, complex, type(None), timedelta, Enum, Decimal, UUID, date)


@contextmanager
def untouched(data: BaseModel, functions: list[Callable[..., Any]]) -> Generator[None]:
    """Watch that the author's code does not change `data`; if it does, put it back and say so."""
    if not functions or _cannot_change(data):
        yield
        return
    if _is_shallow(data):
        fields = vars(data).copy()
        try:
            yield
        finally:
            changed = vars(data) != fields
            if changed:
                vars(data).clear()
                vars(data).update(fields)
        if changed:
            raise _changed(functions)
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
        raise _changed(functions)


def _changed(functions: list[Callable[..., Any]]) -> HandlerFailed:
    names = ", ".join(dict.fromkeys(getattr(f, "__name__", "?") for f in functions))
    what = "changed its input in place; return data.model_copy(update={...}) instead"
    return HandlerFailed(names, *place_of(functions[0]), what)


def _cannot_change(data: BaseModel) -> bool:
    return data.model_config.get("frozen", False) and _is_shallow(data)


def _is_shallow(data: BaseModel) -> bool:
    """Whether only its own fields can change: their values cannot."""
    plain = not data.__pydantic_private__ and not data.__pydantic_extra__
    return plain and all(isinstance(value, _FIXED) for value in vars(data).values())
