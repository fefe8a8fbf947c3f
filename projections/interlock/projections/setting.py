"""Changing a recorded variable by its path, with a value of the same type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from interlock.projections.errors import NoSuchVariable, NotOfThatType
from interlock.projections.setting_like import JSONS, UNKNOWN, kind, like
from interlock.projections.setting_paths import (
    SEQUENCES,
    Part,
    Place,
    found,
    node_at,
    number_of,
    places,
    split,
)
from interlock.projections.setting_typed import declared, fits, part_of, typed
from interlock.store.event import Delta, Encoded
from interlock.store.forking import Change
from interlock.store.values import LONG, Image, Types
from interlock.store.values.atom import class_of


def set_values(
    image: Image,
    roots: Mapping[str, Encoded],
    values: Mapping[str, object],
    types: Types | None = None,
) -> tuple[Delta | None, list[Change]]:
    """What changes variables by their paths, such as `order.total` or `items[0].price`.

    Args:
        image: the objects.
        roots: what each variable holds.
        values: new values by path: Python values, or JSON for the recorded type (`"9.50"` for a
            decimal, `"PAID"` for an enum, an object for a dataclass).
        types: the classes, None where no code is imported: then a value has to look like the
            one that is there.

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
        setter = _Setter(work, known, path, types)
        changes.append(setter.set(value, delta))
    return delta, changes


