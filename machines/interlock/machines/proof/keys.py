"""A model's data as something that can be compared and looked up: equal for equal data."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from operator import attrgetter
from typing import Any, TypeAlias, cast
from uuid import UUID

from pydantic import BaseModel

Key: TypeAlias = Hashable

_PLAIN = frozenset({int, str, bool, bytes, type(None), timedelta, date, time, UUID})


def key_of(model: type[BaseModel]) -> Callable[[Any], Key]:
    """How the data of a model are looked up, as quickly as its fields allow.

    The types of the values count as the values do: `1` and `True` are two.
    """
    names = tuple(model.model_fields)
    extra = model.model_config.get("extra") == "allow"
    if extra or model.__private_attributes__ or not names:
        return lambda data: data.model_dump_json()
    if len(names) == 1:
        return _of_one(names[0])
    values_of = attrgetter(*names)
    kinds: dict[tuple[type, ...], int] = {}
    plain: dict[int, bool] = {}

    def key(data: Any) -> Key:
        values = values_of(data)
        types = tuple(map(type, values))
        kind = kinds.get(types)
        if kind is None:
            kind = kinds[types] = len(kinds)
            plain[kind] = all(one in _PLAIN or issubclass(one, Enum) for one in types)
        if plain[kind]:
            return kind, values
        return kind, tuple([frozen(value) for value in values])

    return key


def _of_one(name: str) -> Callable[[Any], Key]:
    get = attrgetter(name)
    return lambda data: frozen(get(data))


def frozen(value: Any) -> Key:
    """A value as something that never changes."""
    kind = cast("type[Any]", cast("object", type(value)))
    if kind is int or kind is str:
        return cast("Key", value)
    if kind in _PLAIN or isinstance(value, Enum):
        return kind, value
    if isinstance(value, BaseModel):
        if type(value).model_config.get("extra") == "allow":
            return kind, value.model_dump_json()
        return kind, tuple([frozen(getattr(value, name)) for name in type(value).model_fields])
    if isinstance(value, list | tuple):
        return kind, tuple([frozen(one) for one in cast("list[Any]", value)])
    if isinstance(value, dict):
        known = cast("dict[Any, Any]", cast("object", value))
        return kind, tuple([(frozen(name), frozen(one)) for name, one in known.items()])
    if isinstance(value, set | frozenset):
        return kind, frozenset([frozen(one) for one in cast("set[Any]", value)])
    if isinstance(value, datetime):
        return kind, value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return kind, tuple([frozen(getattr(value, field.name)) for field in fields(value)])
    return kind, repr(value)
