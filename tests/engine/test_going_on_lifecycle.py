"""Lifecycles with effects go on under new code, whatever a migration calls their states."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest
from pydantic import BaseModel

from interlock.engine import Engine
from interlock.machines import Command, Effect, Lifecycle, on, step, taking
from interlock.store.backends.memory import MemoryStore


class Go(Command):
    pass


class Count(BaseModel):
    n: int = 0


def as_they_are(variables: dict[str, Any]) -> dict[str, Any]:
    return variables


@step
async def mail(text: str) -> None: ...


def going(middle: str, *, tells: bool) -> type[Lifecycle[Any, Any]]:
    stages = StrEnum("stages", {"A": "a", "B": middle, "Z": "z"})
    a, b, z = stages

    class Going(Lifecycle[stages, Count], initial=a, final={z}):
        @on(Go, source=a, target=b)
        def first(self, count: Count, go: Go) -> Count:
            return count

        @on(Go, source=b, target=z)
        def then(self, count: Count, go: Go) -> Count:
            return count

        if tells:

            @taking(first)
            def said(self, count: Count, go: Go) -> Effect:
                return mail.effect("x")

    return Going


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("after", [True, False])
async def test_a_renamed_state(before: bool, after: bool) -> None:
    store = MemoryStore()
    old, new = going("b", tells=before), going("bb", tells=after)
    async with Engine(store, machines=[old]) as engine:
        await engine.start(old, Count(), id="run")
        await engine.send("run", Go())
        await engine.settle()
    entry = await store.entry("run")
    assert entry is not None
    new.migrate(from_=entry.hash, states={"b": "bb"})(as_they_are)
    async with Engine(store, machines=[new]) as engine:
        await engine.send("run", Go())
        await engine.settle()
        assert await (await engine.get("run")).status() == "completed"
