"""Changing a recorded variable by its path, with a value of the same type."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, cast
from uuid import UUID

from interlock.projections.errors import NoSuchVariable, NotOfThatType
from interlock.store.event import Delta, Encoded
from interlock.store.forking import Change
from interlock.store.values import LONG, Image, Types, encode_whole
from interlock.store.values.atom import class_of

_JSON = (str, int, float, bool, type(None), list, dict)
_PART = re.compile(r"\[(-?\d+)\]|\.?([^.\[\]]+)")


def set_values(
    image: Image, roots: Mapping[str, Encoded], values: Mapping[str, object]
) -> tuple[Delta | None, list[Change]]:
    """What changes variables by their paths, such as `order.total` or `items[0].price`.

    Args:
        image: the objects.
        roots: what each variable holds.
        values: new values by path: Python values, or JSON for the recorded type (`"9.50"` for a
            decimal, `"PAID"` for an enum).

    Raises:
        NoSuchVariable: a path leads nowhere; with what there is.
        NotOfThatType: a value is of another type than the recorded one.
    """
    if not values:
        return None, []
    work = image.copy()
    known = dict(roots)
    delta = Delta(new={}, patch=[], set={}, unset=[], drop=[])
    changes: list[Change] = []
    for path, value in values.items():
        setter = _Setter(work, known, path)
        changes.append(setter.set(value, delta))
    return delta, changes


class _Setter:
    """One change."""

    def __init__(self, image: Image, roots: dict[str, Encoded], path: str) -> None:
        self._image = image
        self._roots = roots
        self._path = path

    def set(self, value: object, delta: Delta) -> Change:
        """Add the change to a delta, and make it in the image."""
        root, *parts = self._split()
        if root not in self._roots:
            message = f"there is no variable {root!r} to set; {_listed(self._roots)}"
            raise NoSuchVariable(message)
        number, key, old = 0, "", self._roots[root]
        for part in parts:
            number, key, old = self._into(old, part)
        defined: dict[int, Encoded] = {}
        new = self._fitting(old, value, defined)
        own = Delta(new=defined, patch=[[number, "set", key, new]] if parts else [])
        if not parts:
            own.set[root] = self._roots[root] = new
        before = self._image.plain(old)
        self._image.apply(own)
        delta.new.update(own.new)
        delta.patch.extend(own.patch)
        delta.set.update(own.set)
        return Change(self._path, before, self._image.plain(new))

    def _split(self) -> list[str | int]:
        path = self._path
        for root in sorted(self._roots, key=len, reverse=True):  # a helper's are `helper/name`
            rest = path.removeprefix(root)
            if rest != path and (not rest or rest[0] in ".["):
                return [root, *self._parts(rest)]
        return [*self._parts(path)] or [path]

    def _parts(self, text: str) -> list[str | int]:
        found: list[str | int] = []
        place = 0
        for match in _PART.finditer(text):
            if match.start() != place:
                break
            place = match.end()
            found.append(int(match[1]) if match[1] is not None else match[2])
        if place != len(text):
            message = f"{self._path!r} is no path; write it as order.total or items[0].price"
            raise NoSuchVariable(message)
        return found

    def _into(self, holder: Encoded, part: str | int) -> tuple[int, Any, Encoded]:
        """The object that holds a part, the part's key in it, and its value."""
        number = _number(holder)
        node: Any = holder if number is None else self._image.nodes[number]
        places = _places(node)
        if number is None or part not in places:
            there = ", ".join(str(place) for place in places) or "nothing"
            of = f"{_kind(node)} has {there}" if places else f"it is {_kind(node)}"
            message = f"{self._path!r} leads nowhere: no {part!r} there; {of}"
            raise NoSuchVariable(message)
        key, value = places[part]
        return number, key, value

    def _fitting(self, old: Encoded, value: object, defined: dict[int, Encoded]) -> Encoded:
        number = _number(old)
        node: Any = old if number is None else self._image.nodes[number]
        try:
            made = _atom_like(node, value)
        except (ValueError, TypeError) as error:
            message = (
                f"{self._path} is {_kind(node)}, now {_said(self._image.plain(old))}; it cannot "
                f"be set to {value!r}: {error}"
            )
            raise NotOfThatType(message) from None
        return self._placed(made, defined)

    def _placed(self, made: Any, defined: dict[int, Encoded]) -> Encoded:
        """Objects get numbers of their own, as all objects have."""
        tag = made.get("$") if class_of(made) is dict else None
        if class_of(made) is str and len(made) < LONG:
            return cast("Encoded", made)
        if class_of(made) is list:
            node: Any = [self._placed(item, defined) for item in made]
        elif class_of(made) is dict and tag is None:
            node = {name: self._placed(item, defined) for name, item in made.items()}
        elif class_of(made) is str:
            node = made
        else:
            return cast("Encoded", made)
        number = max(self._image.next, max(defined, default=0) + 1)
        defined[number] = node
        return {"$": number}


