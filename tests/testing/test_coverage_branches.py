"""Coverage of workflows that do several things at once: all of it can be covered, counted once."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.machines import each, parallel, settle, start, step, workflow
from interlock.machines.draw.mermaid import escape
from interlock.machines.draw.picture import title
from interlock.machines.workflow import Workflow
from interlock.store.backends.memory import MemoryStore
from interlock.testing import Environment, Error, NothingMore, Script, Value
from interlock.testing.coverage import (
    Report,
    Tally,
    dot_picture,
    items_of,
    mermaid_picture,
    production,
)
from interlock.testing.coverage.live import Collector


async def free(room: int) -> None: ...


async def repay(sum_: int) -> None: ...


@step(compensate=free)
async def hold(room: int) -> int:
    return room


@step(compensate=repay)
async def debit(sum_: int) -> int:
    return sum_


@step
async def post_key(room: int) -> int:
    return room


@workflow
async def holding_both(room: int) -> int:
    one, two = await parallel(hold(room), debit(room))
    return await post_key(one + two)


async def held(room: int) -> int:
    room = await hold(room)
    return await debit(room)


async def both(room: int) -> int:
    one, two = await parallel(hold(room), debit(room))
    return one + two


@workflow
async def holding_in_a_branch(room: int) -> int:
    one, two = await parallel(held(room), post_key(room))
    return one + two


@workflow
async def holding_in_a_helper(room: int) -> int:
    room = await both(room)
    return await post_key(room)


@workflow
async def holding_deep(room: int) -> int:
    one, two = await parallel(both(room), post_key(room))
    return one + two


@workflow
async def holding_each(room: int) -> int:
    rooms = await each(held, [*range(room)])
    return await post_key(len(rooms))


@workflow
async def holding_meanwhile(room: int) -> int:
    handle = start(hold(room))
    await debit(room)
    return await post_key(await handle)


@workflow
async def holding_whatever(room: int) -> int:
    await settle(hold(room), debit(room))
    return await post_key(room)


FAILS = OSError("no")
FINE: dict[Any, Any] = {hold: 1, debit: 1, post_key: 1, free: None, repay: None}
FLOWS = [
    holding_both, holding_in_a_branch, holding_in_a_helper, holding_deep, holding_each,
    holding_meanwhile, holding_whatever,
]  # fmt: skip


async def covered(flow: Workflow[..., int], *outcomes: dict[Any, Any]) -> Tally:
    """What runs with these outcomes cover; the log has to tell the same."""
    live, store = Collector(), MemoryStore()
    live.begin()
    for one in outcomes:
        script = Script({**FINE, **one}, unused="ignore")
        async with Environment(script, store=store) as env:
            run = await env.start(flow, 2)
            with suppress(NothingMore):  # an undo failed for good
                await run.wait()
    live.end()
    tally = live.of(flow.machine)
    assert dict((await production(store, flow.machine)).counts) == dict(tally.counts)
    return tally


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
async def test_all_of_it_can_be_covered(flow: Workflow[..., int]) -> None:
    failing: list[dict[Any, Any]] = [{one: FAILS} for one in (hold, debit, post_key)]
    late: dict[Any, Any] = {post_key: Error(FAILS, takes="1 second")}
    tally = await covered(flow, {}, *failing, {hold: FAILS, debit: FAILS}, late)
    report = Report(tally)
    assert report.missing == []
    assert report.percent == 100


OUTCOMES = [1, FAILS, Value(1, takes="1 second"), Error(FAILS, takes="1 second")]
ENDS = {"failed", "compensating", "compensated", "compensation failed"}


@given(st.sampled_from(FLOWS), st.fixed_dictionaries({
    one: st.sampled_from(OUTCOMES) for one in (hold, debit, post_key, free)
}))  # fmt: skip
async def test_what_is_counted_is_there_to_be_covered(
    flow: Workflow[..., int], outcomes: dict[Any, Any]
) -> None:
    undone = {free: None} if outcomes[free] == 1 else {}
    tally = await covered(flow, {**outcomes, **undone})
    known = {(item.kind, item.key) for item in items_of(flow.machine)}
    assert set(+tally.counts) <= known | {("state", end) for end in ENDS}
    once = [key for (kind, key), times in tally.counts.items() if kind == "state" and times > 1]
    assert not once or flow is holding_each


async def test_a_state_is_counted_when_it_is_entered_and_no_more() -> None:
    counts = (await covered(holding_both, {}, {})).counts
    states = {key: times for (kind, key), times in counts.items() if kind == "state"}
    join = "parallel:hold+debit"
    assert states == {
        join: 2, f"{join}/hold": 2, f"{join}/debit": 2, "post_key": 2, "completed": 2,
    }  # fmt: skip
    counts = (await covered(holding_in_a_branch, {})).counts
    join = "parallel:held+post_key"
    assert {key: times for (kind, key), times in counts.items() if kind == "state"} == {
        join: 1, f"{join}/held": 1, f"{join}/held/hold": 1, f"{join}/held/debit": 1,
        f"{join}/post_key": 1, "completed": 1,
    }  # fmt: skip
    inside = f"{join}/held"
    assert counts["transition", f"{inside}/hold -> {inside}/debit"] == 1


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_each_call_that_can_be_undone_is_there_once(flow: Workflow[..., int]) -> None:
    undos = [item.key for item in items_of(flow.machine) if item.kind == "undo"]
    assert sorted(key.rpartition("/")[2] for key in undos) == ["debit", "hold"]


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
async def test_all_of_it_is_drawn(flow: Workflow[..., int]) -> None:
    report = Report(await covered(flow, {}))
    shown = [title(flow.machine.by_id[item.key]) for item in report.items if item.kind == "state"]
    assert all(escape(name) in mermaid_picture(report) for name in shown)
    assert all(name in dot_picture(report) for name in shown)
