"""`set` of a fork: it reaches into everything, and makes nothing that the code could not have."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.setting import Colour, Line, Parcel, Part, Where, parcel, setting
from interlock.engine import Engine
from interlock.machines import registry
from interlock.projections import NoSuchVariable, NotOfThatType
from interlock.store.backends.memory import MemoryStore


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with Engine(MemoryStore(), machines=[setting]) as opened:
        await (await opened.start(setting, parcel(), id="run")).result()
        yield opened


async def given(engine: Engine, changes: dict[str, object]) -> tuple[Parcel, list[Any]]:
    """The parcel of a fork with these changes, and what its other variables came to."""
    fork = await engine.fork("run", 2, set=changes)
    found = await fork.read("parcel", Parcel, at=3)
    return found, await fork.result()


FITTING: list[tuple[str, object, object]] = [
    ("parcel.lines[1].price", 7.5, Decimal("7.5")),
    ("parcel.lines[-1].name", "mug", "mug"),
    ("parcel.lines[0].parts[0].colour", "BLUE", Colour.BLUE),
    ("parcel.lines[0].parts[0].weight", 3, 3.0),
    ("parcel.lines[0].parts", [{"name": "n"}], [Part("n")]),
    ("parcel.lines", [{"name": "n", "price": "3"}], (Line(name="n", price=Decimal(3)),)),
    ("parcel.pair[1]", 5, 5),
    ("parcel.pair", ["b", 2], ("b", 2)),
    ('parcel.by_name["a.b"].price', 3, Decimal(3)),
    ("parcel.by_name", {"z": {"name": "n", "price": 1}}, {"z": Line(name="n", price=Decimal(1))}),
    ("parcel.colours.RED", 6, 6),
    ("parcel.colours", {"BLUE": 1}, {Colour.BLUE: 1}),
    ("parcel.numbers[7]", "x", "x"),
    ("parcel.tags", ["z", "y"], {"y", "z"}),
    ("parcel.coupon", "SPRING", "SPRING"),
    ("parcel.due", "2026-03-01T00:00:00Z", datetime(2026, 3, 1, tzinfo=UTC)),
    ("parcel.due", datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
    ("parcel.part", {"name": "q", "colour": "blue"}, Part("q", colour=Colour.BLUE)),
    ("parcel.part", Part("q", 2.5), Part("q", 2.5)),
    ("parcel.where", ["Ulm", 3], Where("Ulm", 3)),
    ("parcel.rate", Decimal("0.1"), 0.1),
    ("parcel.wait", "2 days", timedelta(days=2)),
    ("parcel.note", "another", "another"),
]


async def test_a_path_reaches_into_everything(engine: Engine) -> None:
    for path, value, expected in FITTING:
        found, _ = await given(engine, {path: value})
        names = {"parcel": found, "Colour": Colour}
        inside: Any = eval(path.replace(".RED", "[Colour.RED]"), names)
        assert inside == expected, path
        assert type(inside) is type(expected), path
        assert ("coupon" in found.model_fields_set) is (path == "parcel.coupon")


async def test_variables_of_their_own_are_changed_too(engine: Engine) -> None:
    paths: dict[str, object] = {
        "held[0]": "y", "held[1].name": "q", "queue[-1]": 9, "places[0].city": "Ulm",
        "nothing": {"new": "long" * 40},
    }  # fmt: skip
    _, found = await given(engine, paths)
    assert found == [
        ("y", Part("q")), deque([Decimal(1), Decimal(9)]), [Where("Ulm", 1)],
        {"new": "long" * 40}, "1",
    ]  # fmt: skip
    _, found = await given(engine, {"queue": [4], "places": [{"city": "Ulm", "code": 2}]})
    assert found[1:3] == [deque([Decimal(4)]), [Where("Ulm", 2)]]
    assert type(found[2][0]) is Where


WRONG: list[tuple[str, object, str]] = [
    ("held[1].weight", "heavy", "valid number"),
    ("held[1].colour", "GREEN", "one of RED, BLUE"),
    ("held[1].colour", None, "null"),
    ("held", ["a"], "2 items"),
    ("parcel.coupon", 5, "valid string"),
    ("parcel.due", "tomorrow", "datetime"),
    ("parcel.lines[0].price", -1, "greater than 0"),
    ("parcel.lines[0].price", None, "null"),
    ("parcel.lines", [{"name": "n"}], "lacks 'price'"),
    ("parcel.pair[1]", "x", "text"),
    ("parcel.by_name", [], "a list"),
    ("parcel.rate", None, "null"),
    ("parcel", {}, "lacks 'id'"),
    ("queue[0]", "x", "no decimal"),
]


async def test_a_value_of_another_type_is_refused(engine: Engine) -> None:
    for path, value, said in WRONG:
        with pytest.raises(NotOfThatType) as caught:
            await engine.fork("run", 2, set={path: value})
        assert said in str(caught.value)
        assert path in str(caught.value)


async def test_a_path_that_leads_nowhere_says_what_is_there(engine: Engine) -> None:
    for path, said in {
        "held[2]": "a tuple of 2 items, counted from 0",
        "parcel.tags[0]": "a set has no order",
        "parcel.part.name": "there is nothing (null) to have 'name'",
        "parcel.numbers[8]": "a dict has 7",
        "held[1].nam": "a Part has name, weight, colour",
        "parcel.coupon.x": "null",
    }.items():
        with pytest.raises(NoSuchVariable) as caught:
            await engine.fork("run", 2, set={path: 1})
        assert said in str(caught.value)


async def test_without_the_code_a_value_has_to_look_like_the_old_one(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_known", {})
    line: dict[str, object] = {"name": "n", "price": 3, "parts": []}
    changes: dict[str, object] = {
        "held[1].name": "q", "parcel.lines": [line], "parcel.colours": {"RED": 1},
        "parcel.numbers": {"8": "x"}, "parcel.tags": ["t"], "parcel.pair": ["b", 2],
    }  # fmt: skip
    async with Engine(engine.store, worker=False) as client:
        fork = await client.fork("run", 2, set=changes, id="plain")
        for path, value in {"parcel.coupon": 5, "held[1].colour": "BLUE"}.items():
            with pytest.raises(NotOfThatType, match="--app MODULE"):
                await client.fork("run", 2, set={path: value})
    found = await (await engine.get(fork.id)).read("parcel", Parcel, at=3)
    assert found.lines == (Line(name="n", price=Decimal(3)),)
    assert (found.numbers, found.tags, found.pair) == ({8: "x"}, {"t"}, ("b", 2))