def _places(node: Any) -> dict[str | int, tuple[Any, Encoded]]:
    """What a path may lead to inside of an object: key and value."""
    if class_of(node) is list:
        return {i: (i, value) for i, value in enumerate(node)}
    if class_of(node) is not dict:
        return {}
    tag = node.get("$")
    if tag is None:
        return {name: (name, value) for name, value in node.items()}
    if tag == "object":
        return {name: (name, value) for name, value in node["v"].items()}
    if tag == "dict":
        plain = [(key, value) for key, value in node["v"] if isinstance(key, str | int)]
        return {key: (key, value) for key, value in plain}
    return {}


def _atom_like(old: Any, value: Any) -> Any:
    """A value as recorded, if it is of the type of the old one.

    Raises:
        ValueError, TypeError: it is not.
    """
    if isinstance(value, Enum):
        value = value.name
    if class_of(value) not in _JSON:
        value = encode_whole(Types(), value)  # a decimal, an instant and the like
        if _tag(value) != _tag(old):
            raise _that_is(value)
        return value
    if old is None or class_of(old) is list:
        if old is not None and class_of(value) is not list:
            raise ValueError("that is no list")
        return _plain_json(value)
    if class_of(old) is dict and "$" not in old:
        if class_of(value) is not dict:
            raise ValueError("that is no object of JSON")
        return _plain_json(value)
    if class_of(old) is dict:
        return _tagged_like(old, value)
    return _scalar_like(old, value)


def _that_is(value: object, more: str = "") -> ValueError:
    return ValueError(f"that is {_kind(value)}{more}")


def _scalar_like(old: Any, value: Any) -> Any:
    if type(old) is float and type(value) is int:
        return float(value)
    if type(value) is not type(old):
        raise _that_is(value)
    return value


def _tagged_like(old: dict[str, Any], value: Any) -> Any:
    tag = old["$"]
    if tag == "enum":
        if not isinstance(value, str):
            raise ValueError("name a member")
        return {**old, "v": value}
    read = _READ.get(tag)
    if read is None:
        raise ValueError("name a part of it" if _places(old) else "that cannot be set")
    if not isinstance(value, str) and not (tag in ("decimal", "int") and _is_number(value)):
        raise _that_is(value, "; write it as text")
    try:
        return encode_whole(Types(), read(str(value)))
    except (ValueError, ArithmeticError):
        message = f"that is no {tag}"
        raise ValueError(message) from None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _aware(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _period(text: str) -> timedelta:
    from pydantic import TypeAdapter

    return TypeAdapter(timedelta).validate_python(text)


_READ: dict[str, Any] = {
    "decimal": Decimal, "int": int, "date": date.fromisoformat, "time": time.fromisoformat,
    "datetime": _aware, "timedelta": _period, "uuid": UUID,
}  # fmt: skip


def _plain_json(value: Any) -> Any:
    json.dumps(value, allow_nan=False)
    if class_of(value) is dict and any(str(name).startswith("$") for name in value):
        raise ValueError("a key may not begin with $")
    return value


def _number(value: Any) -> int | None:
    """The object that a value refers to."""
    number = value.get("$") if class_of(value) is dict else None
    return number if type(number) is int else None


def _tag(value: Any) -> Any:
    return value.get("$") if class_of(value) is dict else class_of(value)


_NAMES: dict[type, str] = {
    bool: "true or false", int: "a whole number", float: "a number", str: "text",
    type(None): "null", list: "a list",
}  # fmt: skip


def _kind(node: Any) -> str:
    """What a recorded value is, for people."""
    if class_of(node) is not dict:
        return _NAMES.get(class_of(node), class_of(node).__name__)
    tag = node.get("$", "dict")
    if tag in ("object", "enum", "error"):
        name = str(node["t"]).rpartition(".")[2]
        return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
    return {"int": "a whole number", "dict": "a dict"}.get(tag, f"a {tag}")


def _listed(roots: Mapping[str, Encoded]) -> str:
    return f"there are: {', '.join(sorted(roots))}" if roots else "there are none"


def _said(plain: object) -> str:
    text = json.dumps(plain, ensure_ascii=False)
    return text if len(text) < 60 else f"{text[:57]}…"
