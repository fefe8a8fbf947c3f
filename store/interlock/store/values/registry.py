"""The closed registry of classes: decoding never imports a name found in data."""

from __future__ import annotations

import builtins
import decimal
import json
from collections.abc import Iterator
from enum import Enum, Flag
from functools import partial
from types import FunctionType, GetSetDescriptorType, MemberDescriptorType
from typing import Any

from interlock.store.errors import InterlockError, UnknownType, Unrecordable
from interlock.store.event import Encoded
from interlock.store.values.annotation import classes, field_types, is_recordable
from interlock.store.values.atom import ENCODERS, Encoder
from interlock.store.values.codec import Codec
from interlock.store.values.container import builtin_codecs
from interlock.store.values.evolving import formerly, has_past, schema_of, with_schema
from interlock.store.values.failure import ErrorCodec
from interlock.store.values.refusal import Refused, is_model, refuse
from interlock.store.values.structure import is_heap, structure_codec
from interlock.store.vault import Vault

_KNOWN: dict[str, type] = {
    name: cls
    for name, cls in vars(builtins).items()
    if isinstance(cls, type) and issubclass(cls, BaseException) and cls.__name__ == name
} | {
    "decimal.InvalidOperation": decimal.InvalidOperation,
    "decimal.DivisionByZero": decimal.DivisionByZero,
    "decimal.Overflow": decimal.Overflow,
    "json.JSONDecodeError": json.JSONDecodeError,
}
"""Exceptions that every program knows: the built-in ones, and what plain values raise."""

_TRANSPARENT = (
    FunctionType, classmethod, staticmethod, MemberDescriptorType, GetSetDescriptorType, type,
)  # fmt: skip


