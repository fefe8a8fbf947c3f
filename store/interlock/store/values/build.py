"""Building graphs of objects: from JSON, and as copies of other objects."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Hashable, Iterator, Mapping
from operator import is_
from typing import Any

from interlock.store.errors import UnknownType
from interlock.store.event import Encoded
from interlock.store.values.atom import DECODERS, class_of
from interlock.store.values.codec import Codec, Codecs
from interlock.store.values.evolving import member_now
from interlock.store.values.personal import TAG, Personal


class Builder(ABC):
    """Makes shells first and fills them when all exist, so that cycles close.

    What will be hashed (keys, elements of sets) is filled before it is used.
    """

    def __init__(self) -> None:
        self.made: dict[Hashable, Any] = {}
        self._waiting: dict[Hashable, tuple[Any, Codec, Any]] = {}
        self._eager = 0

    @abstractmethod
    def child(self, source: Any) -> Any:
        """The value that takes the place of `source`; an object may still be empty."""

    @abstractmethod
    def state(self, codec: Codec, content: Any) -> Any:
        """The contents of an object that is being built."""

    def key(self, source: Any) -> Any:
        """The value that takes the place of `source`, complete."""
        self._eager += 1
        try:
            return self.child(source)
        finally:
            self._eager -= 1

    def whole(self, source: Any) -> Any:
        """The value that takes the place of `source`, with all that it refers to."""
        value = self.child(source)
        self.finish()
        return value

    def finish(self) -> None:
        """Fill every shell."""
        while self._waiting:
            obj, codec, content = self._waiting.popitem()[1]
            codec.fill(obj, self.state(codec, content))

    def again(self, name: Hashable) -> Any:
        """An object that was made before."""
        if self._eager and name in self._waiting:
            obj, codec, content = self._waiting.pop(name)
            codec.fill(obj, self.state(codec, content))
        return self.made[name]

    def begin(self, name: Hashable, codec: Codec, content: Any) -> Any:
        """An object that is met for the first time."""
        if not codec.shelled:
            obj = self.made[name] = codec.make(self.state(codec, content))
            return obj
        obj = self.made[name] = codec.shell()
        if self._eager:
            codec.fill(obj, self.state(codec, content))
        else:
            self._waiting[name] = (obj, codec, content)
        return obj


class Decoder(Builder):
    """Builds values from JSON; `nodes` are the numbered objects."""

    def __init__(self, codecs: Codecs, nodes: Mapping[int, Encoded]) -> None:
        super().__init__()
        self._codecs = codecs
        self._nodes = nodes
        self._inline = 0
        self._list = self._builtin(list)
        self._tagged = {cls.__name__: self._builtin(cls) for cls in _TAGGED}
        self._tagged[TAG] = self._builtin(Personal)

    def state(self, codec: Codec, content: Any) -> Any:
        return codec.decode(content, self.child, self.key)

    def child(self, source: Any) -> Any:
        cls = class_of(source)
        if cls is not dict and cls is not list:
            return source
        number: Any = source.get("$") if cls is dict else None
        if type(number) is int:
            return self.again(number) if number in self.made else self._node(number)
        self._inline -= 1
        return self._value(self._inline, source)

    def numbered(self) -> Iterator[tuple[int, Any]]:
        """The objects of `nodes` that were built, by number."""
        return ((n, obj) for n, obj in self.made.items() if type(n) is int and n > 0)

    def _node(self, number: int) -> Any:
        try:
            node = self._nodes[number]
        except KeyError:
            message = f"object {number} is not in the run's memory"
            raise UnknownType(message) from None
        value = self._value(number, node)
        self.made[number] = value
        return value

    def _value(self, name: int, node: Any) -> Any:
        """A value that stands in place, or the definition of an object."""
        cls = class_of(node)
        if cls is list:
            return self.begin(name, self._list, node)
        if cls is not dict:
            return node
        tag: Any = node.get("$", "dict")
        if tag in DECODERS:
            return DECODERS[tag](node)
        if tag == "enum":
            enum: Any = self._codecs.find(node["t"])
            return member_now(enum, node)
        codec = self._tagged.get(tag) or self._codecs.named(node["t"])
        return self.begin(name, codec, node)

    def _builtin(self, cls: type) -> Codec:
        codec = self._codecs.codec(cls)
        assert codec is not None
        return codec


_TAGGED: tuple[type, ...] = (dict, tuple, set, frozenset, deque, bytearray, range)


class Copier(Builder):
    """Builds copies of values: what they refer to is copied too, with its identity structure."""

    def __init__(self, codecs: Codecs) -> None:
        super().__init__()
        self._codecs = codecs
        self._keep: list[object] = []

    def state(self, codec: Codec, content: Any) -> Any:
        return codec.convert(content, self.child, self.key)

    def child(self, source: Any) -> Any:
        cls = class_of(source)
        if cls in self._codecs.atoms:
            return source
        if id(source) in self.made:
            return self.again(id(source))
        codec = self._codecs.codec(cls, source)
        if codec is None:
            return source
        state = codec.state(source)
        self._keep.append(state)
        if codec.mutable:
            return self.begin(id(source), codec, state)
        return self._constant(source, codec, state)

    def _constant(self, source: Any, codec: Codec, state: Any) -> Any:
        """Something that cannot change is its own copy, when all that it holds is."""
        before = [*codec.parts(state)]
        after = self.state(codec, state)
        unchanged = all(map(is_, codec.parts(after), before))
        copy = source if unchanged else codec.make(after)
        self.made[id(source)] = copy
        return copy
