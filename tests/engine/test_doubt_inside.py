"""Steps of branches and items in doubt: a person says what became of each, and it is undone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from engine.trouble import Troubled
from interlock.engine import Engine, UnknownMachine
from interlock.machines import Refused, each, parallel, start, step, workflow

CALLS: list[str] = []


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    CALLS.clear()
    yield
    CALLS.clear()


async def unwire(name: str) -> None:
    CALLS.append(f"undo {name}")


@step(compensate=unwire, on_crash="hold")
async def wire(name: str) -> str:
    CALLS.append(name)
    await asyncio.Event().wait()  # the process dies meanwhile
    return name


@step(irreversible="it is said", on_crash="hold")
async def say(name: str) -> str:
    CALLS.append(name)
    await asyncio.Event().wait()
    return name


@step
async def fail() -> None:
    message = "at last"
    raise ValueError(message)


async def branch(name: str) -> str:
    return await wire(name)


@workflow
async def doubtful_items() -> None:
    await each(wire, ["one", "two"], ids=["a", "b"])
    await fail()


@workflow
async def doubtful_branches() -> None:
    await parallel(north=branch("one"), south=branch("two"))
    await fail()


@workflow
async def doubtful_calls() -> None:
    told = start(say("hello"))
    await parallel(wire("one"), wire("two"))
    await told
    await fail()


@pytest.mark.parametrize("serves", [True, False])
@pytest.mark.parametrize(
    ("flow", "first", "second"),
    [
        (doubtful_items, "each:wire#1[a]", "each:wire#1[b]"),
        (doubtful_items, "a/wire", "b/wire"),
        (doubtful_branches, "north/wire", "south/wire"),
        (doubtful_calls, "parallel:wire#2[0]", "wire[1]"),
    ],
)
async def test_what_did_happen_is_undone(
    flow: Any, first: str, second: str, serves: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`serves`: whether the process of the person knows the workflow."""
    store = Troubled()
    async with Engine(store, machines=[flow]) as engine:
        await engine.start(flow, id="run")
        wanted = 3 if flow is doubtful_calls else 2
        while len(CALLS) < wanted:  # noqa: ASYNC110  the steps tell nobody else
            await asyncio.sleep(0.001)
    async with Engine(store, machines=[flow]) as engine:
        await engine.settle()
        assert (await (await engine.get("run")).status()) == "in doubt"
    with monkeypatch.context() as patch:
        if not serves:
            patch.setattr("interlock.machines.registry._known", {})
        async with Engine(store, worker=serves) as engine:
            for happened in (True, False):
                with pytest.raises(Refused, match=r"several calls of 'wire' .* in doubt: say"):
                    await engine.resolve("run", "wire", happened=happened)
            await engine.resolve("run", first, happened=True, result="one", by="ann")
            await engine.resolve("run", second, happened=True, result="two", by="ann")
            if flow is doubtful_calls and not serves:
                with pytest.raises(UnknownMachine, match="whether 'say' can be undone"):
                    await engine.resolve("run", "say", happened=True, result="hello")
    async with Engine(store, machines=[flow]) as engine:
        if flow is doubtful_calls:
            await engine.resolve("run", "say", happened=True, result="hello", by="ann")
        run = await engine.get("run")
        with pytest.raises(ValueError, match="at last"):
            await run.result()
        assert await run.status() == "compensated"
        assert CALLS[-2:] == ["undo two", "undo one"]
        stays = [why.why for why in (await run.snapshot()).irreversible]
        assert stays == (["it is said"] if flow is doubtful_calls else [])
