"""Cancelling runs that nobody can go on with: they end, and so does who waits for them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.trouble import Ping, Troubled
from interlock.engine import Engine
from interlock.engine.why import Asking
from interlock.machines import (
    Refused,
    Workflow,
    approval,
    each,
    parallel,
    start,
    step,
    wait_for,
    workflow,
)
from interlock.projections import RunState, load_state
from interlock.store.clock import SystemClock
from interlock.store.contract import FINISHED

UNDONE: list[str] = []
RUNS = itertools.count()


async def take_back(what: str, result: str) -> None:
    UNDONE.append(what)


@step(compensate=take_back)
async def take(what: str) -> str:
    return what


@step
async def look(what: str) -> str:
    return what


async def asks(what: str) -> str:
    await approval("boss", about=what)
    return await look(what)


async def takes_and_asks(what: str) -> str:
    await take(what)
    await approval("boss", about=what)
    return await look(what)


async def branch(what: str) -> str:
    got = await look(what)
    await wait_for(Ping)
    return got


async def forks_out(what: str) -> list[str]:
    await parallel(branch(what), approval("boss", about=what))
    return [what]


async def for_each(what: str) -> list[str]:
    await each(branch, [what, "b", "c"])
    return [what]


async def starts(what: str) -> str:
    waiting = start(branch(what))
    await approval("boss", about=what)
    return await waiting


@workflow(name="giving-up-grandchild")
async def grandchild(what: str) -> str:
    await approval("boss", about=what)
    return what


async def waits_for_one(what: str) -> str:
    return await grandchild(what)


async def other(what: str) -> str:
    """What each of them is edited to: nothing of it is left."""
    await look.named("something else")(what)
    return what


def edited(function: Callable[..., Any]) -> Workflow[..., Any]:
    """The same name for each: a program before and after an edit."""
    return Workflow(function, "giving-up-edited")


CHILD: list[Workflow[..., Any]] = []
"""What the parent waits for: it is compiled where its own child is known."""


def parent_of(child: Workflow[..., Any]) -> Workflow[..., Any]:
    async def parent(what: str) -> str:
        await take("parent's")
        await child(what)
        return what

    return Workflow(parent, "giving-up-parent")


SHAPES = (asks, takes_and_asks, forks_out, for_each, starts, waits_for_one)
TAKES = (takes_and_asks,)


async def state_of(store: Troubled, run: str) -> RunState:
    return await load_state(store, run)


async def test_a_held_child_is_cancelled_with_its_parent_whatever_it_waits_for() -> None:
    for shape in SHAPES:
        UNDONE.clear()
        store, run = Troubled(), f"giving-up-{next(RUNS)}"
        before, after = parent_of(edited(shape)), parent_of(edited(other))
        async with Engine(store, machines=[before, edited(shape), grandchild]) as engine:
            await engine.start(before, "x", id=run)
            await engine.settle()
        async with Engine(store, machines=[after, edited(other), grandchild]) as engine:
            child = f"{run}/giving-up-edited#2"
            assert child in {entry.run for entry in await engine.runs()}
            await engine.cancel(run, by="ann", reason="gone")
            await engine.settle()
            if shape in TAKES:
                assert (await state_of(store, child)).status == "held"
                assert (await state_of(store, run)).ended is None
                why = await Asking(store, SystemClock().now()).why(run)
                assert (why.cause, why.root) == ("definition_changed", child)
                assert why.actions[0].argv[:3] == ("cancel", child, "--without-undo")
                with pytest.raises(Refused, match="can still be told"):
                    await engine.cancel(run, by="ann", undo=False)
                await engine.cancel(child, by="ann", reason="for good", undo=False)
                await engine.settle()
            ended = await state_of(store, child)
            assert ended.status == ("compensation failed" if shape in TAKES else "cancelled")
            assert not ended.pending
            top = await state_of(store, run)
            assert top.status == ("compensation failed" if shape in TAKES else "cancelled")
            assert UNDONE == ["parent's"]
            assert all(entry.status in FINISHED for entry in await engine.runs())


@given(
    shape=st.sampled_from(SHAPES),
    decided=st.booleans(),
    first=st.booleans(),
    undo=st.booleans(),
)
async def test_whoever_gives_a_held_run_up_in_whatever_order_it_ends(
    shape: Callable[..., Any], decided: bool, first: bool, undo: bool
) -> None:
    UNDONE.clear()
    store, run = Troubled(), f"giving-up-{next(RUNS)}"
    async with Engine(store, machines=[edited(shape), grandchild]) as engine:
        await engine.start(edited(shape), "x", id=run)
        await engine.settle()
    async with Engine(store, worker=False) as client:
        if decided and shape in (asks, takes_and_asks, forks_out, starts):
            await client.approve(run, "boss", by="ann")
        if first:
            await client.cancel(run, by="ann", reason="first")
    async with Engine(store, machines=[edited(other), grandchild]) as engine:
        await engine.settle()
        if (await state_of(store, run)).ended is None:
            await engine.cancel(run, by="ann", reason="second", undo=undo)
        await engine.settle()
        state = await state_of(store, run)
        done = [entry.activity for entry in state.stack]
        if done and undo:
            assert (state.ended, state.cancel is None) == (None, False)
            await engine.cancel(run, by="ann", reason="third", undo=False)
            await engine.settle()
            state = await state_of(store, run)
        assert state.ended == ("compensation failed" if done else "cancelled")
        assert bool(done) == (shape in TAKES)
        left = state.compensation.not_undone if state.compensation is not None else []
        assert left == done
        assert not state.pending
        history = await (await engine.get(run)).history()
        effects = {effect.activity: effect.status for effect in history.ledger()}
        assert [effects[activity] for activity in done] == ["not compensated"] * len(done)
        with pytest.raises(Refused, match="cannot be cancelled any more"):
            await engine.cancel(run, by="ann", undo=False)
        assert all(entry.status in FINISHED for entry in await engine.runs())
        assert run not in engine.held
    assert UNDONE == []


async def test_a_run_whose_code_the_worker_lacks_is_given_up_as_why_says(tmp_path: Path) -> None:
    url, run = f"sqlite:///{tmp_path}/runs.db", "giving-up-lost"
    gone = Workflow(takes_and_asks, "giving-up-gone")
    async with Engine(url, machines=[gone]) as engine:
        await engine.start(gone, "x", id=run)
        await engine.settle()
    async with Engine(url, worker=False) as client:
        with pytest.raises(Refused, match="can still be told"):  # a worker may have its code
            await client.cancel(run, by="ann", undo=False)
    async with Engine(url, machines=[grandchild]) as worker, Engine(url, worker=False) as client:
        assert worker.driving
        await client.approve(run, "boss", by="ann")
        worker.noticeboard.post()
        why = await Asking(client.store, SystemClock().now()).why(run)
        assert why.cause == "code_missing"
        assert [one.argv[0] for one in why.actions] == ["work", "cancel"]
        await client.cancel(
            run, by="ann", reason="gone", undo="--without-undo" not in why.actions[1].argv
        )
        state = await load_state(client.store, run)
        assert state.status == "compensation failed"
        assert state.compensation is not None
        assert state.compensation.not_undone == ["take#1"]