class _Setter:
    """One change."""

    def __init__(
        self, image: Image, roots: dict[str, Encoded], path: str, types: Types | None
    ) -> None:
        self._image = image
        self._roots = roots
        self._path = path
        self._types = types

    def set(self, value: object, delta: Delta) -> Change:
        """Add the change to a delta, and make it in the image."""
        root, parts = split(self._path, self._roots)
        if root not in self._roots:
            message = f"there is no variable {root!r} to set; {_listed(self._roots)}"
            raise NoSuchVariable(message)
        number, place, old = 0, Place("", "", None), self._roots[root]
        hint = declared(self._types, None, node_at(self._image, old))
        for part in parts:
            number, place = self._into(old, part)
            old = place.value
            hint = declared(self._types, part_of(hint, part), node_at(self._image, old))
        defined: dict[int, Encoded] = {}
        new = self._placed(self._fitting(place, old, hint, value), defined)
        patches = [self._patch(number, place, new)] if parts else []
        own = Delta(new=defined, patch=patches)
        if not parts:
            own.set[root] = self._roots[root] = new
        before = self._image.plain(old)
        self._image.apply(own)
        delta.new.update(own.new)
        delta.patch.extend(own.patch)
        delta.set.update(own.set)
        return Change(self._path, before, self._image.plain(new))

    def _into(self, holder: Encoded, part: Part) -> tuple[int, Place]:
        """The object that holds a part, and where in it."""
        number = number_of(holder)
        node = node_at(self._image, holder)
        known = places(self._image, node)
        place = found(known, part, in_order=_in_order(node))
        if number is None or place is None:
            raise NoSuchVariable(self._nowhere(node, [*map(str, known)], part))
        return number, place

    def _nowhere(self, node: Any, there: list[str], part: Part) -> str:
        what = kind(node)
        if _in_order(node):
            of = f"{what} of {len(there)} item{'' if len(there) == 1 else 's'}, counted from 0"
            return f"{self._path!r} leads nowhere: no [{part}] there; it is {of}"
        if class_of(node) is dict and node.get("$") in ("set", "frozenset"):
            return (
                f"{self._path!r} leads nowhere: {what} has no order; set it as a whole, as a list"
            )
        if node is None:
            return f"{self._path!r} leads nowhere: there is nothing (null) to have {part!r}"
        names = ", ".join(there[:_NAMED]) + (" …" if len(there) > _NAMED else "") or "nothing"
        of = f"{what} has {names}" if there else f"it is {what}"
        return f"{self._path!r} leads nowhere: no {part!r} there; {of}"

    def _patch(self, number: int, place: Place, new: Encoded) -> list[Any]:
        """What puts a value in its place."""
        node: Any = self._image.nodes[number]
        if class_of(node) is dict and node.get("$") in SEQUENCES:
            items = [*node["v"]]
            items[place.key] = new
            return [number, "is", {**node, "v": items}]
        if place.within in ("extra", "private"):
            return [number, "is", {**node, place.within: {**node[place.within], place.key: new}}]
        if place.within and place.key not in node.get("set", [place.key]):
            own = {"v": {**node["v"], place.key: new}, "set": sorted([*node["set"], place.key])}
            return [number, "is", {**node, **own}]
        return [number, "set", place.key, new]

    def _fitting(self, place: Place, old: Encoded, hint: Any, value: object) -> Encoded:
        """The value encoded in one piece, if it is of the type of the old one."""
        node = node_at(self._image, old)
        try:
            if self._types is None and _is_open(node, place) and value is not None:
                raise ValueError(UNKNOWN)
            if hint is None or self._types is None or not _can_be_made(node):
                return like(self._image, old, value)
            return self._as_declared(self._types, hint, old, value)
        except (ValueError, TypeError) as error:
            now = "" if node is None else f", now {_said(self._image.plain(old))}"
            message = (
                f"{self._path} is {kind(node)}{now}; it cannot be set to {_text(value)}: {error}"
            )
            raise NotOfThatType(message) from None

    def _as_declared(self, types: Types, hint: Any, old: Encoded, value: object) -> Encoded:
        try:
            return typed(types, hint, value)
        except LookupError:
            return like(self._image, old, value)
        except ValueError as error:
            wanted = str(error)
        made = like(self._image, old, value)  # says it better, where it refuses as well
        if fits(types, hint, made):  # such as members of enums by their names
            return made
        raise ValueError(wanted)

    def _placed(self, made: Encoded, defined: dict[int, Encoded]) -> Encoded:
        """Objects get numbers of their own, as all objects have."""
        node: Any = made
        if class_of(node) is str:
            return made if len(node) < LONG else self._numbered(node, defined)
        if class_of(node) is list:
            return self._numbered([self._placed(item, defined) for item in node], defined)
        if class_of(node) is not dict:
            return made
        tag = node.get("$")
        if tag is None:
            named = {name: self._placed(item, defined) for name, item in node.items()}
            return self._numbered(named, defined)
        if tag not in _NUMBERED:
            return made
        if tag == "dict":
            pairs: list[Encoded] = [
                [self._placed(part, defined) for part in pair] for pair in node["v"]
            ]
            return self._numbered({**node, "v": pairs}, defined)
        parts = {
            part: self._inside(node[part], defined)
            for part in ("v", "extra", "private")
            if class_of(node.get(part)) in (list, dict)
        }
        return self._numbered({**node, **parts}, defined)

    def _inside(self, held: Any, defined: dict[int, Encoded]) -> Encoded:
        """What an object holds: its fields or items."""
        if class_of(held) is dict:
            return {name: self._placed(item, defined) for name, item in held.items()}
        return [self._placed(item, defined) for item in held]

    def _numbered(self, node: Encoded, defined: dict[int, Encoded]) -> Encoded:
        number = max(self._image.next, max(defined, default=0) + 1)
        defined[number] = node
        return cast("Encoded", {"$": number})


_NUMBERED = frozenset(
    ["object", "tuple", "set", "frozenset", "deque", "dict", "range", "bytearray"]
)
"""Tags of objects; what has another one stands in its place."""

_NAMED = 20
"""Names that an error lists, at most."""


def _in_order(node: Any) -> bool:
    return class_of(node) is list or (class_of(node) is dict and node.get("$") in SEQUENCES)


def _is_open(node: Any, place: Place) -> bool:
    """Whether only the code knows what may be there: a field that is empty, or an enum."""
    if class_of(node) is dict:
        return bool(node.get("$") == "enum")
    return node is None and place.within == "v"


def _can_be_made(node: Any) -> bool:
    """Whether a value may take its place: not that of one that is encrypted, or was raised."""
    return class_of(node) is not dict or node.get("$") not in ("personal", "error")


def _listed(roots: Mapping[str, Encoded]) -> str:
    return f"there are: {', '.join(sorted(roots))}" if roots else "there are none"


def _text(value: object) -> str:
    return _said(value) if class_of(value) in JSONS else str(value)


def _said(plain: object) -> str:
    text = json.dumps(plain, ensure_ascii=False, default=repr)
    return text if len(text) < 60 else f"{text[:57]}…"
