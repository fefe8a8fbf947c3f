"""Codecs of the built-in containers: sequences, mappings, sets and long text."""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from interlock.store.event import Encoded
from interlock.store.values.atom import encode_bytes, encode_text, is_clean
from interlock.store.values.codec import Codec, Codecs, Convert, Encode, Patch, same
from interlock.store.values.difference import dict_patch, list_patch, set_patch
from interlock.store.values.personal import Personal


class ListCodec(Codec):
    """`list`; the state is a list."""

    def state(self, obj: list[object]) -> list[object]:
        return obj.copy()

    def unchanged(self, obj: list[object], state: list[object]) -> bool:
        return len(obj) == len(state) and same(obj, state)

    def parts(self, state: list[object]) -> Iterable[object]:
        return state

    def labels(self, state: list[object]) -> Iterator[tuple[str, object]]:
        return ((f"[{i}]", child) for i, child in enumerate(state))

    def encode(self, state: list[object], child: Encode) -> Encoded:
        return [child(x) for x in state]

    def decode(self, encoded: list[Encoded], child: Convert, key: Convert) -> list[object]:
        return [child(x) for x in encoded]

    def convert(self, state: list[object], child: Convert, key: Convert) -> list[object]:
        return [child(x) for x in state]

    def shell(self) -> list[object]:
        return []

    def fill(self, obj: list[object], state: list[object]) -> None:
        obj[:] = state

    def patch(self, number: int, old: Any, new: Any, child: Encode) -> list[Patch]:
        return list_patch(number, old, new, child)


class DictCodec(Codec):
    """`dict`; the state is a dict."""

    def state(self, obj: dict[Any, object]) -> dict[Any, object]:
        return obj.copy()

    def unchanged(self, obj: dict[Any, object], state: dict[Any, object]) -> bool:
        return len(obj) == len(state) and same(obj.values(), state.values()) and same(obj, state)

    def parts(self, state: dict[Any, object]) -> Iterable[object]:
        if all(type(key) is str for key in state):
            return state.values()
        return [*state, *state.values()]

    def labels(self, state: dict[Any, object]) -> Iterator[tuple[str, object]]:
        for key, child in state.items():
            yield f" key {key!r}", key
            yield f"[{key!r}]", child

    def encode(self, state: dict[Any, object], child: Encode) -> Encoded:
        if all(is_plain_key(key) for key in state):
            return {key: child(value) for key, value in state.items()}
        return {"$": "dict", "v": [[child(key), child(value)] for key, value in state.items()]}

    def decode(self, encoded: Any, child: Convert, key: Convert) -> dict[Any, object]:
        if "$" not in encoded:
            return {name: child(value) for name, value in encoded.items()}
        return {key(k): child(value) for k, value in encoded["v"]}

    def convert(self, state: dict[Any, object], child: Convert, key: Convert) -> dict[Any, object]:
        return {key(k): child(value) for k, value in state.items()}

    def shell(self) -> dict[Any, object]:
        return {}

    def fill(self, obj: dict[Any, object], state: dict[Any, object]) -> None:
        obj.update(state)

    def patch(self, number: int, old: Any, new: Any, child: Encode) -> list[Patch]:
        if 2 * len(new) < len(old):
            return super().patch(number, old, new, child)
        return dict_patch(number, old, new, child)


def is_plain_key(key: object) -> bool:
    """Whether a dict key can be a key of a JSON object."""
    return type(key) is str and not key.startswith("$") and is_clean(key)


class _Items(Codec):
    """Base of those whose state is a sequence of children under a tag."""

    tag = ""

    def parts(self, state: Any) -> Iterable[object]:
        children: Iterable[object] = state
        return children

    def labels(self, state: Any) -> Iterator[tuple[str, object]]:
        return ((f"[{i}]", child) for i, child in enumerate(state))

    def encode(self, state: Any, child: Encode) -> Encoded:
        return {"$": self.tag, "v": [child(x) for x in state]}

    def decode(self, encoded: Any, child: Convert, key: Convert) -> list[object]:
        return [child(x) for x in encoded["v"]]

    def convert(self, state: Any, child: Convert, key: Convert) -> list[object]:
        return [child(x) for x in state]


class TupleCodec(_Items):
    """`tuple`; it is its own state."""

    tag = "tuple"
    mutable = False
    shelled = False

    def state(self, obj: tuple[object, ...]) -> tuple[object, ...]:
        return obj

    def make(self, state: Any) -> tuple[object, ...]:
        return tuple(state)


