"""Codecs of dataclasses, pydantic models and named tuples: objects with named contents."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from types import MemberDescriptorType
from typing import Any, NamedTuple

from interlock.store.errors import OutdatedValue
from interlock.store.event import Encoded
from interlock.store.values.codec import Codec, Convert, Encode, Patch, same
from interlock.store.values.defaults import defaults_of
from interlock.store.values.difference import dict_patch
from interlock.store.values.evolving import check_fields, fields_now, schema_of, with_schema
from interlock.store.values.refusal import Refused, is_model
from interlock.store.values.subject import bind_fields, known_field


class Attributes:
    """The attributes of the objects of one class: those in `__dict__` and those in slots."""

    def __init__(self, cls: type) -> None:
        self._has_dict = cls.__dictoffset__ != 0
        self._slots: dict[str, Any] = {}
        for base in reversed(cls.__mro__):
            if is_heap(base) and base.__module__ != "pydantic.main":
                members = vars(base).items()
                self._slots |= {k: v for k, v in members if isinstance(v, MemberDescriptorType)}
        fields: dict[str, Any] = getattr(cls, "__dataclass_fields__", {})
        order = {name: i for i, name in enumerate(fields)}
        self._slots = dict(sorted(self._slots.items(), key=lambda s: order.get(s[0], len(order))))

    def read(self, obj: object) -> dict[str, object]:
        """The attributes that are set, without running any code of the class."""
        if not self._slots:
            return dict(object.__getattribute__(obj, "__dict__"))
        found = dict(object.__getattribute__(obj, "__dict__")) if self._has_dict else {}
        for name, slot in self._slots.items():
            try:
                found[name] = slot.__get__(obj, type(obj))
            except AttributeError:
                continue
        return found

    def write(self, obj: object, attributes: dict[str, object]) -> None:
        """Set the attributes, without running any code of the class."""
        own = object.__getattribute__(obj, "__dict__") if self._has_dict else None
        for name, value in attributes.items():
            slot = self._slots.get(name)
            if slot is not None:
                slot.__set__(obj, value)
            elif own is not None:
                own[name] = value


def is_heap(cls: type) -> bool:
    """Whether a class was made by a `class` statement, and not in C."""
    return bool(cls.__flags__ & 1 << 9)


def same_items(left: dict[str, object], right: dict[str, object]) -> bool:
    """Whether two dicts of attributes hold the very same values in the same order."""
    return (
        len(left) == len(right)
        and same(left.values(), right.values())
        and list(left) == list(right)
    )


class ObjectCodec(Codec):
    """A dataclass; the state is a dict of its attributes."""

    def __init__(self, cls: type[Any], name: str) -> None:
        self._cls = cls
        self._name = name
        self._schema = schema_of(cls)
        self._subject = known_field(cls)
        self._attributes = Attributes(cls)
        self._defaults = defaults_of(cls)

    def _completed(self, fields: dict[str, Any]) -> dict[str, Any]:
        """With what the class has got since it was recorded, where that has a default."""
        lacking = self._defaults.keys() - fields.keys() if self._defaults else ()
        return fields | {name: self._defaults[name]() for name in sorted(lacking)}

    def state(self, obj: object) -> Any:
        found = self._attributes.read(obj)
        if self._subject:
            bind_fields(found.values(), found.get(self._subject))
        return found

    def unchanged(self, obj: object, state: Any) -> bool:
        return same_items(self.state(obj), state)

    def parts(self, state: Any) -> Iterable[object]:
        children: Iterable[object] = state.values()
        return children

    def labels(self, state: Any) -> Iterator[tuple[str, object]]:
        return ((f".{name}", child) for name, child in state.items())

    def encode(self, state: Any, child: Encode) -> Encoded:
        fields: Encoded = {name: child(value) for name, value in state.items()}
        return with_schema({"$": "object", "t": self._name, "v": fields}, self._schema)

    def decode(self, encoded: Any, child: Convert, key: Convert) -> Any:
        if encoded.get("s", 1) != self._schema:
            return self._brought(encoded, key)
        return self._completed({name: child(value) for name, value in encoded["v"].items()})

    def _brought(self, encoded: Any, key: Convert) -> dict[str, Any]:
        """The fields of an object of an older shape."""
        found = self._completed(fields_now(self._cls, encoded, key))
        check_fields(self._cls, found, encoded.get("s", 1))
        return found

    def convert(self, state: Any, child: Convert, key: Convert) -> Any:
        return {name: child(value) for name, value in state.items()}

    def shell(self) -> Any:
        empty: object = object.__new__(self._cls)
        return empty

    def fill(self, obj: object, state: Any) -> None:
        self._attributes.write(obj, state)

    def patch(self, number: int, old: Any, new: Any, child: Encode) -> list[Patch]:
        return dict_patch(number, old, new, child)


class ModelState(NamedTuple):
    """The contents of a pydantic model."""

    fields: dict[str, Any]
    extra: dict[str, Any] | None
    private: dict[str, Any] | None
    fields_set: frozenset[str]


class ModelCodec(ObjectCodec):
    """A pydantic model; neither its validators nor its `__init__` run when it comes back."""

    def state(self, obj: Any) -> ModelState:
        extra, private = obj.__pydantic_extra__, obj.__pydantic_private__
        fields = super().state(obj)
        if self._subject:
            beside: list[object] = [*(extra or {}).values(), *(private or {}).values()]
            bind_fields(beside, fields.get(self._subject))
        return ModelState(
            fields,
            None if extra is None else dict(extra),
            None if private is None else dict(private),
            frozenset(obj.__pydantic_fields_set__),
        )

    def unchanged(self, obj: object, state: ModelState) -> bool:
        now = self.state(obj)
        return (
            same_items(now.fields, state.fields)
            and same_items(now.extra or {}, state.extra or {})
            and same_items(now.private or {}, state.private or {})
            and now.fields_set == state.fields_set
        )

    def parts(self, state: ModelState) -> Iterable[object]:
        if not state.extra and not state.private:
            return state.fields.values()
        return [child for _, child in self.labels(state)]

    def labels(self, state: ModelState) -> Iterator[tuple[str, object]]:
        for part in (state.fields, state.extra, state.private):
            for name, child in (part or {}).items():
                yield f".{name}", child

    def encode(self, state: ModelState, child: Encode) -> Encoded:
        encoded: dict[str, Encoded] = {"$": "object", "t": self._name, "v": {}}
        encoded["v"] = {name: child(value) for name, value in state.fields.items()}
        if state.fields_set != state.fields.keys():
            encoded["set"] = [*sorted(state.fields_set)]
        if state.extra is not None:
            encoded["extra"] = {name: child(value) for name, value in state.extra.items()}
        if state.private is not None:
            encoded["private"] = {name: child(value) for name, value in state.private.items()}
        return with_schema(encoded, self._schema)

    def decode(self, encoded: Any, child: Convert, key: Convert) -> ModelState:
        if encoded.get("s", 1) != self._schema:
            return self._older(encoded, child, key)
        fields: dict[str, Any] = encoded["v"]
        found = ModelState(
            fields,
            encoded.get("extra"),
            encoded.get("private"),
            frozenset(encoded.get("set", fields)),
        )
        made = self.convert(found, child, key)
        return made._replace(fields=self._completed(made.fields))

    def _older(self, encoded: Any, child: Convert, key: Convert) -> ModelState:
        """The contents of a model of an older shape: what is new counts as set."""
        brought = self._brought(encoded, key)
        declared = self._cls.model_fields
        before: dict[str, Any] = encoded["v"]
        was_set = set(encoded.get("set", before))
        extra, private = encoded.get("extra"), encoded.get("private")
        beside = {n: v for n, v in brought.items() if n not in declared}
        return ModelState(
            {n: v for n, v in brought.items() if n in declared},
            None if extra is None else {n: child(v) for n, v in extra.items()} | beside,
            None if private is None else {n: child(v) for n, v in private.items()},
            frozenset((brought.keys() - before.keys()) | (was_set & brought.keys()))
            | (was_set - before.keys()),
        )

    def convert(self, state: ModelState, child: Convert, key: Convert) -> ModelState:
        def each(part: dict[str, Any]) -> dict[str, Any]:
            return {name: child(value) for name, value in part.items()}

        return ModelState(
            each(state.fields),
            None if state.extra is None else each(state.extra),
            None if state.private is None else each(state.private),
            state.fields_set,
        )

    def fill(self, obj: object, state: ModelState) -> None:
        self._attributes.write(obj, state.fields)
        object.__setattr__(obj, "__pydantic_extra__", state.extra)
        object.__setattr__(obj, "__pydantic_private__", state.private)
        object.__setattr__(obj, "__pydantic_fields_set__", set(state.fields_set))

    def patch(self, number: int, old: ModelState, new: ModelState, child: Encode) -> list[Patch]:
        explicit = old.fields_set != old.fields.keys() or new.fields_set != new.fields.keys()
        if (
            same_items(old.extra or {}, new.extra or {})
            and same_items(old.private or {}, new.private or {})
            and (not explicit or old.fields_set == new.fields_set)
        ):
            return dict_patch(number, old.fields, new.fields, child)
        return [[number, "is", self.encode(new, child)]]


class NamedTupleCodec(Codec):
    """A named tuple; it is its own state."""

    mutable = False
    shelled = False

    def __init__(self, cls: Any, name: str) -> None:
        self._cls = cls
        self._name = name
        self._schema = schema_of(cls)
        self._subject = known_field(cls)
        self._fields: tuple[str, ...] = cls._fields
        self._has_dict = cls.__dictoffset__ != 0

    def state(self, obj: Any) -> Any:
        if self._has_dict and vars(obj):
            reason = "a named tuple with attributes beyond its fields; use a dataclass"
            raise Refused(obj, reason)
        if self._subject:
            bind_fields(obj, getattr(obj, self._subject))
        return obj

    def parts(self, state: Any) -> Iterable[object]:
        children: Iterable[object] = state
        return children

    def labels(self, state: Any) -> Iterator[tuple[str, object]]:
        return ((f".{name}", child) for name, child in zip(self._fields, state, strict=True))

    def encode(self, state: Any, child: Encode) -> Encoded:
        pairs = zip(self._fields, state, strict=True)
        fields: Encoded = {name: child(value) for name, value in pairs}
        return with_schema({"$": "object", "t": self._name, "v": fields}, self._schema)

    def decode(self, encoded: Any, child: Convert, key: Convert) -> Any:
        if encoded.get("s", 1) != self._schema:
            found = self._cls._field_defaults | fields_now(self._cls, encoded, key)
            check_fields(self._cls, found, encoded.get("s", 1))
        else:
            found = self._cls._field_defaults | {n: child(v) for n, v in encoded["v"].items()}
        if not found.keys() >= set(self._fields):
            message = f"a {self._name} was recorded with other fields than it has now"
            raise OutdatedValue(message)
        return [found[name] for name in self._fields]

    def convert(self, state: Any, child: Convert, key: Convert) -> Any:
        return [child(value) for value in state]

    def make(self, state: Any) -> Any:
        return tuple[Any].__new__(self._cls, state)


def structure_codec(cls: type, name: str) -> Codec | None:
    """The codec of a registered class, or None when it is of no such kind."""
    bases = [base for base in cls.__mro__ if not is_heap(base) and base is not object]
    if tuple in bases and hasattr(cls, "_fields"):
        return NamedTupleCodec(cls, name)
    if any(base.__module__ != "typing" for base in bases):
        return None
    if is_model(cls):
        return ModelCodec(cls, name)
    return ObjectCodec(cls, name) if dataclasses.is_dataclass(cls) else None
