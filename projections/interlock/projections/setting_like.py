"""A value of the same type as a recorded one: what it looks like is all that is known of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, cast
from uuid import UUID

import msgspec

from interlock.projections.setting_paths import node_at
from interlock.store.event import Encoded
from interlock.store.values import Image, Types, encode_whole
from interlock.store.values.atom import class_of

JSONS = (str, int, float, bool, type(None), list, dict)
"""Classes of JSON."""

UNKNOWN = "what it may be is known to its code alone; import its module (--app MODULE)"
"""Said where a recorded value tells nothing of its type."""


def like(image: Image, old: Encoded, value: Any) -> Encoded:
    """A value encoded in one piece as the old one is.

    Args:
        image: the objects that `old` refers to.
        old: what is recorded; null where nothing is known of the type.
        value: a Python value, or JSON.

    Raises:
        ValueError, TypeError: it is of another type.
    """
    node = node_at(image, old)
    if isinstance(value, Enum):
        value = value.name
    if class_of(value) is tuple and _tag(node) == "tuple":
        value = list(value)
    if class_of(value) not in JSONS:
        return _atom_like(node, value)
    if node is None:
        return plain_json(value)
    if class_of(node) is list:
        return _items(image, node, value, node)
    if class_of(node) is not dict:
        return _scalar_like(node, value)
    tag = node.get("$")
    if tag in (None, "object"):
        return _named(image, node, value)
    if tag == "dict":
        return _pairs(image, node, value)
    if tag in ("tuple", "deque", "set", "frozenset"):
        return _tagged_items(image, node, value)
    return _tagged_like(node, value)


def _atom_like(node: Any, value: Any) -> Encoded:
    """A decimal, an instant and the like."""
    if type(value) is Decimal and type(node) is float:
        return float(value)
    encoded = encode_whole(Types(), value)
    if _tag(encoded) != _tag(node):
        raise that_is(encoded)
    return encoded


def _scalar_like(old: Any, value: Any) -> Encoded:
    if type(old) is float and type(value) is int:
        return float(value)
    if type(value) is not type(old):
        raise that_is(value)
    return cast("Encoded", value)


def _items(image: Image, olds: Sequence[Encoded], value: Any, node: Any) -> list[Encoded]:
    """The items of a list: each like those that are there, where these are of one kind."""
    if class_of(value) is not list:
        message = f"that is not {kind(node)}"
        raise ValueError(message)
    template = _of_one_kind(image, olds)
    return [_inside(f"[{i}]", image, template, item) for i, item in enumerate(value)]


def _tagged_items(image: Image, node: dict[str, Any], value: Any) -> Encoded:
    olds: list[Encoded] = node["v"]
    tag = node["$"]
    if tag == "tuple" and class_of(value) is list and _of_one_kind(image, olds) is None:
        if len(value) != len(olds):
            message = f"it has {len(olds)} items, and that has {len(value)}"
            raise ValueError(message)
        made = [_inside(f"[{i}]", image, old, item)
                for i, (old, item) in enumerate(zip(olds, value, strict=True))]  # fmt: skip
    else:
        made = _items(image, olds, value, node)
    if tag in ("set", "frozenset"):
        made = [msgspec.json.decode(text) for text in sorted(set(map(msgspec.json.encode, made)))]
    return {**node, "v": made}


def _named(image: Image, node: dict[str, Any], value: Any) -> Encoded:
    """A dict of JSON, or an object: each field like its own."""
    if class_of(value) is not dict:
        raise that_is(value)
    if node.get("$") is None:
        plain_json(value)
        template = _of_one_kind(image, node.values())
        return {
            name: _inside(f".{name}", image, _own(image, node.get(name), template), item)
            for name, item in value.items()
        }
    fields: dict[str, Encoded] = node["v"]
    for name in [*value, *fields]:
        if name not in fields:
            message = f"{kind(node)} has {', '.join(fields)}, and no {name!r}"
            raise ValueError(message)
        if name not in value:
            message = f"it lacks {name!r}"
            raise ValueError(message)
        if fields[name] is None and value[name] is not None:
            message = f".{name}: {UNKNOWN}"
            raise ValueError(message)
    made = {name: _inside(f".{name}", image, fields[name], value[name]) for name in fields}
    return {**{k: v for k, v in node.items() if k != "set"}, "v": made}


def _pairs(image: Image, node: dict[str, Any], value: Any) -> Encoded:
    """A dict whose keys are no text: each key like those that are there."""
    if class_of(value) is not dict:
        raise that_is(value)
    pairs: list[list[Encoded]] = node["v"]
    keys, values = ([pair[i] for pair in pairs] for i in (0, 1))
    template, first = _of_one_kind(image, values), keys[0] if keys else None
    known = {str(image.plain(key)): (key, old) for key, old in pairs}
    made: list[Encoded] = []
    for name, item in value.items():
        key, old = known.get(str(name), (None, None))
        if key is None:
            key = _inside(" key", image, first, _as_key(node_at(image, first), name))
        made.append([key, _inside(f"[{name}]", image, _own(image, old, template), item)])
    return {**node, "v": made}


def _as_key(old: Any, name: Any) -> Any:
    """The key of an object of JSON is text, whatever it stands for."""
    return int(name) if type(old) is int and str(name).lstrip("-").isdigit() else name


def _own(image: Image, old: Encoded, template: Encoded) -> Encoded:
    """What the value of a key is like: its own old one, if that says more than JSON does."""
    return old if class_of(node_at(image, old)) is dict else template


def _inside(where: str, image: Image, old: Encoded, value: Any) -> Encoded:
    try:
        return like(image, old, value)
    except (ValueError, TypeError) as error:
        message = f"{where}: {error}"
        raise ValueError(message) from None


def _of_one_kind(image: Image, olds: Iterable[Encoded]) -> Encoded:
    """One of several values that are all of one type; null where they are not."""
    found = [(old, node_at(image, old)) for old in olds]
    kinds = {(str(_tag(node)), str(_name(node))) for _, node in found}
    return found[0][0] if len(kinds) == 1 else None


def _name(node: Any) -> Any:
    return node.get("t") if class_of(node) is dict and "$" in node else None


_UNSETTABLE = {
    "personal": "it is encrypted with its subject's key; set the whole object that holds it, with "
    "its subject, and import its module (--app MODULE)",
    "error": "it is an exception that was raised, and stays what it was",
}
"""Why a recorded value is not one that a person can write."""


def _tagged_like(old: dict[str, Any], value: Any) -> Encoded:
    tag = old["$"]
    if tag == "enum":
        if not isinstance(value, str):
            raise ValueError("name a member")
        return {**old, "v": value}
    read = _READ.get(tag)
    if read is None:
        raise ValueError(_UNSETTABLE.get(str(tag), f"{kind(old)} cannot be set"))
    if not isinstance(value, str) and not (tag in _NUMBERS and _is_number(value)):
        raise that_is(value, "" if value is None else "; write it as text")
    try:
        return encode_whole(Types(), read(str(value)))
    except (ValueError, ArithmeticError):
        message = f"that is no {tag}"
        raise ValueError(message) from None


_NUMBERS = ("decimal", "int", "float")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _period(text: str) -> timedelta:
    from pydantic import TypeAdapter

    return TypeAdapter(timedelta).validate_python(text)


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


_READ: dict[str, Callable[[str], object]] = {
    "decimal": Decimal, "int": int, "float": float, "text": str, "date": date.fromisoformat,
    "time": time.fromisoformat, "datetime": datetime.fromisoformat, "timedelta": _period,
    "uuid": UUID, "bytes": _bytes,
}  # fmt: skip


def plain_json(value: Any) -> Encoded:
    """JSON as it stands.

    Raises:
        ValueError, TypeError: it is none, or cannot be told from what is recorded.
    """
    json.dumps(value, allow_nan=False)
    if class_of(value) is list:
        return [plain_json(item) for item in value]
    if class_of(value) is dict:
        if any(str(name).startswith("$") for name in value):
            raise ValueError("a key may not begin with $")
        return {name: plain_json(item) for name, item in value.items()}
    return cast("Encoded", value)


def that_is(value: object, more: str = "") -> ValueError:
    """The error for a value of another type."""
    return ValueError(f"that is {kind(value)}{more}")


def _tag(value: Any) -> Any:
    return value.get("$") if class_of(value) is dict else class_of(value)


_NAMES: dict[type, str] = {
    bool: "true or false", int: "a whole number", float: "a number", str: "text",
    type(None): "null", list: "a list",
}  # fmt: skip


def kind(node: Any) -> str:
    """What a recorded value is, for people."""
    if class_of(node) is not dict:
        return _NAMES.get(class_of(node), class_of(node).__name__)
    tag = node.get("$", "dict")
    if tag in ("object", "enum", "error"):
        name = str(node["t"]).rpartition(".")[2]
        return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
    return {"int": "a whole number", "dict": "a dict", "float": "a number", "text": "text",
            "bytes": "bytes", "personal": "a personal value"}.get(tag, f"a {tag}")  # fmt: skip
