"""Which classes an annotation names: through generics, unions, fields and forward references."""

from __future__ import annotations

import dataclasses
import sys
import typing
from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Any, ForwardRef, Literal, TypeVar, get_args, get_origin

from interlock.store.values.refusal import is_model


def classes(*annotations: Any) -> Iterator[type]:
    """Every recordable class that the annotations lead to, each once."""
    waiting = list(annotations)
    seen: set[int] = set()
    keep: list[Any] = []  # ids stay valid while the objects are alive
    while waiting:
        annotation = waiting.pop()
        if id(annotation) in seen:
            continue
        seen.add(id(annotation))
        keep.append(annotation)
        if isinstance(annotation, type) and is_recordable(annotation):
            yield annotation
        waiting.extend(_inside(annotation))


def is_recordable(cls: type) -> bool:
    """Whether it is of a kind that can be registered: an enum, exception, model, dataclass …"""
    mro = cls.__mro__
    if tuple in mro:
        return hasattr(cls, "_fields")
    return Enum in mro or BaseException in mro or is_model(cls) or dataclasses.is_dataclass(cls)


def field_types(cls: type) -> list[Any]:
    """The annotations of a class's fields, resolved as far as they can be."""
    hints = hints_of(cls)
    if is_model(cls):
        fields: dict[str, Any] = getattr(cls, "model_fields", {})
        hints |= {name: field.annotation for name, field in fields.items()}
        generic = getattr(cls, "__pydantic_generic_metadata__", {"args": (), "origin": None})
        return [*hints.values(), *generic["args"], generic["origin"]]
    return list(hints.values())


def _inside(annotation: Any) -> list[Any]:
    """What an annotation is made of."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return [get_args(annotation)[0]]
    if origin is Literal:
        return [type(value) for value in get_args(annotation)]
    if origin is not None:
        return [origin, *_flat(get_args(annotation))]
    if isinstance(annotation, TypeVar):
        return [annotation.__bound__, *annotation.__constraints__]
    if isinstance(annotation, typing.NewType):
        return [annotation.__supertype__]
    if isinstance(annotation, type):
        return field_types(annotation) if _has_fields(annotation) else []
    value = getattr(annotation, "__value__", None)  # an alias made by the `type` statement
    return [] if value is None else [value]


def _flat(arguments: tuple[Any, ...]) -> Iterator[Any]:
    for argument in arguments:
        if isinstance(argument, list):  # the parameters of a Callable
            yield from argument
        else:
            yield argument


def _has_fields(cls: type) -> bool:
    return typing.is_typeddict(cls) or (is_recordable(cls) and not issubclass(cls, Enum))


def hints_of(cls: type) -> dict[str, Any]:
    """The annotations of a class's attributes, resolved as far as they can be."""
    try:
        return typing.get_type_hints(cls, include_extras=True)
    except Exception:
        return _hints_one_by_one(cls)


def _hints_one_by_one(cls: type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        module = vars(sys.modules.get(base.__module__, typing))
        for name, annotation in vars(base).get("__annotations__", {}).items():
            alone = type("alone", (), {"__annotations__": {name: annotation}})
            try:
                found |= typing.get_type_hints(alone, dict(module), dict(vars(base)), True)
            except Exception:
                continue
    return {name: hint for name, hint in found.items() if not isinstance(hint, str | ForwardRef)}
