"""What cannot be waited for is raised at the await, where the author's code can see it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest

from interlock.engine import Engine
from interlock.machines import (
    BadDefinition,
    approval,
    parallel,
    race,
    sleep,
    step,
    workflow,
)
from interlock.projections import History
from interlock.store.backends.memory import MemoryStore
from interlock.store.errors import Unrecordable


@step
async def take(*given: Any) -> str:
    return f"took {len(given)}"


async def pause(kind: str) -> str:
    try:
        await sleep(kind)
    except BadDefinition as error:
        return str(error.message)
    return "slept"


@workflow(name="asking-the-impossible")
async def asking(kind: str) -> list[str]:
    seen: list[str] = []
    first = [kind]
    none: list[Awaitable[str]] = []
    try:
        if kind == "duration":
            await sleep(kind)
        elif kind == "nothing":
            await race(*none)
        elif kind == "argument":
            await take(first, object())
        elif kind == "member":
            await parallel(take(first), take(first, object()))
        elif kind == "approval":
            await approval("boss", about=first, timeout=kind)
    except Exception as error:
        seen.append(type(error).__name__)
        first.append("caught")
    decision = await approval("someone", about=first)
    return [*seen, *first, decision.by, await take(first)]


@workflow(name="asking-in-helpers")
async def in_helpers(kind: str) -> list[str]:
    alone = await pause(kind)
    both = await parallel(pause(kind), pause("1 ms"))
    return [alone, *both]


@workflow(name="not-looking")
async def not_looking(kind: str) -> None:
    await take()
    await sleep(kind)


KINDS = {
    "duration": "BadDefinition", "nothing": "BadDefinition", "argument": "Unrecordable",
    "member": "Unrecordable", "approval": "BadDefinition",
}  # fmt: skip


@pytest.mark.parametrize(("kind", "raised"), KINDS.items())
async def test_it_is_caught_where_it_is_awaited_and_the_run_goes_on(kind: str, raised: str) -> None:
    store = MemoryStore()
    async with Engine(store, machines=[asking]) as engine:
        await engine.start(asking, kind, id=kind)
        await engine.settle()
    async with Engine(store, machines=[asking]) as engine:  # restored from the log
        await engine.approve(kind, "someone", by="ann")
        run = await engine.get(kind)
        assert await run.result() == [raised, kind, "caught", "ann", "took 1"]
        history = History(await store.read(kind))
        history.verify()
        assert not any(e.body.__class__.__name__ == "StepFailed" for e in history.events)


async def test_a_helper_catches_it_beside_another() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(in_helpers, "soon", id="run")
        alone, first, second = await run.result()
        assert alone == first == KIND_OF_DURATION
        assert second == "slept"


KIND_OF_DURATION = "'soon' is not a duration; write text such as '30 seconds', '2 days', '1h 30m'"


async def test_uncaught_it_ends_the_run_and_names_the_line() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(not_looking, "soon", id="run")
        with pytest.raises(BadDefinition) as error:
            await run.result()
        assert "where the workflow waits for 'sleep'" in error.value.__notes__[0]
        assert await run.status() == "failed"


async def test_a_variable_that_cannot_be_recorded_ends_it() -> None:
    @workflow(name="keeping-a-lock")
    async def keeping() -> str:
        lock = object()
        try:
            await take()
        except Unrecordable:
            return "not here: the variables are no part of what is awaited"
        return repr(lock)

    async with Engine("memory://") as engine:
        run = await engine.start(keeping, id="run")
        with pytest.raises(Unrecordable, match="lock"):
            await run.result()
