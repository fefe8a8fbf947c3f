"""Values of older shapes: brought up when read, or refused with what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, IntFlag
from functools import cached_property
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from interlock.store import (
    BadUpcast,
    Delta,
    NewerValue,
    OutdatedValue,
    UnknownType,
    Unrecordable,
)
from interlock.store.values import (
    Image,
    Memory,
    Types,
    decode_whole,
    encode_whole,
    renamed,
    upcast,
)
from store.upcast_kit import NEW, OLD, Line, Money, OldLine, OldOrder, OldTier, Order, Tier


def test_a_value_in_one_piece_is_brought_up() -> None:
    old = OldOrder(lines=[OldLine("a", 250)], tier=OldTier.FREE)
    new = decode_whole(NEW, encode_whole(OLD, old))
    assert new == Order(lines=[Line("a", Money(Decimal("2.5")))], tier=Tier.BASIC, currency="EUR")
    assert isinstance(new, Order)
    assert new.model_fields_set == {"lines", "tier", "currency"}
    again = encode_whole(NEW, new)
    assert isinstance(again, dict)
    assert again["s"] == 2
    assert decode_whole(NEW, again) == new


def test_what_was_not_set_stays_so_and_extras_stay() -> None:
    class Now(BaseModel):
        model_config = ConfigDict(extra="allow")
        first: int
        second: int = 0

    @upcast(Now, from_=1)
    def _(old: dict[str, Any]) -> dict[str, Any]:
        return old | {"first": 5, "more": 6}

    types = Types()
    types.register(Now, "Now")
    recorded: Any = {"$": "object", "t": "Now", "v": {"second": 0}, "set": [], "extra": {"e": 1}}
    new: Any = decode_whole(types, recorded)
    assert (new.first, new.second, new.e, new.more) == (5, 0, 1, 6)
    assert new.model_fields_set == {"first", "more"}


def test_flags_and_cached_properties() -> None:
    class Rights(IntFlag):
        READ = 1
        WRITE = 2

    @upcast(Rights, from_=1)
    def _(old: str | int) -> str | int:
        return "READ" if old == "LOOK" else old

    @dataclass
    class Lazy:
        x: int

        @cached_property
        def twice(self) -> int:
            return 2 * self.x

    @upcast(Lazy, from_=1)
    def _lazy(old: dict[str, Any]) -> dict[str, Any]:
        return old | {"x": 1}

    types = Types()
    types.register(Rights, "Rights")
    types.register(Lazy, "Lazy")
    assert decode_whole(types, {"$": "enum", "t": "Rights", "v": "LOOK"}) is Rights.READ
    assert decode_whole(types, {"$": "enum", "t": "Rights", "v": 3}) == Rights.READ | Rights.WRITE
    recorded: Any = {"$": "object", "t": "Lazy", "v": {"x": 2, "twice": 4}}
    lazy: Any = decode_whole(types, recorded)
    assert (lazy.x, vars(lazy)["twice"]) == (1, 4)


def test_a_class_under_another_name() -> None:
    @dataclass
    class Purchase:
        total: int

    types = Types()
    types.register(Purchase, "Purchase")
    old: Any = {"$": "object", "t": "Bought", "v": {"total": 1}}
    with pytest.raises(UnknownType, match="no class is registered as 'Bought'"):
        decode_whole(types, old)
    renamed(Purchase, was="Bought")
    value = decode_whole(types, old)
    assert value == Purchase(1)
    encoded = encode_whole(types, value)
    assert isinstance(encoded, dict)
    assert encoded["t"] == "Purchase"


def test_a_newer_value_is_refused_and_says_upgrade() -> None:
    @dataclass
    class Plain:
        x: int

    class Colour(Enum):
        RED = 1

    types = Types()
    types.register(Plain, "Plain")
    types.register(Colour, "Colour")
    for newer in (
        {"$": "object", "t": "Plain", "v": {"x": 1, "y": 2}, "s": 2},
        {"$": "enum", "t": "Colour", "v": "RED", "s": 2},
    ):
        with pytest.raises(NewerValue, match=r"schema 2, and this program knows 1: .* upgrade it"):
            decode_whole(types, newer)  # type: ignore[arg-type]  # JSON, as it comes from the log


class Faulty(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    x: int
    y: int = 0
    held: Any = None


FIXES: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
    ("raised KeyError: 'z'", lambda old: {"x": old["z"]}),
    ("returned NoneType; return the fields", lambda old: None),
    ("give no 'x'", lambda old: {"y": 1, "held": None}),
    ("'w', which is no field of it", lambda old: {"x": 1, "y": 1, "held": 2, "w": 1}),
]


@pytest.mark.parametrize(("says", "fix"), FIXES)
def test_an_upcaster_that_does_not_fit_is_told(
    says: str, fix: Callable[[dict[str, Any]], Any]
) -> None:
    cls: Any = type("Made", (Faulty,), {})
    upcast(cls, from_=1)(fix)
    types = Types()
    types.register(cls, "Made")
    with pytest.raises(OutdatedValue, match=says):
        decode_whole(types, {"$": "object", "t": "Made", "v": {"x": 1, "y": 1, "held": 1}})


def _holding(old: dict[str, Any]) -> dict[str, Any]:
    return old | {"held": object()}


def test_what_cannot_be_recorded_is_told_when_the_memory_comes_back() -> None:
    cls: Any = type("Holding", (Faulty,), {})
    upcast(cls, from_=1)(_holding)
    types = Types()
    types.register(cls, "Holding")
    image = Image()
    recorded = {"$": "object", "t": "Holding", "v": {"x": 1, "y": 1, "held": 1}}
    image.apply(Delta(new={1: recorded}, set={"a": {"$": 1}}))  # type: ignore[dict-item]  # JSON
    with pytest.raises(Unrecordable, match=r"a\.held cannot be recorded"):
        Memory.restore(types, image)


def test_a_gap_in_the_chain_and_a_member_that_is_gone() -> None:
    class Size(Enum):
        SMALL = 1

    @upcast(Size, from_=2)
    def _(old: str) -> str:
        return old

    types = Types()
    types.register(Size, "Size")
    with pytest.raises(OutdatedValue, match=r"nothing brings it from 1 to 2; write @upcast"):
        decode_whole(types, {"$": "enum", "t": "Size", "v": "SMALL"})
    with pytest.raises(OutdatedValue, match="has no member 'TINY', which is recorded"):
        decode_whole(types, {"$": "enum", "t": "Size", "v": "TINY", "s": 3})


@pytest.mark.parametrize(
    ("declare", "says"),
    [
        (lambda: upcast(Line, from_=1), "two upcasters from schema 1"),
        (lambda: upcast(Line, from_=0), "from_=0 cannot be a schema"),
        (lambda: upcast(ValueError, from_=1), "nothing else is recorded by fields"),
        (lambda: upcast(int, from_=1), "int is no model"),
        (lambda: renamed(Line, was="Line"), "Line is the present name"),
    ],
)
def test_what_cannot_be_declared(declare: Callable[[], Any], says: str) -> None:
    def nothing(old: Any) -> Any:
        return old

    with pytest.raises(BadUpcast, match=says):
        (declare() or nothing)(nothing)
