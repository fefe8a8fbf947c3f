"""Classes before and after a change, values of the old ones, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple

from hypothesis import strategies as st
from pydantic import BaseModel

from interlock.store.values import Types, upcast
from interlock.store.values.atom import class_of


class OldTier(Enum):
    FREE = 1
    PAID = 2


@dataclass
class OldLine:
    name: str
    cents: int
    tags: list[Any] = field(default_factory=list[Any])


class OldOrder(BaseModel):
    lines: list[OldLine] = []
    tier: OldTier = OldTier.FREE
    note: str | None = None


class OldKey(NamedTuple):
    tier: OldTier
    number: int


class Tier(Enum):
    BASIC = 1
    PAID = 2
    GOLD = 3


@dataclass
class Money:
    amount: Decimal


@dataclass
class Line:
    label: str
    price: Money
    tags: list[Any] = field(default_factory=list[Any])


class Order(BaseModel):
    lines: list[Line] = []
    tier: Tier = Tier.BASIC
    currency: str


class Key(NamedTuple):
    tier: Tier
    number: str


OLD, NEW = Types(), Types()
for one, other, called in [
    (OldTier, Tier, "Tier"),
    (OldLine, Line, "Line"),
    (OldOrder, Order, "Order"),
    (OldKey, Key, "Key"),
]:
    OLD.register(one, called)
    NEW.register(other, called)
NEW.register(Money)


@upcast(Tier, from_=1)
def _tier(name: str) -> str:
    return {"FREE": "BASIC"}.get(name, name)


@upcast(Line, from_=1)
def _line(old: dict[str, Any]) -> dict[str, Any]:
    return {"label": old["name"], "cents": old["cents"], "tags": old["tags"]}


@upcast(Line, from_=2)
def _line_again(old: dict[str, Any]) -> dict[str, Any]:
    price = Money(Decimal(old["cents"]) / 100)
    return {"label": old["label"], "price": price, "tags": old["tags"]}


@upcast(Order, from_=1)
def _order(old: dict[str, Any]) -> dict[str, Any]:
    return {"lines": old["lines"], "tier": old["tier"], "currency": old["note"] or "EUR"}


@upcast(Key, from_=1)
def _key(old: dict[str, Any]) -> dict[str, Any]:
    return {"tier": old["tier"], "number": str(old["number"])}


class Graph:
    """Draws values of the old classes that share parts of each other."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw
        self.made: list[Any] = []

    def value(self, depth: int = 3) -> Any:
        if self.made and self.draw(st.integers(0, 3)) == 0:
            return self.draw(st.sampled_from(self.made))
        kinds: list[Callable[[int], Any]] = [self._atom, self._tier]
        if depth:
            kinds += [self._line, self._order, self._list, self._set, self._dict, self._key]
        made = self.draw(st.sampled_from(kinds))(depth - 1)
        self.made.append(made)
        return made

    def _atom(self, _: int) -> Any:
        return self.draw(st.sampled_from([None, 7, "text", "long" * 20]))

    def _tier(self, _: int = 0) -> OldTier:
        tier: OldTier = self.draw(st.sampled_from(OldTier))
        return tier

    def _line(self, depth: int) -> OldLine:
        return OldLine(f"n{depth}", self.draw(st.integers(0, 999)), [self.value(depth)])

    def _order(self, depth: int) -> OldOrder:
        lines = [self._line(depth) for _ in range(self.draw(st.integers(0, 2)))]
        made = OldOrder(
            lines=lines, tier=self._tier(), note=self.draw(st.sampled_from(["", "USD"]))
        )
        lines_of = [x for x in self.made if isinstance(x, OldLine)]
        if lines_of:
            made.lines.append(self.draw(st.sampled_from(lines_of)))
        return made

    def _list(self, depth: int) -> list[Any]:
        return [self.value(depth) for _ in range(self.draw(st.integers(0, 3)))]

    def _set(self, _: int) -> set[Any]:
        return {self._tier() for _ in range(self.draw(st.integers(0, 2)))}

    def _key(self, _: int = 0) -> OldKey:
        return OldKey(self._tier(), self.draw(st.integers(0, 2)))

    def _dict(self, depth: int) -> dict[Any, Any]:
        keys = [self.draw(st.sampled_from([self._tier, self._key]))() for _ in range(2)]
        return {key: self.value(depth) for key in keys}


class Renewed:
    """What the new program would have in place of a value of the old one, object by object."""

    def __init__(self) -> None:
        self._made: dict[int, Any] = {}

    def __call__(self, old: Any) -> Any:
        if isinstance(old, OldTier):
            return Tier[{"FREE": "BASIC"}.get(old.name, old.name)]
        if old is None or isinstance(old, int | str):
            return old
        if id(old) not in self._made:
            self._made[id(old)] = self._new(old)
        return self._made[id(old)]

    def _new(self, old: Any) -> Any:
        if isinstance(old, OldKey):
            return Key(self(old.tier), str(old.number))
        if isinstance(old, OldLine):
            return Line(old.name, Money(Decimal(old.cents) / 100), self(old.tags))
        if isinstance(old, OldOrder):
            made = Order(tier=self(old.tier), currency=old.note or "EUR")
            object.__setattr__(made, "__dict__", {
                "lines": self(old.lines), "tier": made.tier, "currency": made.currency,
            })  # fmt: skip
            return made
        if class_of(old) is dict:
            return {self(key): self(value) for key, value in old.items()}
        items = [self(one) for one in old]
        return set(items) if class_of(old) is set else items


def edit(draw: Callable[[st.SearchStrategy[Any]], Any], value: Any) -> None:
    """A change such as new code makes, in place."""
    kind = class_of(value)
    if kind is Line:
        how = draw(st.integers(0, 2))
        if how == 0:
            value.label = "other"
        elif how == 1:
            value.price.amount = Decimal(3)
        else:
            value.tags.append(value.price)
    elif kind is Order:
        value.currency = "GBP"
        value.lines.append(Line("new", Money(Decimal(1))))
    elif kind is dict:
        value[Tier.BASIC] = draw(st.sampled_from([*value.values(), 8]))
        value.pop(next(iter(value)))
    elif kind is set:
        value.symmetric_difference_update({Tier.BASIC})
        value.add(Tier.GOLD)
    else:
        value.append(Tier.GOLD)


def reached(roots: list[Any]) -> list[Any]:
    """The objects below these that can be changed."""
    found: list[Any] = []
    for one in roots:
        _reach(one, found)
    return found


def _reach(one: Any, found: list[Any]) -> None:
    kind = class_of(one)
    if kind not in (Line, Order, list, set, dict) or any(one is other for other in found):
        return
    found.append(one)
    fields: dict[str, Any] = getattr(one, "__dict__", {})
    parts: list[Any] = [*fields.values()]
    if kind in (list, set):
        parts += one
    elif kind is dict:
        parts += [one[key] for key in one]
    for part in parts:
        _reach(part, found)
