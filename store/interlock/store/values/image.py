"""The JSON side of a run's memory: what a fold of deltas gives. No class, no user code.

Patches, one JSON array each, applied in order after `new`:

    [node, "append", x, …]               list: at the end
    [node, "splice", start, count, x, …] list: replace `count` items from `start` on
    [node, "set", key, x]                list: the item at `key`; dict and object: key or attribute,
                                         in its place, or at the end when it was not there
    [node, "del", key, …]                dict and object
    [node, "add", x, …]                  set
    [node, "discard", x, …]              set
    [node, "is", encoding]               anything: all of its contents
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from interlock.store.event import JSON, Delta, Encoded
from interlock.store.values.atom import class_of, is_clean
from interlock.store.values.build import Decoder
from interlock.store.values.codec import Codecs
from interlock.store.values.readable import Reader


class Image:
    """Variables and numbered objects, as JSON.

    Attributes:
        nodes: the objects, by number.
        variables: what each variable holds.
        next: the first number that was never given.
    """

    __slots__ = ("_index", "_own", "next", "nodes", "variables")

    def __init__(self) -> None:
        self.nodes: dict[int, Encoded] = {}
        self.variables: dict[str, Encoded] = {}
        self.next = 1
        self._own: set[int] = set()  # nodes that are not shared with an event or another image
        self._index: dict[int, dict[bytes, int]] = {}  # where the keys of tagged dicts are

    def apply(self, delta: Delta | None) -> None:
        """Take over what one transition changed. The delta itself is never altered later."""
        if delta is None:
            return
        if delta.new:
            self.nodes.update(delta.new)
            self.next = max(self.next, max(delta.new) + 1)
        for patch in delta.patch:
            self._patch(patch)
        if delta.set:
            self.variables.update(delta.set)
        for name in delta.unset:
            self.variables.pop(name, None)
        for number in delta.drop:
            self.nodes.pop(number, None)
            self._own.discard(number)
            self._index.pop(number, None)

    def plain(self, encoded: Encoded) -> JSON:
        """A value for people: references resolved, tags turned into readable JSON."""
        return Reader(self.nodes).read(encoded)

    def plain_variables(self, hidden: bool = False) -> dict[str, JSON]:
        """The variables for people; with `hidden`, the compiler's own ones too."""
        reader = Reader(self.nodes)
        return {
            name: reader.read(encoded)
            for name, encoded in self.variables.items()
            if hidden or not (name.rpartition("/")[2].startswith(".") or "@" in name)
        }

    def decode(self, types: Codecs, encoded: Encoded) -> object:
        """A fresh value: it shares no object with any other.

        Raises:
            UnknownType: a class in it is not registered.
        """
        if type(encoded) is not dict and type(encoded) is not list:
            return encoded  # most stand for themselves
        return Decoder(types, self.nodes).whole(encoded)

    def forget(self, subject: str) -> None:
        """Mark a subject's personal values, for people: they are gone."""
        for number, node in self.nodes.items():
            if type(node) is dict and node.get("$") == "personal" and node["s"] == subject:
                self.nodes[number] = node | {"gone": True}
                self._own.discard(number)

    def copy(self) -> Image:
        """An independent image; cheap, for nodes are copied when they change."""
        other = Image()
        other.nodes = self.nodes.copy()
        other.variables = self.variables.copy()
        other.next = self.next
        self._own.clear()
        return other

    def _patch(self, patch: list[Any]) -> None:
        number, operation = patch[0], patch[1]
        if operation == "is":
            self.nodes[number] = patch[2]
            self._own.discard(number)
            self._index.pop(number, None)
            return
        if number not in self._own:
            self.nodes[number] = _owned(self.nodes[number])
            self._own.add(number)
        self._operations[operation](self, number, patch)

    def _append(self, number: int, patch: list[Any]) -> None:
        _items(self.nodes[number]).extend(patch[2:])

    def _splice(self, number: int, patch: list[Any]) -> None:
        start, count = patch[2], patch[3]
        _items(self.nodes[number])[start : start + count] = patch[4:]

    def _set(self, number: int, patch: list[Any]) -> None:
        node: Any = self.nodes[number]
        key, value = patch[2], patch[3]
        if type(node) is list:
            node[key] = value
        elif node.get("$") == "object":
            node["v"][key] = value
        elif "$" in node:
            self._set_pair(number, node["v"], key, value)
        elif type(key) is str and not key.startswith("$") and is_clean(key):
            node[key] = value
        else:
            pairs: list[Encoded] = [[k, v] for k, v in node.items()]
            pairs.append([key, value])
            self.nodes[number] = {"$": "dict", "v": pairs}

    def _set_pair(self, number: int, pairs: list[Any], key: Encoded, value: Encoded) -> None:
        index = self._places(number, pairs)
        place = index.setdefault(msgspec.json.encode(key), len(pairs))
        if place == len(pairs):
            pairs.append([key, value])
        else:
            pairs[place] = [key, value]

    def _delete(self, number: int, patch: list[Any]) -> None:
        node: Any = self.nodes[number]
        if node.get("$") == "dict":
            places = self._places(number, node["v"])
            gone = {places[msgspec.json.encode(key)] for key in patch[2:]}
            node["v"] = [pair for place, pair in enumerate(node["v"]) if place not in gone]
            del self._index[number]
            return
        named = node["v"] if "$" in node else node
        for key in patch[2:]:
            del named[key]

    def _places(self, number: int, pairs: list[Any]) -> dict[bytes, int]:
        """Where each key of a tagged dict is; made when first needed."""
        index = self._index.get(number)
        if index is None:
            index = {msgspec.json.encode(pair[0]): i for i, pair in enumerate(pairs)}
            self._index[number] = index
        return index

    def _discard(self, number: int, patch: list[Any]) -> None:
        items = _items(self.nodes[number])
        gone = Counter(map(msgspec.json.encode, patch[2:]))
        kept: list[Encoded] = []
        for item in items:
            text = msgspec.json.encode(item)
            if gone[text]:  # two that are not equal may look alike: nan and nan
                gone[text] -= 1
            else:
                kept.append(item)
        items[:] = kept

    _operations: ClassVar[dict[str, Callable[[Image, int, list[Any]], None]]] = {
        "append": _append,
        "splice": _splice,
        "set": _set,
        "del": _delete,
        "add": _append,
        "discard": _discard,
    }


def _items(node: Any) -> list[Any]:
    kind = class_of(node)
    items: list[Any] = node if kind is list else node["v"]
    return items


def _owned(node: Any) -> Any:
    """A copy that can be altered without altering the event it came from."""
    copy: Any = node.copy()
    if "$" in node and isinstance(node, dict):
        copy["v"] = copy["v"].copy()
    return copy
