"""Which classes an annotation registers, and that nothing else is ever looked up."""

from __future__ import annotations

import decimal
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, NewType, TypedDict, TypeVar, Union

import pytest
from pydantic import BaseModel

from interlock.store.errors import UnknownType
from interlock.store.values import Memory, Types, decode_whole, encode_whole
from store.values_kit import Box, Colour, Declined, Level, Order, Pair, Point, Rights, Same, Status

T = TypeVar("T", bound="Point")


@dataclass
class Node:
    following: Node | None = None
    colour: Colour | None = None
    nowhere: Missing | None = None  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore[reportUndefinedVariable]  # a reference that leads nowhere


class Cell(BaseModel, Generic[T]):
    content: T


class Form(TypedDict):
    pair: Pair


Rank = NewType("Rank", Level)


@pytest.mark.parametrize(
    ("annotation", "names"),
    [
        (Order, {"Order", "Status"}),
        (list[dict[str, Point | None]], {"Point"}),
        (Annotated[Union[Point, "Nothing"], 1], {"Point"}),  # noqa: F821  # pyright: ignore[reportUndefinedVariable]  # unresolved on purpose
        (Callable[[Point], Pair], {"Point", "Pair"}),
        (Literal[Rights.READ], {"Rights"}),
        (Form, {"Pair"}),
        (Rank, {"Level"}),
        (Box[Declined], {"Box", "Declined"}),
        (Cell[Point], {"Cell[Point]", "Cell", "Point"}),
        (Node, {"Node", "Colour"}),
        (T, set[str]()),
        (object, set[str]()),
        (Any, set[str]()),
        (None, set[str]()),
    ],
    ids=lambda value: "" if isinstance(value, set) else str(value),  # a set has no order
)
def test_collect(annotation: Any, names: set[str]) -> None:
    types = Types()
    types.collect(annotation)
    assert {name for name, _ in types} == names


def test_registries_are_merged() -> None:
    first, second = Types(), Types()
    first.register(Order, "order")
    second.collect(Point, Status)
    both = Types(first, second)
    assert dict(both) == {"order": Order, "Point": Point, "Status": Status}
    assert both.name(Order) == "order"
    assert both.find("order") is Order
    assert Order in both
    assert Pair not in both
    both.update(first)
    assert {name for name, _ in first} == {"order"}


def test_a_name_may_change_where_the_class_does_not() -> None:
    old, new = Types(), Types()
    old.register(Point, "geometry.Point")
    new.register(Pair, "geometry.Point")
    encoded = encode_whole(old, Point(1, 2))
    assert encoded == {"$": "object", "t": "geometry.Point", "v": {"x": 1, "y": 2}}
    with pytest.raises(UnknownType):
        decode_whole(Types(), encoded)


@pytest.mark.parametrize(
    "error", [KeyError("k"), TimeoutError(), decimal.InvalidOperation("x"), OSError(1, "x")]
)
def test_builtin_exceptions_are_known(error: Exception) -> None:
    Same()(decode_whole(Types(), encode_whole(Types(), error)), error)
    Same()(Memory(Types()).adopt(ExceptionGroup("g", [error]))[1], ExceptionGroup("g", [error]))


def test_json_errors_come_back_without_their_init() -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads("{")
    back: Any = decode_whole(Types(), encode_whole(Types(), caught.value))
    assert (back.msg, back.pos, str(back)) == (caught.value.msg, 1, str(caught.value))


def test_restoring_runs_no_code_of_the_class() -> None:
    @dataclass
    class Loud:
        x: int

        def __post_init__(self) -> None:
            raise AssertionError

    class Checked(BaseModel):
        x: int

        def model_post_init(self, _: Any, /) -> None:
            raise AssertionError

    class Picky(Exception):
        def __new__(cls, *_: object) -> Picky:
            raise AssertionError

    types = Types()
    for cls in (Loud, Checked, Picky):
        types.register(cls, cls.__name__)
    for tag, name, content in (
        ("object", "Loud", {"x": 1}),
        ("object", "Checked", {"x": 1}),
        ("error", "Picky", [1]),
    ):
        encoded: Any = {"$": tag, "t": name, "v": content}
        assert type(decode_whole(types, encoded)).__name__ == name
