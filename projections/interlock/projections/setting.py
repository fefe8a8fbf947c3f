"""Changing a recorded variable by its path, with a value of the same type."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any
from uuid import UUID

from interlock.projections.errors import NoSuchVariable, NotOfThatType
from interlock.store.event import Delta, Encoded
from interlock.store.forking import Change
from interlock.store.values import LONG, Image, Types, encode_whole

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
            raise NoSuchVariable(f"there is no variable {root!r} to set; {_listed(self._roots)}")
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
        node: Any = holder
        number = 0
        if isinstance(holder, dict) and type(holder.get("$")) is int:
            number = int(holder["$"])  # type: ignore[arg-type]  # asked for just before
            node = self._image.nodes[number]
        places = _places(node)
        if number == 0 or part not in places:
            there = ", ".join(str(place) for place in places) or "nothing"
            of = f"{_kind(node)} has {there}" if places else f"it is {_kind(node)}"
            raise NoSuchVariable(f"{self._path!r} leads nowhere: no {part!r} there; {of}")
        key, value = places[part]
        return number, key, value

    def _fitting(self, old: Encoded, value: object, defined: dict[int, Encoded]) -> Encoded:
        node: Any = old
        if isinstance(old, dict) and type(old.get("$")) is int:
            node = self._image.nodes[int(old["$"])]  # type: ignore[arg-type]  # asked for just before
        try:
            made = _atom_like(node, value)
        except (ValueError, InvalidOperation, TypeError) as error:
            message = (
                f"{self._path} is {_kind(node)}, now {_said(self._image.plain(old))}; it cannot "
                f"be set to {value!r}: {error}"
            )
            raise NotOfThatType(message) from None
        return self._placed(made, defined)

    def _placed(self, made: Any, defined: dict[int, Encoded]) -> Encoded:
        """Objects get numbers of their own, as all objects have."""
        tag = made.get("$") if isinstance(made, dict) else None
        if isinstance(made, str) and len(made) < LONG:
            return made
        if isinstance(made, list):
            node: Any = [self._placed(item, defined) for item in made]
        elif isinstance(made, dict) and tag is None:
            node = {name: self._placed(item, defined) for name, item in made.items()}
        elif isinstance(made, str):
            node = made
        else:
            return made
        number = max(self._image.next, max(defined, default=0) + 1)
        defined[number] = node
        return {"$": number}


def _places(node: Any) -> dict[str | int, tuple[Any, Encoded]]:
    """What a path may lead to inside of an object: key and value."""
    if isinstance(node, list):
        return {i: (i, value) for i, value in enumerate(node)}
    if not isinstance(node, dict):
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


def _atom_like(old: Any, value: object) -> Any:
    """A value as recorded, if it is of the type of the old one.

    Raises:
        ValueError, TypeError, InvalidOperation: it is not.
    """
    if isinstance(value, Enum):
        value = value.name
    if not isinstance(value, str | int | float | list | dict | bool | None):
        value = encode_whole(Types(), value)  # a decimal, an instant and the like
        if _tag(value) != _tag(old):
            raise ValueError(f"that is {_kind(value)}")
        return value
    if old is None or isinstance(old, list):
        if old is not None and not isinstance(value, list):
            raise ValueError("that is no list")
        return _plain_json(value)
    if isinstance(old, dict) and "$" not in old:
        if not isinstance(value, dict):
            raise ValueError("that is no object of JSON")
        return _plain_json(value)
    if isinstance(old, dict):
        return _tagged_like(old, value)
    return _scalar_like(old, value)


def _scalar_like(old: Any, value: object) -> Any:
    if type(old) is float and type(value) is int:
        return float(value)
    if type(value) is not type(old):
        raise ValueError(f"that is {_kind(value)}")
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
        raise ValueError(f"that is {_kind(value)}; write it as text")
    return encode_whole(Types(), read(str(value)))


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
    if isinstance(value, dict) and any(str(name).startswith("$") for name in value):
        raise ValueError("a key may not begin with $")
    return value


def _tag(value: Any) -> Any:
    return value.get("$") if isinstance(value, dict) else type(value)


_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "text",
          type(None): "null", list: "a list"}  # fmt: skip


def _kind(node: Any) -> str:
    """What a recorded value is, for people."""
    if not isinstance(node, dict):
        return _NAMES.get(type(node), type(node).__name__)
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
