"""A value of the type that its place is declared with, where the classes are known."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from interlock.projections.setting_paths import Part
from interlock.store.errors import InterlockError, UnknownType
from interlock.store.event import Encoded
from interlock.store.values import Types, decode_whole, encode_whole
from interlock.store.values.annotation import hints_of
from interlock.store.values.atom import class_of
from interlock.store.values.refusal import is_model


def declared(types: Types | None, hint: Any, node: Any) -> Any:
    """What a value is declared as; None where nothing is known that JSON does not say.

    Args:
        types: the classes, None where no code is imported.
        hint: the annotation of its place, None for none.
        node: what is recorded there.
    """
    if hint is not None and hint not in (Any, object):
        return hint
    if types is None or class_of(node) is not dict or node.get("$") not in ("object", "enum"):
        return None
    try:
        return types.find(node["t"])
    except UnknownType:
        return None


def part_of(hint: Any, part: Part) -> Any:
    """The annotation of a part of something that is declared so; None where that says nothing."""
    hint = _bare(hint)
    origin, inside = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and origin is None:
        return _field(hint, str(part))
    if origin is tuple:
        if len(inside) == 2 and inside[1] is ...:
            return inside[0]
        return (
            inside[part] if isinstance(part, int) and -len(inside) <= part < len(inside) else None
        )
    if isinstance(origin, type) and inside:
        return inside[-1]  # of a list its items, of a mapping its values
    return None


def _bare(hint: Any) -> Any:
    """An annotation without its notes, and without `None`."""
    if get_origin(hint) is Annotated:
        return _bare(get_args(hint)[0])
    if get_origin(hint) in (Union, UnionType):
        others = [one for one in get_args(hint) if one is not NoneType]
        return _bare(others[0]) if len(others) == 1 else None
    return hint


def _field(cls: type, name: str) -> Any:
    if is_model(cls):
        fields: Mapping[str, Any] = getattr(cls, "model_fields", {})
        if name not in fields:
            return None
        field = fields[name]
        if not field.metadata:
            return field.annotation
        return Annotated[(field.annotation, *field.metadata)]
    return hints_of(cls).get(name)


def typed(types: Types, hint: Any, value: object) -> Encoded:
    """A value encoded in one piece, as its place is declared.

    Args:
        hint: the annotation.
        value: a Python value, or JSON.

    Raises:
        ValueError: it is of another type; says which one is wanted.
        LookupError: the annotation is none that values can be checked against.
    """
    try:
        adapter = TypeAdapter[Any](hint)
    except (PydanticUserError, TypeError, NameError) as error:
        raise LookupError(str(hint)) from error
    made = _checked(adapter, _member(hint, value))
    return encode_whole(types, made)


def fits(types: Types, hint: Any, made: Encoded) -> bool:
    """Whether a value that was encoded in one piece is as its place is declared."""
    try:
        TypeAdapter[Any](hint).validate_python(decode_whole(types, made), strict=True)
    except (ValidationError, InterlockError, KeyError, ValueError):
        return False
    return True


def _checked(adapter: TypeAdapter[Any], value: object) -> object:
    try:
        return adapter.validate_python(value, strict=True)
    except ValidationError:
        pass
    try:  # JSON has no decimals, instants, tuples: there they are numbers, text, lists
        return adapter.validate_json(_json.encode(value), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in first["loc"])
        raise ValueError(f"{where}: {first['msg']}" if where else first["msg"]) from None


_json = msgspec.json.Encoder(decimal_format="number")


def _member(hint: Any, value: object) -> object:
    """A member of an enum by its name, which is how people see it."""
    cls = _bare(hint)
    if not (isinstance(cls, type) and issubclass(cls, Enum) and class_of(value) is str):
        return value
    if value in cls.__members__:
        return cls.__members__[str(value)]
    if any(value == member.value for member in cls):
        return value
    message = f"a {cls.__name__} is one of {', '.join(cls.__members__)}"
    raise ValueError(message)
