"""A call that a person wants made, said while no worker runs, was not interrupted by that."""

from __future__ import annotations

from engine.trouble import Troubled
from interlock.engine import Engine
from interlock.machines import step, workflow
from interlock.store.vocabulary import StepRecalled

CALLS: list[str] = []


@step(interruptions=1)
async def send(what: str) -> str:
    CALLS.append(what)
    return f"{what} sent"


@workflow(name="answered-live")
async def answered(what: str) -> str:
    return await send(what)


async def test_the_first_call_of_a_live_answer_is_no_recall() -> None:
    CALLS.clear()
    store = Troubled()
    async with Engine(store, machines=[answered]) as engine:
        assert await (await engine.start(answered, "a", id="run")).result() == "a sent"
        await engine.fork("run", 2, id="fork", effects="ask")
        await engine.settle()
    async with Engine(store, machines=[answered], worker=False) as client:
        await client.answer("fork", "send", "live", by="ann")
    CALLS.clear()
    async with Engine(store, machines=[answered]) as engine:
        assert await (await engine.get("fork")).result() == "a sent"
        assert CALLS == ["a"]
    bodies = [e.body for e in await store.read("fork") if isinstance(e.body, StepRecalled)]
    assert [body.interruptions for body in bodies] == [0]
