"""Runs whose workflow was edited: whether they can go on, before and after it was tried."""

from __future__ import annotations

from typing import Any

from interlock.machines import Workflow, wait_for
from interlock.store.backends.memory import MemoryStore
from why import flows
from why.kit import engine, outside


async def old(name: str) -> str:
    await wait_for(flows.Other)
    return await flows.act(name)


async def new(name: str) -> str:
    return await flows.act(f"new {name}")


def edited(function: Any) -> Workflow[..., str]:
    return Workflow(function, "why-edited")


async def test_a_definition_that_changed_is_named_before_and_after_it_is_held() -> None:
    store = MemoryStore()
    async with engine(store, machines=[edited(old)]) as one:
        await one.start(edited(old), "x", id="r")
        await one.settle()
    async with engine(store, machines=[edited(new)]) as one:
        await one.settle()
        waits = await one.why("r")
        assert waits.cause == "command"
        assert "was edited since this run began" in waits.besides[0]
        one.noticeboard.post()
        guess = await outside(store, "r")  # without the code it is not known whether it fits
        assert (guess.cause, len(guess.besides)) == ("command", 1)
        assert "interlock deploy-check" in guess.besides[0]
        await one.send("r", flows.Other())
        await one.settle()
        why = await one.why("r")
        assert (why.cause, why.status) == ("definition_changed", "held")
        assert [one.argv[:2] for one in why.actions] == [
            ("cancel", "r"),
            ("work", "why.test_edited"),
        ]
        one.noticeboard.post()
        told = await outside(store, "r")
        assert (told.cause, told.besides, told.actions) == (why.cause, (), why.actions)
    assert (await outside(store, "r")).cause == "definition_changed"


async def longer(name: str) -> str:
    await wait_for(flows.Other)
    done = await flows.act(name)
    return await flows.act.named("again")(done)


async def test_an_edit_that_the_run_can_go_on_under_is_no_obstacle() -> None:
    store = MemoryStore()
    async with engine(store, machines=[edited(old)]) as one:
        await one.start(edited(old), "x", id="r")
        await one.settle()
    async with engine(store, machines=[edited(longer)]) as one:
        await one.settle()
        why = await one.why("r")
        assert (why.cause, why.besides) == ("command", ())
        await one.send("r", flows.Other())
        await one.settle()
        assert (await one.why("r")).cause == "completed"
