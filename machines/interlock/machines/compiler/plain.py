"""Classes whose construction runs none of the author's code: it keeps what it is given, no more."""

from __future__ import annotations

import dataclasses
from abc import ABCMeta
from collections.abc import Iterator
from enum import Enum, EnumType
from functools import cache
from itertools import islice
from types import FunctionType, MemberDescriptorType
from typing import Any, cast

from interlock.store.values.refusal import is_model

_LARGEST = 20_000  # parts of a pydantic schema that are looked at


@cache
def is_plain(cls: Any) -> bool:
    """Whether making an object of this class changes nothing that exists.

    That holds for enums, and for dataclasses, named tuples, exceptions and pydantic models without
    code of their own in the way: `__init__`, `__new__`, `__post_init__`, `__setattr__`, validators.
    """
    if isinstance(cls, EnumType):
        return _origin(cls, "_missing_") is Enum
    if BaseException in cls.__mro__:
        return type(cls) is type and not _own(cls, "__init__") and not _own(cls, "__new__")
    if is_model(cls):
        return _is_plain_model(cls)
    if type(cls) not in (type, ABCMeta):
        return False
    if tuple in cls.__mro__:
        made = getattr(cls, "_make", None) is not None and hasattr(cls, "_fields")
        return made and _is_generated(cls, "__new__") and not _own(cls, "__init__")
    return dataclasses.is_dataclass(cls) and _is_plain_dataclass(cls)


def _origin(cls: type, name: str) -> type:
    return next(base for base in cls.__mro__ if name in vars(base))


def _own(cls: type, name: str) -> bool:
    """Whether a method is written in Python."""
    return isinstance(getattr(vars(_origin(cls, name))[name], "__func__", None), FunctionType) or (
        isinstance(vars(_origin(cls, name))[name], FunctionType)
    )


def _is_generated(cls: type, name: str) -> bool:
    """Whether a method was made from text by the standard library."""
    found = vars(_origin(cls, name))[name]
    found = getattr(found, "__func__", found)
    return isinstance(found, FunctionType) and found.__code__.co_filename.startswith("<string>")


def _is_plain_dataclass(cls: Any) -> bool:
    if _own(cls, "__new__") or hasattr(cls, "__post_init__"):
        return False
    if not _is_generated(cls, "__init__"):
        return False
    if not (cls.__setattr__ is object.__setattr__ or _is_generated(cls, "__setattr__")):
        return False
    fields: dict[str, Any] = cls.__dataclass_fields__
    return not any(_sets(cls, name) for name in fields)


def _sets(cls: type, name: str) -> bool:
    """Whether assigning an attribute runs code."""
    for base in cls.__mro__:
        if name in vars(base):
            held: Any = vars(base)[name]
            return hasattr(held, "__set__") and not isinstance(held, MemberDescriptorType)
    return False


def _is_plain_model(cls: Any) -> bool:
    for name in ("__init__", "__new__", "__setattr__", "model_post_init"):
        found = getattr(cls, name)
        if not (getattr(found, "__module__", None) or "pydantic").startswith("pydantic"):
            return False
    schema = cls.__dict__.get("__pydantic_core_schema__")
    if not isinstance(schema, dict) or not type(cls).__module__.startswith("pydantic"):
        return False
    found = list(islice(_parts(cast("Any", schema)), _LARGEST))
    return len(found) < _LARGEST and not any(map(_runs_code, found))


def _parts(schema: Any) -> Iterator[dict[Any, Any]]:
    """Every dict in a schema."""
    todo: list[Any] = [schema]
    while todo:
        part = todo.pop()
        if isinstance(part, dict):
            held: dict[Any, Any] = part  # pyright: ignore[reportUnknownVariableType]  # of anything
            yield held
            todo.extend(v for k, v in held.items() if k not in ("metadata", "serialization"))
        elif isinstance(part, (list, tuple)):
            todo.extend(part)  # pyright: ignore[reportUnknownArgumentType]  # of anything


def _runs_code(part: dict[Any, Any]) -> bool:
    kind = part.get("type")
    if kind == "model" and part.get("cls") is not None:
        cls: Any = part["cls"]
        post = getattr(cls, "model_post_init", None)
        own = not (getattr(post, "__module__", None) or "pydantic").startswith("pydantic")
        return own or bool(part.get("custom_init"))
    if kind == "dataclass":
        return bool(part.get("post_init")) or not is_plain(part["cls"])
    if kind == "call" or callable(part.get("discriminator")):
        return True
    if part.get("default_factory_takes_data"):
        return True
    if isinstance(kind, str) and kind.startswith("function-"):
        function: Any = part.get("function")
        called = function.get("function") if isinstance(function, dict) else function  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # of anything
        module = getattr(called, "__module__", None) or ""  # pyright: ignore[reportUnknownArgumentType]  # of anything
        return not module.startswith(("pydantic.", "pydantic_core", "_decimal"))
    return False
