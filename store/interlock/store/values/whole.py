"""Values encoded in one piece, without a memory: for commands, and to compare values."""

from __future__ import annotations

from typing import Any

import msgspec

from interlock.store.errors import Unrecordable
from interlock.store.event import Encoded
from interlock.store.values.atom import class_of
from interlock.store.values.build import Copier, Decoder
from interlock.store.values.codec import Codecs
from interlock.store.values.path import path_to
from interlock.store.values.refusal import Refused, unrecordable


def encode_whole(types: Codecs, value: object, path: str = "") -> Encoded:
    """Encode a value in one nested piece; objects shared inside it come back as two.

    Raises:
        Unrecordable: it contains itself, or something that cannot be recorded.
    """
    try:
        return _Whole(types).encode(value)
    except Refused as refused:
        raise unrecordable(refused, path_to(types, refused.value, {path: value})) from None
    except RecursionError:
        raise _too_deep(path) from None


def decode_whole(types: Codecs, encoded: Encoded) -> object:
    """The value that `encode_whole` encoded.

    Raises:
        UnknownType: a class in it is not registered.
    """
    return Decoder(types, {}).whole(encoded)


def detached(types: Codecs, value: object, path: str = "") -> object:
    """A copy that shares no object with `value` that could be changed.

    Raises:
        Unrecordable: something in it cannot be recorded.
    """
    cls = class_of(value)
    if cls in types.atoms:
        return value
    if cls is tuple and _only_atoms(types, value):
        return value
    if cls is dict and not value:
        return {}
    try:
        return Copier(types).whole(value)
    except Refused as refused:
        raise unrecordable(refused, path_to(types, refused.value, {path: value})) from None
    except RecursionError:
        raise _too_deep(path) from None


def order_key(types: Codecs, element: object) -> bytes:
    """By which the elements of sets are sorted: what they hold, not where they are."""
    try:
        return msgspec.json.encode(_Whole(types).encode(element))
    except (Refused, RecursionError):
        return b""  # refused again where it is encoded for good


def _too_deep(path: str) -> Unrecordable:
    return Unrecordable(f"{path or 'the value'} is nested too deeply", path)


def _only_atoms(types: Codecs, values: Any) -> bool:
    return all(map(types.atoms.__contains__, map(type, values)))


class _Whole:
    """One encoding; `_open` are the objects around the present one."""

    def __init__(self, types: Codecs) -> None:
        self._types = types
        self._open: set[int] = set()

    def encode(self, value: object) -> Encoded:
        cls = type(value)
        if (atom := self._types.atoms.get(cls)) is not None:
            return atom(value)
        codec = self._types.codec(cls, value)
        if codec is None:
            return self._types.atoms[cls](value)
        if id(value) in self._open:
            raise Refused(value, "it contains itself, which only a run's variables may")
        self._open.add(id(value))
        encoded = codec.encode(codec.state(value), self.encode)
        self._open.discard(id(value))
        return encoded