class Types:
    """A closed registry: name to class and back.

    Args:
        others: registries whose classes this one takes over.
        vault: encrypts personal values; None where there are none.

    Attributes:
        atoms: how values without identity are encoded, by their class.
        quiet: classes of which it was found that `reads_run_code` says no.
    """

    def __init__(self, *others: Types, vault: Vault | None = None) -> None:
        self.vault = vault
        self._classes: dict[str, type] = dict(_KNOWN)
        self._names: dict[type, str] = {cls: name for name, cls in _KNOWN.items()}
        self._codecs: dict[type, Codec] = builtin_codecs(self)
        self._loud: set[type] = set()
        self.quiet: set[type] = set(ENCODERS)
        self.atoms: dict[type, Encoder] = dict(ENCODERS)
        for other in others:
            self.update(other)

    def __iter__(self) -> Iterator[tuple[str, type]]:
        """The registered names and classes, without those that every program knows."""
        return iter([(n, c) for n, c in self._classes.items() if _KNOWN.get(n) is not c])

    def __contains__(self, cls: type) -> bool:
        return cls in self._names

    def update(self, other: Types) -> None:
        """Take over the classes of another registry.

        Raises:
            InterlockError: two different classes have the same name.
        """
        for name, cls in other:
            if cls not in self._names:
                self.register(cls, name)

    def collect(self, *annotations: Any) -> None:
        """Register every class that the annotations lead to.

        Generics, unions, `Annotated`, and the fields of dataclasses, models, named tuples,
        TypedDicts and exceptions are followed; forward references are resolved where possible and
        passed over otherwise, and so are classes of kinds that cannot be recorded.

        Raises:
            InterlockError: two different classes have the same name.
        """
        for cls in classes(*annotations):
            if cls not in self._names:
                self.register(cls)

    def register(self, cls: type, name: str | None = None) -> None:
        """Register one class under a name, by default its qualified name.

        Raises:
            InterlockError: another class has the name, or the class is of no recordable kind.
        """
        name = name or cls.__qualname__
        if not is_recordable(cls):
            message = (
                f"{cls.__qualname__} is not an enum, dataclass, model, named tuple or exception"
            )
            raise InterlockError(message)
        other = self._classes.setdefault(name, cls)
        if other is not cls:
            message = (
                f"two classes are called {name!r}: {other.__module__}.{other.__qualname__} and "
                f"{cls.__module__}.{cls.__qualname__}; register one of them with name=…"
            )
            raise InterlockError(message)
        self._names.setdefault(cls, name)

    def name(self, cls: type) -> str:
        """The name a class is registered under.

        Raises:
            Unrecordable: it is not; name it in an annotation or register it.
        """
        try:
            return self._names[cls]
        except KeyError:
            message = f"{cls.__qualname__} is not registered: annotate it or register it"
            raise Unrecordable(message) from None

    def find(self, name: str) -> type:
        """The class registered under a name.

        Raises:
            UnknownType: none is.
        """
        found = self._classes.get(name)
        if found is None:  # a class may have had another name
            found = next((cls for cls in formerly(name) if cls in self._names), None)
        if found is None:
            message = (
                f"no class is registered as {name!r}: name it in an annotation or register it; "
                f"if it has another name now, say renamed(..., was={name!r})"
            )
            raise UnknownType(message)
        return found

    def is_present(self, encoded: Encoded) -> bool:
        """Whether all that stands in place in this piece of JSON is encoded as it is today."""
        if type(encoded) is list:
            return all(map(self.is_present, encoded))
        if type(encoded) is not dict:
            return True
        tag: Any = encoded.get("$")
        if tag in ("object", "enum"):
            name: Any = encoded["t"]
            cls = self._classes.get(name)
            if cls is None or encoded.get("s", 1) != schema_of(cls):
                return False
        return all(map(self.is_present, encoded.values()))

    @property
    def evolves(self) -> bool:
        """Whether any of the classes was recorded in another shape, or by another name, before."""
        return any(map(has_past, self._names))

    def codec(self, cls: type, value: object = None) -> Codec | None:
        """The codec of a class, or None when its values are atoms.

        Raises:
            Refused: values of this class cannot be recorded; `value` is one of them.
        """
        codec = self._codecs.get(cls)
        if codec is not None or cls in self.atoms:
            return codec
        name = self._names.get(cls)
        if name is None:
            raise refuse(value)
        if Enum in cls.__mro__:
            self.atoms[cls] = partial(_encode_enum, name, schema_of(cls))
            return None
        codec = self._make(cls, name)
        if codec is None:
            raise refuse(value)
        self._codecs[cls] = codec
        return codec

    def codec_or_none(self, cls: type) -> Codec | None:
        """The codec of a class, or None when there is none."""
        if cls in self._names or cls in self._codecs:
            return self.codec(cls)
        return None

    def named(self, name: str) -> Codec:
        """The codec of the class registered under a name.

        Raises:
            UnknownType: none is registered, or its objects cannot be rebuilt.
        """
        cls = self.find(name)
        codec = self._codecs.get(cls) or self._make(cls, self._names[cls])
        if codec is None:
            message = f"{name!r} is registered as a class whose objects cannot be recorded"
            raise UnknownType(message)
        self._codecs[cls] = codec
        return codec

    def _make(self, cls: type, name: str) -> Codec | None:
        if BaseException in cls.__mro__:
            return ErrorCodec(cls, name, self._is_kept)
        return structure_codec(cls, name)

    def reads_run_code(self, cls: type) -> bool:
        """Whether reading an attribute of such an object, or of what its fields hold, runs code."""
        if cls not in self.quiet and cls not in self._loud:
            reached = [cls, *classes(*field_types(cls))] if is_recordable(cls) else [cls]
            known = self.quiet if all(map(_reads_quietly, reached)) else self._loud
            known.add(cls)
        return cls in self._loud

    def _is_kept(self, error: object) -> bool:
        """Whether a cause or context can be recorded, its own cause and context left aside."""
        waiting: list[object] = [error]
        seen: set[int] = set()
        keep: list[object] = []
        try:
            while waiting:
                value = waiting.pop()
                codec = self.codec(type(value), value)
                if codec is None or id(value) in seen:
                    continue
                seen.add(id(value))
                state = (
                    codec.contents(value) if isinstance(codec, ErrorCodec) else codec.state(value)
                )
                keep.append(state)
                waiting.extend(codec.parts(state))
        except Refused:
            return False
        return True


def _encode_enum(name: str, schema: int, member: Enum) -> Encoded:
    own = type(member).__members__
    if isinstance(member, Flag) and member.name not in own:
        return with_schema({"$": "enum", "t": name, "v": member.value}, schema)
    return with_schema({"$": "enum", "t": name, "v": member.name}, schema)


def _reads_quietly(cls: type) -> bool:
    if Enum in cls.__mro__:
        return True  # a member cannot be changed
    if BaseException in cls.__mro__:
        return False  # raising one changes it: its context
    own = [base for base in cls.__mro__ if is_heap(base) and base.__module__ not in _QUIET]
    return not any(
        name in ("__getattr__", "__getattribute__")
        or (hasattr(member, "__get__") and not isinstance(member, _TRANSPARENT))
        for base in own
        for name, member in vars(base).items()
        if not (is_model(cls) and name == "__signature__")
    )


_QUIET = ("pydantic.main", "typing", "enum", "abc")
