"""What a step wants is missed when the engine opens, wherever the step is called."""

from __future__ import annotations

from typing import Any

import pytest

from interlock.engine import Engine
from interlock.machines import each, parallel, resource, start, step, workflow
from interlock.machines.errors import MissingResource


@step
async def told(number: int, sender: str = resource("inside-sender")) -> str:
    return f"{sender} {number}"


async def telling(number: int) -> str:
    return await told(number)


async def telling_twice(number: int) -> str:
    return await telling(number)


def flows() -> list[Any]:
    """Made in here, so that no engine of another test serves them."""

    @workflow
    async def wants_in_a_join(number: int) -> str:
        one, other = await parallel(told(number), told(number + 1))
        return one + other

    @workflow
    async def wants_in_items(number: int) -> list[str]:
        return await each(told, [number])

    @workflow
    async def wants_in_a_handle(number: int) -> str:
        handle = start(told(number))
        return await handle

    @workflow
    async def wants_in_a_helper(number: int) -> str:
        return await telling_twice(number)

    @workflow
    async def wants_in_a_branch(number: int) -> str:
        (only,) = await parallel(telling(number))
        return only

    return [
        wants_in_a_join, wants_in_items, wants_in_a_handle, wants_in_a_helper, wants_in_a_branch,
    ]  # fmt: skip


@pytest.mark.parametrize("flow", flows(), ids=lambda flow: flow.name)
async def test_it_is_missed_when_the_engine_opens(flow: Any) -> None:
    with pytest.raises(MissingResource, match="told needs"):
        async with Engine("memory://", machines=[flow]):
            pass
    async with Engine("memory://", machines=[flow], resources={"inside-sender": "me"}) as engine:
        run = await engine.start(flow, 1)
        assert "me 1" in str(await run.result())
