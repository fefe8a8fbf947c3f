"""Classes, values and the comparison that the tests of values share."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, Flag, IntEnum, StrEnum
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, PrivateAttr

from interlock.store.event import Delta
from interlock.store.values import Image, Memory, Personal, Touch, Types

T = TypeVar("T")


class Status(StrEnum):
    PAID = "paid"
    SENT = "sent"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Colour(Enum):
    RED = (1, 2)


class Rights(Flag):
    READ = 1
    WRITE = 2


@dataclass(repr=False)  # a repr fails where an attribute was deleted
class Box(Generic[T]):
    content: T
    notes: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(slots=True, repr=False)
class Slotted:
    left: Any
    right: Any = None


@dataclass(frozen=True, slots=True)
class Point:
    x: Any
    y: Any = 0


@dataclass(slots=True, repr=False)
class Deeper(Slotted):
    depth: int = 0


class Pair(NamedTuple):
    first: Any
    second: Any = None


class Order(BaseModel):
    number: int
    lines: list[Any] = []
    status: Status = Status.PAID
    _seen: list[Any] = PrivateAttr(default_factory=list)


class Open(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)
    name: str = ""


class Declined(Exception):
    """Its `__init__` cannot be called with its `args`."""

    def __init__(self, *, code: int, box: Any = None) -> None:
        super().__init__(f"declined with {code}")
        self.code = code
        self.box = box


class Missing(KeyError):
    pass


def all_types() -> Types:
    """A registry of all classes above."""
    types = Types()
    types.collect(Box[Slotted], Point, Pair, Deeper, Order | Open, Declined, Missing)
    types.collect(Level, Colour, Rights)
    return types


ATOMS: list[Any] = [
    None, True, False, 0, 1, -7, 2**63 - 1, -(2**63), 2**63, -(2**90), 0.0, -0.0, 1.0, 1.5, 1e300,
    float("inf"), float("-inf"), "", "a", "$", "text", "\ud800", "é\u2028", "x" * 63, b"",
    b"\x00ff",
    Decimal("1.10"), Decimal("-0"), Decimal("NaN"), Decimal("1E+50"),
    date(2024, 2, 29), time(1, 2, 3, 4), time(1, 2, tzinfo=UTC), time(1, 30, fold=1),
    datetime(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC),  # noqa: DTZ001  (naive on purpose)
    datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
    datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=1), "CET")),
    datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
    timedelta(days=-1, microseconds=1), timedelta.max, UUID(int=7),
    Status.PAID, Level.HIGH, Colour.RED, Rights.READ, Rights.READ | Rights.WRITE, Rights(0),
]  # fmt: skip

KEYS: list[Any] = ["a", "b", "$c", "\udc00", 1, True, 1.0, None, Status.SENT, (1, "x"), Point(1, 2)]


def atoms() -> st.SearchStrategy[Any]:
    return st.one_of(st.sampled_from(ATOMS), st.integers(), st.text(max_size=5), st.floats())


def fold(image: Image, delta: Delta) -> None:
    """Apply a delta as it comes back from the log."""
    image.apply(msgspec.json.decode(msgspec.json.encode(delta), type=Delta))


def from_text(image: Image) -> Image:
    """The image of a process that has nothing but text."""
    other = Image()
    text = msgspec.json.encode([image.nodes, image.variables, image.next])
    kind = tuple[dict[int, Any], dict[str, Any], int]
    other.nodes, other.variables, other.next = msgspec.json.decode(text, type=kind)
    return other


class Same:
    """Whether two graphs of objects have the same values, classes and identity structure."""

    def __init__(self) -> None:
        self._left: dict[int, int] = {}
        self._right: dict[int, int] = {}
        self._keep: list[object] = []

    def __call__(self, left: Any, right: Any, path: str = "") -> None:
        waiting = [(left, right, path)]
        while waiting:
            a, b, where = waiting.pop()
            assert type(a) is type(b), (where, a, b)
            if self._is_value(a):
                assert repr(a) == repr(b), (where, a, b)
                continue
            known = self._left.get(id(a)), self._right.get(id(b))
            assert known in ((None, None), (id(b), id(a))), (where, "identity differs", a, b)
            if known[0] is not None:
                continue
            self._left[id(a)], self._right[id(b)] = id(b), id(a)
            self._keep += [a, b]
            waiting += [(x, y, where + label) for label, x, y in self._children(a, b, where)]

    def _is_value(self, value: Any) -> bool:
        if isinstance(value, Personal):
            return False
        if value == () or value == frozenset():
            return True
        return not isinstance(value, _OBJECTS) and not hasattr(value, "__dataclass_fields__")

    def _children(self, a: Any, b: Any, where: str) -> list[tuple[str, Any, Any]]:
        kinds = set(type(a).__mro__)
        if Personal in kinds:
            assert repr(a.reveal()) == repr(b.reveal()), (where, a, b)
            return []
        if dict in kinds:
            assert [repr(k) for k in a] == [repr(k) for k in b], (where, a, b)
            return [(f"[{k!r}]", v, w) for (k, v), w in zip(a.items(), b.values(), strict=True)]
        if kinds & {set, frozenset}:
            assert sorted(map(repr, a)) == sorted(map(repr, b)), (where, a, b)
            return []
        if kinds & {list, tuple, deque}:
            assert len(a) == len(b), (where, a, b)
            assert getattr(a, "maxlen", 0) == getattr(b, "maxlen", 0)
            return [(f"[{i}]", x, y) for i, (x, y) in enumerate(zip(a, b, strict=True))]
        if isinstance(a, bytearray):
            assert a == b, (where, a, b)
            return []
        return [
            (f".{name}", getattr(a, name, None), getattr(b, name, None))
            for name in _attributes(a) | _attributes(b)
        ]


_OBJECTS = (list, dict, set, frozenset, tuple, deque, bytearray, BaseModel, BaseException)


def _attributes(value: Any) -> set[str]:
    names = set(getattr(value, "__dict__", {})) | set(getattr(value, "__dataclass_fields__", {}))
    if isinstance(value, BaseModel):
        names |= set(value.__pydantic_extra__ or ()) | set(value.__pydantic_private__ or ())
        assert value.__pydantic_fields_set__ <= names
    if isinstance(value, BaseException):
        names |= {"args", "__cause__", "__context__", "__suppress_context__", "exceptions"}
        names |= {"errno", "strerror", "filename", "name", "value", "code"}
    return names


def assert_same(left: Mapping[str, Any], right: Mapping[str, Any]) -> None:
    """Compare two frames: all variables at once, for they may share objects."""
    assert left.keys() == right.keys()
    same = Same()
    for name in left:
        same(left[name], right[name], name)


TYPES = all_types()
LIVE = ["a", "b"]


class Run:
    """A memory, its variables and the fold of its deltas."""

    def __init__(self, **frame: Any) -> None:
        self.memory = Memory(TYPES)
        self.image = Image()
        self.frame = frame
        self.pause()

    def pause(self, *writes: tuple[object, object], **touched: Touch) -> Delta:
        live = [name for name in LIVE if name in self.frame]
        delta = self.memory.record(self.frame, live, touched, [*writes])
        fold(self.image, delta)
        return delta

    def restored(self) -> dict[str, Any]:
        return Memory.restore(TYPES, from_text(self.image))[1]

    def check(self) -> None:
        assert_same({n: self.frame[n] for n in LIVE if n in self.frame}, self.restored())
