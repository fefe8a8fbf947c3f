"""Law: several calls at a time are what asyncio makes of them, also reopened at every moment."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from engine.replaying import Law, in_force, replayed
from interlock.engine import Engine
from interlock.machines import Workflow
from interlock.store.backends.memory import MemoryStore
from machines.conductor import World
from machines.joined import joined_names, joined_programs, native_names, natively
from machines.programs import Program, Script
from machines.scripted import define

_UNBOUND = re.compile(r"(UnboundLocal|Name)Error\(.cannot access [^)]*\)")


def shown(value: object, error: BaseException | None) -> str:
    """A result or an error, in text."""
    text = repr(value) if error is None else repr(error)
    return _UNBOUND.sub("unbound", text)


async def expected(program: Program, seed: int) -> tuple[str, list[str]]:
    world = World(Script(program.codes), seed)
    space = native_names(joined_names(world))
    flow = space["workflow"](define(program.source, space))
    result = shown(*await natively(flow, world, program.args))
    return result, world.script.outcome.calls


async def found(
    program: Program, seed: int, *, reopening: bool, law: list[Law]
) -> tuple[str, list[str]]:
    world = World(Script(program.codes), seed)
    flow: Workflow[..., Any] = Workflow(define(program.source, joined_names(world)), "flow")
    store = MemoryStore()
    law[:] = [Law(store)]
    engine = Engine(store, machines=[flow])
    await engine.__aenter__()
    ended = asyncio.ensure_future(_end(engine, flow, program.args))

    async def reopen() -> None:
        nonlocal engine, ended
        under_way = world.keys
        if len(set(under_way)) < len(under_way):
            return  # behind it nobody could say which of them was first
        ended.cancel()
        await engine.__aexit__(None, None, None)
        assert not world.waiting
        engine = Engine(store, machines=[flow])
        await engine.__aenter__()
        ended = asyncio.ensure_future(_end(engine, flow, program.args))
        await world.quiet(ended.done)
        assert world.keys == under_way

    await world.conduct(lambda: ended.done(), reopen if reopening else None)  # noqa: PLW0108  another one by then
    result = shown(*await ended)
    await engine.__aexit__(None, None, None)
    for entry in await store.entries():
        replayed(await store.read(entry.run), law[0])
    law.clear()
    return result, world.script.outcome.calls


async def _end(
    engine: Engine, flow: Workflow[..., Any], args: list[Any]
) -> tuple[Any, BaseException | None]:
    run = await engine.start(flow, *args, id="run")
    try:
        return await run.result(), None
    except Exception as error:
        return None, error


@pytest.fixture(scope="module")
def law() -> Iterator[list[Law]]:
    with in_force() as laws:
        yield laws


@settings(max_examples=settings().max_examples // 4)
@given(program=joined_programs(), seed=st.integers(0, 3), reopening=st.booleans())
def test_several_calls_are_what_asyncio_makes_of_them(
    law: list[Law], program: Program, seed: int, reopening: bool
) -> None:
    note(program.source)
    native = asyncio.run(expected(program, seed))
    assert asyncio.run(found(program, seed, reopening=reopening, law=law)) == native
