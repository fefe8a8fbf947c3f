"""Every value that cannot be recorded is refused: where it is, what it is, what to do instead."""

from __future__ import annotations

import asyncio
import io
import math
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from interlock.store.errors import InterlockError, UnknownType, Unrecordable
from interlock.store.values import (
    Image,
    Memory,
    Touch,
    Types,
    decode_whole,
    encode_whole,
)
from store.values_kit import Box, Order, Slotted, all_types


class MyList(list[int]):
    pass


class Client:
    pass


class Secret(Enum):
    ONE = 1


@dataclass
class Unknown:
    x: int


class UnknownPair(NamedTuple):
    x: int


class UnknownError(Exception):
    pass


class OddZone(tzinfo):
    def utcoffset(self, _: datetime | None, /) -> timedelta:
        return timedelta(0)

    dst = utcoffset

    def tzname(self, _: datetime | None, /) -> str:
        return "odd"


async def nothing() -> None:
    pass


def closed_coroutine() -> Any:
    coroutine = nothing()
    coroutine.close()
    return coroutine


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "function": (lambda: nothing, "a function is not a value here"),
    "builtin": (lambda: len, "a function is not a value here"),
    "class": (lambda: Client, "record its name"),
    "module": (lambda: math, "import it where it is used"),
    "generator": (lambda: (x for x in [1]), "make a list of it first"),
    "iterator": (lambda: iter([1]), "make a list of it first"),
    "view": (dict[str, int]().keys, "make a list of it"),
    "file": (io.StringIO, "open and close it inside one step"),
    "lock": (threading.Lock, "keep it inside a step, or pass its id"),
    "event": (asyncio.Event, "keep it inside a step, or pass its id"),
    "coroutine": (closed_coroutine, "await it before the next await"),
    "object": (Client, "keep it inside a step, or pass its id"),
    "path": (Path, "keep it inside a step, or pass its id"),
    "complex": (lambda: 1j, "as floats"),
    "subclass": (lambda: MyList([1]), "use a plain list, or a dataclass that holds one"),
    "OrderedDict": (OrderedDict, "use a dict"),
    "defaultdict": (defaultdict[str, int], "use a dict"),
    "memoryview": (lambda: memoryview(b""), "use bytes"),
    "dataclass": (lambda: Unknown(1), "name Unknown in an annotation"),
    "named tuple": (lambda: UnknownPair(1), "name UnknownPair in an annotation"),
    "exception": (lambda: UnknownError(1), "name UnknownError in an annotation"),
    "enum": (lambda: Secret.ONE, "name Secret in an annotation"),
    "zone": (lambda: datetime(2024, 1, 1, tzinfo=OddZone()), "use UTC"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_refused(kind: str) -> None:
    make, advice = REFUSED[kind]
    order = Order(number=1, lines=[0, 1, Box(make())])
    memory = Memory(all_types())
    actions: list[Callable[[], object]] = [
        lambda: memory.adopt(order, "order"),
        lambda: memory.encode(order, "order"),
        lambda: memory.record({"order": order}, ["order"], {}, []),
        lambda: encode_whole(all_types(), order, "order"),
    ]
    for action in actions:
        with pytest.raises(Unrecordable) as caught:
            action()
        assert caught.value.path == "order.lines[2].content"
        assert caught.value.message.startswith("order.lines[2].content cannot be recorded: ")
        assert advice in caught.value.message
    assert memory.take() is None


def test_a_refused_value_leaves_the_memory_as_it_was() -> None:
    memory, image = Memory(all_types()), Image()
    frame: dict[str, Any] = {"a": [1], "b": [2]}
    image.apply(memory.record(frame, ["a", "b"], {}, []))
    frame["a"].append(3)
    frame["b"] += [Slotted(frame["a"]), Client()]
    with pytest.raises(Unrecordable, match=r"^ILK012: b\[2\] cannot"):
        memory.record(frame, ["a", "b", "c"], {"a": Touch.DEEP, "b": Touch.DEEP}, [])
    frame["b"].pop()
    image.apply(memory.record(frame, ["a", "b"], {"a": Touch.DEEP, "b": Touch.DEEP}, []))
    _, restored = Memory.restore(all_types(), image)
    b: Any = restored["b"]
    assert restored["a"] == [1, 3]
    assert b[1].left is restored["a"]


def test_what_only_a_dead_variable_holds_is_not_refused() -> None:
    memory = Memory(all_types())
    delta = memory.record({"a": 1, "file": Client()}, ["a"], {"file": Touch.DEEP}, [])
    assert delta.set == {"a": 1}


def test_what_is_nested_too_deeply_is_refused() -> None:
    deep: tuple[Any, ...] = ()
    for _ in range(5000):
        deep = (deep,)
    with pytest.raises(Unrecordable, match="argument is nested too deeply"):
        Memory(Types()).adopt(deep, "argument")
    with pytest.raises(Unrecordable, match="nested too deeply"):
        encode_whole(Types(), deep)


def test_long_chains_of_objects_are_no_problem() -> None:
    chain = None
    for _ in range(5000):
        chain = Slotted(chain)
    memory, image = Memory(all_types()), Image()
    _, frame = memory.adopt(chain)
    image.apply(memory.record({"a": frame}, ["a"], {}, []))
    restored: Any = Memory.restore(all_types(), image)[1]["a"]
    length = 0
    while restored is not None:
        restored, length = restored.left, length + 1
    assert length == 5000
    assert "<deeper>" in str(image.plain_variables())


def test_a_cycle_has_no_encoding_in_one_piece() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    with pytest.raises(Unrecordable, match="contains itself"):
        encode_whole(Types(), cycle)


def test_unregistered_names_are_not_imported() -> None:
    with pytest.raises(UnknownType, match=r"no class is registered as 'os\.system'"):
        decode_whole(Types(), {"$": "object", "t": "os.system", "v": {}})
    with pytest.raises(UnknownType):
        Image().decode(Types(), {"$": 7})


def test_two_classes_cannot_share_a_name() -> None:
    types = all_types()
    with pytest.raises(InterlockError, match="register one of them with name="):
        types.register(Unknown, "Order")
    types.register(Unknown, "Unknown2")
    assert types.name(Unknown) == "Unknown2"
    with pytest.raises(Unrecordable, match="register it"):
        types.name(UnknownPair)
    with pytest.raises(InterlockError, match="is not an enum"):
        types.register(Client)
