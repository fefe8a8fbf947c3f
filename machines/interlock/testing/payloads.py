"""Values of a type, as an ordinary Hypothesis strategy: of commands, data, inputs and results."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import reduce
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin
from uuid import UUID

from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument, ResolutionFailed
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from interlock.testing.bounds import Bounds, bounds_of
from interlock.testing.errors import NoPayload

Payloads: TypeAlias = Mapping[Any, "st.SearchStrategy[Any]"]
"""What to draw instead: by type, or by field as `"Pay.amount"`."""

Pool: TypeAlias = Mapping[type, list[Any]]
"""Values that are worth trying again, by type: those that a run holds."""

_MOST = 4
"""Items of a collection whose type says nothing of its size."""


def payload(
    hint: Any, payloads: Payloads | None = None, *, near: object = None
) -> st.SearchStrategy[Any]:
    """Values of an annotation, within the constraints of its fields.

    Numbers are finite and moderate, instants aware and UTC, texts short.

    Args:
        payloads: what to draw instead, by type or by field as `"Pay.amount"`.
        near: values found in here are drawn again now and then, where their type fits.

    Raises:
        NoPayload: when it is drawn from: nothing is known of some class.
    """
    return _Maker(payloads or {}, values_in(near)).of(hint, "")


def refusals(cls: type, payloads: Payloads) -> tuple[st.SearchStrategy[Any], Mapping[type, str]]:
    """Values of a class; and why some could not be made, by class, as soon as they are drawn."""
    maker = _Maker(payloads, {})
    maker.given = payloads
    return maker.of(cls, ""), maker.said


def values_in(value: object) -> dict[type, list[Any]]:
    """The plain values inside of something, by type."""
    found: dict[type, list[Any]] = {}
    _collect(value, found, 0)
    return found


def nearby(values: Sequence[Any]) -> list[Any]:
    """The values, and of numbers those beside them, where comparisons turn over."""
    found = [*values]
    for value in values:
        if isinstance(value, int | Decimal):
            found += [one for one in (value + 1, value - 1) if one not in found]
    return found


def _collect(value: object, found: dict[type, list[Any]], depth: int) -> None:
    if depth > 6 or value is None or isinstance(value, bool):
        return
    if isinstance(value, BaseModel):
        inner: list[Any] = [*vars(value).values()]
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        inner = [getattr(value, one.name) for one in dataclasses.fields(value)]
    elif isinstance(value, dict):
        inner = [*_any(value).keys(), *_any(value).values()]
    elif isinstance(value, list | tuple | set | frozenset):
        inner = [*_any(value)]
    else:
        same = found.setdefault(type(value), [])
        if value not in same:
            same.append(value)
        return
    for one in inner:
        _collect(one, found, depth + 1)


def _any(value: Any) -> Any:
    return value


class _Maker:
    """Makes strategies; `overrides` and `pool` hold for everything inside."""

    def __init__(self, overrides: Payloads, pool: Pool) -> None:
        self._overrides = overrides
        self._pool = pool
        self._made: dict[type, st.SearchStrategy[Any]] = {}
        self.said: dict[type, str] = {}
        self.given: Payloads = {}  # places that are drawn also where there is a default

    def of(self, hint: Any, place: str) -> st.SearchStrategy[Any]:
        given = self._given(hint, place)
        if given is not None:
            return given
        base, notes = bare(hint)
        given = self._given(base, "") if base is not hint else None
        if given is not None:
            return given
        bounds = bounds_of(notes)
        return self._near(base, bounds, self._plain(base, bounds, place))

    def _given(self, hint: Any, place: str) -> st.SearchStrategy[Any] | None:
        if place and place in self._overrides:
            return self._overrides[place]
        try:
            return self._overrides.get(hint)
        except TypeError:  # an annotation with a list in it
            return None

    def _near(
        self, base: Any, bounds: Bounds, strategy: st.SearchStrategy[Any]
    ) -> st.SearchStrategy[Any]:
        known = self._pool.get(base, []) if isinstance(base, type) else []
        fitting = [value for value in known if bounds.allow(value)]
        return st.one_of(strategy, st.sampled_from(fitting)) if fitting else strategy

    def _plain(self, base: Any, bounds: Bounds, place: str) -> st.SearchStrategy[Any]:
        if base is None or base is type(None):
            return st.none()
        origin, inner = get_origin(base), get_args(base)
        if origin is Literal:
            return st.sampled_from(inner)
        if origin in (Union, types.UnionType):
            return st.one_of([self.of(one, place) for one in sorted(inner, key=_none_first)])
        made = _SIMPLE.get(base)
        if made is not None:
            return made(bounds)
        kind: Any = origin or base
        if kind in _COLLECTIONS:
            return self._collection(kind, inner, bounds, place)
        if isinstance(base, typing.TypeVar):
            return self.of(base.__bound__ or int, place)
        if type(base).__name__ == "TypeAliasType":  # the `type` statement, from Python 3.12 on
            return self.of(base.__value__, place)
        if isinstance(base, type):
            return self._instance(base)
        return _resolved(base, place)

    def _instance(self, cls: type) -> st.SearchStrategy[Any]:
        if issubclass(cls, Enum):
            return st.sampled_from(cls)
        is_model = issubclass(cls, BaseModel)
        make = self._model if is_model else self._dataclass
        if not is_model and not dataclasses.is_dataclass(_any(cls)):
            return _resolved(cls, cls.__name__)
        if cls not in self._made:  # one for each class: it may hold itself
            self._made[cls] = st.deferred(lambda: make(cls))
        return self._made[cls]

    def _model(self, cls: Any) -> st.SearchStrategy[Any]:
        parts: dict[str, st.SearchStrategy[Any]] = {}
        for name, field in cls.model_fields.items():
            strategy = self.of(hint_of(field), f"{cls.__name__}.{name}")
            if not field.is_required() and f"{cls.__name__}.{name}" not in self.given:
                strategy = st.one_of(st.just(_OMITTED), strategy)
            parts[_key(cls, name, field)] = strategy
        return st.builds(_Valid(cls, self.said), st.fixed_dictionaries(parts))

    def _dataclass(self, cls: Any) -> st.SearchStrategy[Any]:
        hints = typing.get_type_hints(cls, include_extras=True)
        parts: dict[str, st.SearchStrategy[Any]] = {}
        for field in dataclasses.fields(cls):
            if field.init:
                strategy = self.of(hints[field.name], f"{cls.__name__}.{field.name}")
                default = (field.default, field.default_factory)
                if default != (dataclasses.MISSING, dataclasses.MISSING):
                    strategy = st.one_of(st.just(_OMITTED), strategy)
                parts[field.name] = strategy
        return st.builds(_Built(cls, self.said), st.fixed_dictionaries(parts))

    def _collection(
        self, kind: Any, inner: tuple[Any, ...], bounds: Bounds, place: str
    ) -> st.SearchStrategy[Any]:
        least = bounds.shortest
        most = bounds.longest if bounds.longest is not None else max(least, _MOST)
        if kind is tuple and inner and Ellipsis not in inner:
            return st.tuples(*(self.of(one, place) for one in inner))
        items = [self.of(one, place) for one in inner if one is not Ellipsis]
        if not items:
            items = [_JSON, _JSON]
        make: Callable[..., Any] = _COLLECTIONS[kind]
        if make is dict:
            key = items[0] if len(items) > 1 else st.text(max_size=_MOST)
            return st.dictionaries(key, items[-1], min_size=least, max_size=most)
        if make is set or make is frozenset:
            return st.sets(items[0], min_size=least, max_size=most).map(make)
        return st.lists(items[0], min_size=least, max_size=most).map(make)


class _Valid:
    """Makes a model of its fields; what it does not accept together is not drawn."""

    def __init__(self, cls: type[BaseModel], said: dict[type, str]) -> None:
        self._cls, self._said = cls, said
        self.__name__ = cls.__name__

    def __call__(self, fields: dict[str, Any]) -> BaseModel:
        given = {name: value for name, value in fields.items() if value is not _OMITTED}
        try:
            return self._cls(**given)
        except ValidationError as error:
            self._said[self._cls] = str(error)
            reject()


class _Built:
    """The same for a dataclass."""

    def __init__(self, cls: type, said: dict[type, str]) -> None:
        self._cls, self._said = cls, said
        self.__name__ = cls.__name__

    def __call__(self, fields: dict[str, Any]) -> object:
        given = {name: value for name, value in fields.items() if value is not _OMITTED}
        try:
            return self._cls(**given)
        except ValueError as error:
            self._said[self._cls] = str(error)
            reject()


class _Omitted:
    def __repr__(self) -> str:
        return "(default)"


_OMITTED = _Omitted()


def bare(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """An annotation without what is said of it, and that."""
    if get_origin(hint) is Annotated:
        base, *notes = get_args(hint)
        inner, more = bare(base)
        return inner, (*more, *notes)
    if isinstance(hint, typing.NewType):
        return bare(hint.__supertype__)
    return hint, ()


def hint_of(field: FieldInfo) -> Any:
    """The annotation of a field, with what is said of it."""
    noted: Any = field.annotation
    return reduce(lambda hint, note: Annotated[hint, note], field.metadata, noted)


def _key(cls: type[BaseModel], name: str, field: FieldInfo) -> str:
    """How a field is given."""
    config = cls.model_config
    if config.get("populate_by_name") or config.get("validate_by_name"):
        return name
    alias = field.validation_alias
    return alias if isinstance(alias, str) else name


def _none_first(hint: Any) -> bool:
    return hint is not type(None)


def _resolved(hint: Any, place: str) -> st.SearchStrategy[Any]:
    """What Hypothesis itself, or who registered a strategy there, knows of a type."""
    try:
        found = st.from_type(hint)
        found.validate()
    except (ResolutionFailed, InvalidArgument) as error:
        name = hint.__name__ if isinstance(hint, type) else str(hint)
        raise NoPayload(name, place) from error
    return found


def _int(bounds: Bounds) -> st.SearchStrategy[int]:
    low, high = bounds.ints()
    step = int(bounds.multiple or 1)
    if step == 1:
        return st.integers(low, high)
    first, last = -(-low // step), high // step
    return st.integers(first, last).map(lambda number: number * step)


def _float(bounds: Bounds) -> st.SearchStrategy[float]:
    low, high = bounds.floats()
    drawn = st.floats(
        low, high, allow_nan=False, allow_infinity=False,
        exclude_min=bounds.above is not None and low == bounds.above,
        exclude_max=bounds.below is not None and high == bounds.below,
    )  # fmt: skip
    return drawn.map(lambda number: number + 0.0)  # -0.0 is 0.0 to everybody


def _decimal(bounds: Bounds) -> st.SearchStrategy[Decimal]:
    low, high, places = bounds.decimals()
    return st.decimals(low, high, allow_nan=False, allow_infinity=False, places=places).filter(
        bounds.allow
    )


def _text(bounds: Bounds) -> st.SearchStrategy[str]:
    longest = bounds.longest
    if bounds.pattern:
        drawn = st.from_regex(bounds.pattern).filter(bounds.allow)
        return drawn.filter(lambda text: not text.endswith("\n"))  # `$` lets it pass in Python
    return st.text(min_size=bounds.shortest, max_size=longest or max(bounds.shortest, 20))


def _bytes(bounds: Bounds) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=bounds.shortest, max_size=bounds.longest or max(bounds.shortest, 20))


def _instants(bounds: Bounds) -> st.SearchStrategy[datetime]:
    first, last = datetime(1970, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001  made aware below
    return st.datetimes(first, last, timezones=st.just(UTC)).filter(bounds.allow)


def _days(bounds: Bounds) -> st.SearchStrategy[date]:
    return st.dates(date(1970, 1, 1), date(2100, 1, 1)).filter(bounds.allow)


def _spans(bounds: Bounds) -> st.SearchStrategy[timedelta]:
    return st.timedeltas(timedelta(), timedelta(days=3650)).filter(bounds.allow)


_JSON: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(-1000, 1000), st.text(max_size=8)
)

_SIMPLE: dict[Any, Callable[[Bounds], st.SearchStrategy[Any]]] = {
    bool: lambda _: st.booleans(),
    int: _int,
    float: _float,
    Decimal: _decimal,
    str: _text,
    bytes: _bytes,
    datetime: _instants,
    date: _days,
    timedelta: _spans,
    UUID: lambda _: st.uuids(version=4),
    Any: lambda _: _JSON,
    object: lambda _: _JSON,
}

_COLLECTIONS: dict[Any, Callable[..., Any]] = {
    list: list, tuple: tuple, set: set, frozenset: frozenset, dict: dict,
    typing.get_origin(typing.Sequence[int]): list, typing.get_origin(typing.Iterable[int]): list,
    typing.get_origin(typing.Mapping[int, int]): dict,
    typing.get_origin(typing.AbstractSet[int]): set,
}  # fmt: skip
