"""The values that a type can have, as far as they can be listed."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, Flag
from typing import (
    Annotated,
    Any,
    Literal,
    TypeAlias,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)
from uuid import UUID

from pydantic import BaseModel, PydanticUserError, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from interlock.machines.errors import BadDefinition

Samples: TypeAlias = Mapping[Any, Sequence[Any]]
"""Values to try, by type, or by field as `"Pay.amount"`."""

MOST = 1000
"""How many values of one type are listed."""


@dataclass(frozen=True, slots=True)
class Domain:
    """Values of a type.

    Attributes:
        values: each once.
        whole: they are all that there are.
        samples: what was tried in place of all, in words.
    """

    values: tuple[Any, ...]
    whole: bool = True
    samples: tuple[str, ...] = ()


def domain_of(hint: Any, samples: Samples, place: str) -> Domain:
    """The values of an annotation: bools, enums, literals, bounded ints, and models of them.

    Of texts, numbers, instants and collections a few are tried.

    Args:
        samples: what to try where they cannot be listed.
        place: what it is, for messages and as a key of `samples`.

    Raises:
        BadDefinition: they cannot be listed, and nothing is known to try; or a sample is none.
    """
    for key in (place, hint):
        if _is_key(key) and key in samples:
            values = tuple(samples[key])
            _check(hint, values, place)
            return Domain(values, whole=False, samples=(_told(place, values),))
    base, notes = _bare(hint)
    found = _simple(base, notes)
    if found is not None:
        return found
    if get_origin(base) in (Union, types.UnionType):
        return _either(get_args(base), samples, place)
    if isinstance(base, type) and issubclass(base, BaseModel):
        fields = {name: _hint(field) for name, field in base.model_fields.items()}
        return _instances(base, fields, samples)
    if isinstance(base, type) and dataclasses.is_dataclass(base):
        made = {field.name for field in dataclasses.fields(base) if field.init}
        hints = get_type_hints(base, include_extras=True)
        return _instances(base, {name: hints[name] for name in hints if name in made}, samples)
    if get_origin(base) is tuple and Ellipsis not in get_args(base):
        parts = [domain_of(part, samples, place) for part in get_args(base)]
        return _product(parts, _same)
    tried = _tried(base, samples, place)
    if tried:
        return Domain(tried, whole=False, samples=(_told(place, tried),))
    name = _name(cast("object", base))
    message = (
        f"the values of {place} ({name}) cannot be listed; give some to try, "
        f"samples={{{place!r}: [...]}}, or for every {name}: samples={{{name}: [...]}}"
    )
    raise BadDefinition(message)


def _check(hint: Any, values: tuple[Any, ...], place: str) -> None:
    for value in values:
        try:
            TypeAdapter[Any](hint).validate_python(value)
        except ValidationError as error:
            why = error.errors(include_url=False)[0]["msg"]
            message = f"samples of {place}: {value!r} cannot be one: {why}"
            raise BadDefinition(message) from None
        except (PydanticUserError, NameError):  # a type that pydantic cannot look at
            return


def _told(place: str, values: tuple[Any, ...]) -> str:
    shown = ", ".join(str(v) if v != "" else "''" for v in values[:5])
    return f"{place} tried with {shown}{' …' if len(values) > 5 else ''}"


_TRIED: dict[Any, tuple[Any, ...]] = {
    int: (0, 1, 2),
    str: ("a",),
    float: (0.0, 1.5),
    Decimal: (Decimal(0), Decimal(1), Decimal(100)),
    bytes: (b"",),
    datetime: (datetime(2026, 1, 1, tzinfo=UTC),),
    date: (date(2026, 1, 1),),
    timedelta: (timedelta(), timedelta(days=1)),
    UUID: (UUID(int=1),),
}
"""What is tried of types that have too many values, where nobody says what else."""


_COLLECTIONS: dict[Any, Callable[..., Any]] = {
    list: list, set: set, frozenset: frozenset, tuple: tuple,
}  # fmt: skip


def _tried(base: Any, samples: Samples, place: str) -> tuple[Any, ...]:
    if base in _TRIED:
        return _TRIED[base]
    kind = get_origin(base)
    inner = get_args(base)
    if kind in _COLLECTIONS and inner:
        make: Callable[..., Any] = _COLLECTIONS[kind]
        first = domain_of(inner[0], samples, place).values[:1]
        return (make(), make(first)) if first else (make(),)
    if kind is dict:
        return ({},)
    return ()


def _is_key(key: object) -> bool:
    try:
        hash(key)
    except TypeError:  # an annotation with a list in it
        return False
    return True


def _bare(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """An annotation without what is said of it, and that."""
    if get_origin(hint) is Annotated:
        base, *notes = get_args(hint)
        inner, more = _bare(base)
        return inner, (*more, *notes)
    return hint, ()


def _simple(base: Any, notes: tuple[Any, ...]) -> Domain | None:
    if base is bool:
        return Domain((False, True))
    if base is None or base is type(None):
        return Domain((None,))
    if get_origin(base) is Literal:
        return Domain(get_args(base))
    if isinstance(base, type) and issubclass(base, Flag):
        return _flags(base)
    if isinstance(base, type) and issubclass(base, Enum):
        return Domain(tuple(base))
    if base is int:
        return _numbers(notes)
    return None


def _flags(base: type[Flag]) -> Domain:
    """Every combination of flags, none of them included; of many each alone, and all."""
    every, named = [base(0)], [*dict.fromkeys(base.__members__.values())]
    if 2 ** len(named) <= MOST:
        for one in named:
            every += [flags | one for flags in every]
        return Domain(tuple(dict.fromkeys(every)))
    whole = base(0)
    for one in named:
        whole |= one
    said = f"{base.__name__}: none, each alone, and all of them"
    values = dict.fromkeys((*every, *named, whole))
    return Domain(tuple(values), whole=False, samples=(said,))


def _numbers(notes: tuple[Any, ...]) -> Domain | None:
    """The ints between two bounds, as `Field(ge=0, le=9)` says them."""
    low = high = None
    for note in itertools.chain.from_iterable(_parts(note) for note in notes):
        if getattr(note, "ge", None) is not None:
            low = int(note.ge)
        if getattr(note, "gt", None) is not None:
            low = int(note.gt) + 1
        if getattr(note, "le", None) is not None:
            high = int(note.le)
        if getattr(note, "lt", None) is not None:
            high = int(note.lt) - 1
    if low is None or high is None:
        return None
    if high - low < MOST:
        return Domain(tuple(range(low, high + 1)))
    values = (low, low + 1, (low + high) // 2, high - 1, high)
    return Domain(values, whole=False, samples=(f"{low}, {low + 1}, … {high}",))


def _parts(note: Any) -> Iterable[Any]:
    return note.metadata if isinstance(note, FieldInfo) else (note,)


def _either(kinds: tuple[Any, ...], samples: Samples, place: str) -> Domain:
    parts = [domain_of(kind, samples, place) for kind in kinds]
    values: list[Any] = []
    for part in parts:
        values += [value for value in part.values if value not in values]
    said = tuple(dict.fromkeys(text for part in parts for text in part.samples))
    return Domain(tuple(values), all(part.whole for part in parts), said)


def _instances(cls: type, fields: Mapping[str, Any], samples: Samples) -> Domain:
    """Every instance of a model or dataclass that it accepts."""
    parts = [domain_of(hint, samples, f"{cls.__name__}.{name}") for name, hint in fields.items()]

    def made(values: tuple[Any, ...]) -> object:
        try:
            return cls(**dict(zip(fields, values, strict=True)))
        except ValueError:  # fields that it does not accept together
            return _NONE

    return _product(parts, made)


def _hint(field: FieldInfo) -> Any:
    hint: Any = field.annotation
    for note in field.metadata:
        hint = Annotated[hint, note]
    return hint


def _name(hint: object) -> str:
    return hint.__name__ if inspect.isclass(hint) else str(hint)


def _same(values: tuple[Any, ...]) -> object:
    return values


_NONE = object()


def _product(parts: Sequence[Domain], made: Callable[[tuple[Any, ...]], object]) -> Domain:
    every = itertools.product(*(part.values for part in parts))
    first = list(itertools.islice(every, MOST + 1))
    values = tuple(v for v in (made(one) for one in first[:MOST]) if v is not _NONE)
    said = tuple(dict.fromkeys(text for part in parts for text in part.samples))
    whole = len(first) <= MOST and all(part.whole for part in parts)
    if len(first) > MOST:
        said = (*said, f"the first {MOST} combinations")
    return Domain(values, whole, said)


def instances(model: type[BaseModel], samples: Samples) -> Domain:
    """The instances of a model that are to be tried; samples of the model itself come first."""
    return domain_of(model, samples, model.__name__)
