"""The law of going on: what the verdict says is what happens, and it is what new code would do."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.trouble import Troubled
from interlock.engine import Engine
from interlock.machines import Workflow, approval, step
from interlock.machines.compare import GoesOn
from interlock.projections import RunState, fold
from interlock.store.changing import RunMigrated
from machines import edits
from machines.scripted import define

_ENOUGH = 1000
"""Approvals after which a run is over: programs with nested loops ask for more than forty."""


async def run_through(
    store: Troubled, machine: Workflow[..., Any], waits: int
) -> tuple[RunState, bool]:
    """Approve so many times; the run then, and whether it was held."""
    async with Engine(store, machines=[machine]) as engine:
        await engine.settle()
        for _ in range(waits):
            asking = await engine.approvals()
            if not asking:
                break
            for asked in asking:
                await engine.approve("run", asked.name, by="ann")
                await engine.settle()
        state = fold(await store.read("run"))
        return state, "run" in engine.held


def made(tree: edits.Tree, calls: list[int]) -> Workflow[..., Any]:
    @step
    async def act(value: int) -> int:
        calls.append(value)
        return edits.act(value)

    space = {"act": act, "approval": approval}
    return Workflow(define(edits.source_of(tree), space), "flow")


@given(st.integers(0, 2**32), st.integers(0, 6), st.integers(1, 3), st.integers(0, 4))
def test_what_goes_on_does_what_the_new_code_would(
    seed: int, argument: int, changes: int, stop: int
) -> None:
    asyncio.run(_law(Random(seed), argument, changes, stop))


async def _law(random: Random, argument: int, changes: int, stop: int) -> None:
    old = edits.tree_of(random)
    new = edits.edited(random, old, changes)
    native = edits.begun(argument)
    waits = native.run(old.body)
    for _ in range(stop + 1):
        if next(waits, None) is None:
            return  # it ends before
    store, calls = Troubled(), list[int]()
    before, after = made(old, calls), made(new, calls)
    async with Engine(store, machines=[before]) as engine:
        await engine.start(before, argument, id="run")
    state, _ = await run_through(store, before, stop)
    assert (state.state, calls) == (f"approval:{native.waits[-1]}", native.calls)
    foreseen = await _outlook(store, after)
    state, held = await run_through(store, after, _ENOUGH)
    moved = [e for e in await store.read("run") if isinstance(e.body, RunMigrated)]
    if before.machine.hash == after.machine.hash:
        assert not moved
    else:
        assert foreseen is not None
        assert held == (foreseen.event is None), foreseen.verdict
        assert len(moved) == (isinstance(foreseen.verdict, GoesOn))
    if held:
        assert "was edited since" in state.held
        state, held = await run_through(store, before, _ENOUGH)
        assert all(name in edits.source_of(old) for name in waits)
        assert (state.status, calls) == ("completed", native.calls)
        assert state.image.plain(state.result) == native.variables[old.result]
        return
    others = native.resume(new.body, native.waits[-1])
    assert all(name in edits.source_of(new) for name in others)
    assert (state.status, calls) == ("completed", native.calls)
    assert state.image.plain(state.result) == native.variables[new.result]


async def _outlook(store: Troubled, machine: Workflow[..., Any]) -> Any:
    async with Engine(store, machines=[machine], worker=False) as client:
        return await client.outlook("run")
