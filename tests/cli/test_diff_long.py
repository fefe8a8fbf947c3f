"""`diff` of a long run: it reads what lies between, and says how far it has come."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from engine.long_runs import counting, lengthen
from interlock.cli import past
from interlock.engine import Engine
from interlock.store.backends.memory import MemoryStore


class Bars:
    """Bars that were drawn: what of, how many, and how many were done."""

    drawn: ClassVar[list[list[Any]]] = []

    def __init__(self, what: str, total: int | None) -> None:
        self.drawn.append([what, total, 0])

    def __enter__(self) -> Bars:
        return self

    def __exit__(self, *_: object) -> None: ...

    def advance(self, by: int) -> None:
        self.drawn[-1][2] += by


async def test_it_says_how_far_it_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    Bars.drawn.clear()
    monkeypatch.setattr(past, "Bar", Bars)
    store = MemoryStore()
    async with Engine(store, machines=[counting]) as engine:
        await engine.start(counting, 1, id="r")
        await engine.settle()
    await lengthen(store, "r", 500)
    last = (await store.head("r")).version
    assert last > past.LONG
    found = await past.between(store, "r", 10, None)
    assert Bars.drawn == [["events", last - 10, last - 10]]
    assert len(found.effects) == 499  # the first call was over by then
    backwards = await past.between(store, "r", last, 10)
    assert [(one.after, one.before) for one in backwards.effects] == [
        (one.before, one.after) for one in found.effects
    ]
