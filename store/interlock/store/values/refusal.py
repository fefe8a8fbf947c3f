"""Refusing a value: what it is, where it was found, and what to write instead."""

from __future__ import annotations

import dataclasses
import inspect
import io
import types as python
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Coroutine, Iterator
from enum import Enum
from typing import Any

from interlock.store.errors import Unrecordable

STEP = "keep it inside a step, or pass its id"

_ADVICE: list[tuple[Callable[[Any], bool], str]] = [
    (lambda v: isinstance(v, type), "record its name, and look the class up where it is needed"),
    (inspect.ismodule, "import it where it is used"),
    (lambda v: isinstance(v, Coroutine), "await it before the next await"),
    (inspect.isawaitable, "await it before the next await"),
    (callable, "name the function where it is called: a function is not a value here"),
    (lambda v: isinstance(v, io.IOBase), "open and close it inside one step"),
    (inspect.isgenerator, "make a list of it first"),
    (lambda v: isinstance(v, Iterator), "make a list of it first"),
    (lambda v: isinstance(v, complex), "record its two parts as floats"),
    (lambda v: isinstance(v, OrderedDict), "use a dict, which keeps its order too"),
    (lambda v: isinstance(v, defaultdict), "use a dict with setdefault, or dict(...) of it"),
    (lambda v: isinstance(v, python.MappingProxyType), "use dict(...) of it"),
    (lambda v: isinstance(v, memoryview), "use bytes(...) of it"),
]
_PLAIN = (dict, list, tuple, set, frozenset, str, bytes, bytearray, int, float, deque)


class Refused(Exception):
    """An object that cannot be recorded was met; its path is not known yet."""

    def __init__(self, value: object, reason: str) -> None:
        super().__init__(reason)
        self.value = value
        self.reason = reason


def refuse(value: object) -> Refused:
    """The refusal of a value of which no kind is known."""
    cls: type[Any] = type(value)
    what = f"it is a {cls.__module__}.{cls.__qualname__}"
    if isinstance(value, Enum) or dataclasses.is_dataclass(cls) or is_model(cls):
        return Refused(value, f"{what}, a class that is not registered; {_register(cls)}")
    if isinstance(value, BaseException):
        return Refused(value, f"{what}, an exception that is not registered; {_register(cls)}")
    for applies, advice in _ADVICE:
        if applies(value):
            return Refused(value, f"{what}; {advice}")
    for plain in _PLAIN:
        if plain in cls.__mro__:
            return Refused(value, f"{what}; {_subclass(cls, plain)}")
    if hasattr(cls, "__iter__"):
        return Refused(value, f"{what}; make a list of it, or {STEP}")
    return Refused(value, f"{what}; {STEP}, or make it a dataclass")


def is_model(cls: type) -> bool:
    """Whether the class is a pydantic model, found without importing pydantic."""
    slot = getattr(cls, "__pydantic_fields_set__", None)
    return isinstance(slot, python.MemberDescriptorType)


def unrecordable(refused: Refused, path: str) -> Unrecordable:
    """The public error for a refusal at `path`."""
    where = path or "the value"
    return Unrecordable(f"{where} cannot be recorded: {refused.reason}", path)


def _register(cls: type) -> str:
    name = cls.__qualname__
    return f"name {name} in an annotation of the workflow or its steps, or register it"


def _subclass(cls: type, plain: type) -> str:
    if hasattr(cls, "_fields"):
        return _register(cls)
    return f"use a plain {plain.__name__}, or a dataclass that holds one"
