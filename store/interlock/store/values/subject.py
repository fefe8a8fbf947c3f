"""Whose personal values an object holds: the field that is marked with `Subject`."""

from __future__ import annotations

import typing
from collections import deque
from typing import Annotated, Any, TypeAlias, cast, get_args, get_origin

from interlock.store.errors import InterlockError
from interlock.store.values.atom import class_of
from interlock.store.values.personal import Personal
from interlock.store.values.refusal import is_model


class SubjectMark:
    """Marks the field that says whose the personal values of an object are."""

    def __repr__(self) -> str:
        return "subject"


subject = SubjectMark()
"""The mark itself, for ids that are no text: `id: Annotated[UUID, subject]`."""

Subject: TypeAlias = Annotated[str, subject]
"""A `str` that says whose the personal values of its object are: `id: Subject`.

They are those of its other fields, and of what these hold, but for objects that name a subject of
their own. Let it be an opaque id: it is recorded as it is.
"""


def subject_field(cls: type) -> str:
    """The field of a class that names the subject, "" for none.

    Raises:
        InterlockError: there are several.
    """
    found = [name for name, marked in _marks(cls) if marked]
    if len(found) > 1:
        message = f"{cls.__qualname__} names two subjects, {' and '.join(found)}: mark one of them"
        raise InterlockError(message)
    return found[0] if found else ""


def _marks(cls: Any) -> list[tuple[str, bool]]:
    if is_model(cls):
        fields = cast("dict[str, Any]", cls.model_fields)
        return [(name, _has_mark(field.metadata)) for name, field in fields.items()]
    from interlock.store.values.annotation import hints_of  # it needs the registry's modules

    return [
        (name, get_origin(hint) is Annotated and _has_mark(get_args(hint)[1:]))
        for name, hint in hints_of(cls).items()
    ]


def _has_mark(metadata: typing.Iterable[object]) -> bool:
    return any(isinstance(one, SubjectMark) for one in metadata)


def bind_fields(values: typing.Iterable[object], name: object) -> None:
    """Say of every personal value among an object's fields, and in what they hold, whose it is."""
    if name is None or name == "":
        return
    whose = str(name)
    waiting = [*values]
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, Personal):
            value.bind(whose)
        elif id(value) not in seen:
            seen.add(id(value))
            waiting.extend(_inside(value))


def _inside(value: Any) -> typing.Iterable[object]:
    """What a value holds, if that belongs to whom it belongs to itself."""
    cls: Any = class_of(value)
    if cls in (str, int, float, bool, type(None), bytes):
        return ()
    if cls is dict:
        return [*value, *value.values()]
    if cls in (list, tuple, set, frozenset, deque):
        return [*value]
    fields: dict[str, Any] | None = getattr(cls, "__dataclass_fields__", None)
    if is_model(cls):
        fields = cls.model_fields
    if not fields or known_field(cls):
        return ()
    return [getattr(value, name, None) for name in fields]


def known_field(cls: type) -> str:
    """As `subject_field`, asked once a class."""
    found = _FIELDS.get(cls)
    if found is None:
        found = _FIELDS[cls] = subject_field(cls)
    return found


_FIELDS: dict[type, str] = {}