class SetCodec(_Items):
    """`set`; the state is a list of the elements. Encoded in an order that never varies."""

    tag = "set"

    def __init__(self, codecs: Codecs) -> None:
        self._codecs = codecs

    def state(self, obj: set[object]) -> list[object]:
        return list(obj)

    def unchanged(self, obj: set[object], state: list[object]) -> bool:
        return len(obj) == len(state) and same(obj, state)

    def labels(self, state: Any) -> Iterator[tuple[str, object]]:
        return ((f" element {child!r}", child) for child in state)

    def encode(self, state: Any, child: Encode) -> Encoded:
        return super().encode(self._sorted(state), child)

    def decode(self, encoded: Any, child: Convert, key: Convert) -> list[object]:
        return [key(x) for x in encoded["v"]]

    def convert(self, state: Any, child: Convert, key: Convert) -> list[object]:
        return [key(x) for x in state]

    def shell(self) -> set[object]:
        return set()

    def fill(self, obj: set[object], state: list[object]) -> None:
        obj.update(state)

    def patch(self, number: int, old: Any, new: Any, child: Encode) -> list[Patch]:
        return set_patch(number, old, new, child, self._sorted)

    def _sorted(self, elements: list[object]) -> list[object]:
        from interlock.store.values.whole import order_key  # it needs this module

        if len(elements) < 2:
            return elements
        return sorted(elements, key=lambda element: order_key(self._codecs, element))


class FrozenSetCodec(SetCodec):
    """`frozenset`; the state is a list of the elements."""

    tag = "frozenset"
    mutable = False
    shelled = False

    def make(self, state: Any) -> frozenset[object]:
        return frozenset(state)


class DequeCodec(_Items):
    """`deque`; the state is an equal deque."""

    tag = "deque"

    def state(self, obj: deque[object]) -> deque[object]:
        return obj.copy()

    def unchanged(self, obj: deque[object], state: deque[object]) -> bool:
        return len(obj) == len(state) and same(obj, state)

    def encode(self, state: deque[object], child: Encode) -> Encoded:
        encoded: dict[str, Encoded] = {"$": "deque", "v": [child(x) for x in state]}
        return encoded if state.maxlen is None else encoded | {"maxlen": state.maxlen}

    def decode(self, encoded: Any, child: Convert, key: Convert) -> Any:
        return deque([child(x) for x in encoded["v"]], encoded.get("maxlen"))

    def convert(self, state: Any, child: Convert, key: Convert) -> Any:
        return deque([child(x) for x in state], state.maxlen)

    def shell(self) -> deque[object]:
        return deque()

    def fill(self, obj: deque[object], state: deque[object]) -> None:
        deque[object].__init__(obj, state, state.maxlen)  # the only way to set maxlen later


class _Flat(Codec):
    """Base of those without children."""

    def parts(self, state: Any) -> Iterable[object]:
        return ()

    def labels(self, state: Any) -> Iterator[tuple[str, object]]:
        return iter(())

    def convert(self, state: Any, child: Convert, key: Convert) -> Any:
        return state


class ByteArrayCodec(_Flat):
    """`bytearray`; the state is its bytes."""

    def state(self, obj: bytearray) -> bytes:
        return bytes(obj)

    def unchanged(self, obj: bytearray, state: bytes) -> bool:
        return bytes(obj) == state

    def encode(self, state: bytes, child: Encode) -> Encoded:
        return {"$": "bytearray", "v": base64.b64encode(state).decode("ascii")}

    def decode(self, encoded: Any, child: Convert, key: Convert) -> bytes:
        return base64.b64decode(encoded["v"])

    def shell(self) -> bytearray:
        return bytearray()

    def fill(self, obj: bytearray, state: bytes) -> None:
        obj[:] = state


class _Constant(_Flat):
    """Base of those that are their own state."""

    mutable = False
    shelled = False

    def state(self, obj: Any) -> Any:
        return obj

    def make(self, state: Any) -> Any:
        return state


class RangeCodec(_Constant):
    """`range`."""

    def encode(self, state: range, child: Encode) -> Encoded:
        return {"$": "range", "v": [child(state.start), child(state.stop), child(state.step)]}

    def decode(self, encoded: Any, child: Convert, key: Convert) -> range:
        return range(*(child(x) for x in encoded["v"]))


class TextCodec(_Constant):
    """`str` that is long enough to be recorded once."""

    def encode(self, state: str, child: Encode) -> Encoded:
        return encode_text(state)


class BytesCodec(_Constant):
    """`bytes` that are long enough to be recorded once."""

    def encode(self, state: bytes, child: Encode) -> Encoded:
        return encode_bytes(state)


class PersonalCodec(_Constant):
    """`Personal`: encrypted, and recorded once."""

    def __init__(self, codecs: Codecs) -> None:
        self._codecs = codecs

    def encode(self, state: Personal[Any], child: Encode) -> Encoded:
        return state.recorded(self._codecs)

    def decode(self, encoded: Any, child: Convert, key: Convert) -> Personal[Any]:
        return Personal.restored(encoded, self._codecs)


def builtin_codecs(codecs: Codecs) -> dict[type, Codec]:
    """The codecs of the built-in classes."""
    return {
        list: ListCodec(),
        dict: DictCodec(),
        tuple: TupleCodec(),
        set: SetCodec(codecs),
        frozenset: FrozenSetCodec(codecs),
        deque: DequeCodec(),
        bytearray: ByteArrayCodec(),
        range: RangeCodec(),
        str: TextCodec(),
        bytes: BytesCodec(),
        Personal: PersonalCodec(codecs),
    }
