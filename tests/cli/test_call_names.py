"""What a history calls those of several calls that have no name of their own."""

from __future__ import annotations

import asyncio
import re

from interlock.cli.phrases import phrase
from interlock.cli.view import told
from interlock.engine import Engine
from interlock.machines import each, parallel, race, step, workflow
from interlock.projections import History
from interlock.store.backends.memory import MemoryStore

GATE: list[asyncio.Event] = []
CALLED: list[str] = []


async def back(n: int, result: int) -> None: ...


@step(compensate=back)
async def quick(n: int) -> int:
    CALLED.append("quick")
    return n


@step
async def slow(n: int) -> int:
    CALLED.append("slow")
    if GATE:
        await GATE[0].wait()
    return n


async def helped(n: int) -> int:
    return await quick(n)


@workflow(name="call-names")
async def flow(n: int) -> None:
    await parallel(helped(n), helped(n), slow(n), quick(n))
    await parallel(quick(n), quick(n + 1))
    await each(quick, [n, n + 1])
    await race(quick.named("x")(n), quick.named("y")(n))
    raise ValueError("enough")


async def test_a_call_beside_others_is_called_by_its_step_after_a_crash_as_well() -> None:
    store = MemoryStore()
    CALLED.clear()
    GATE[:] = [asyncio.Event()]
    async with Engine(store, machines=[flow]) as engine:
        await engine.start(flow, 1, id="run")
        async with asyncio.timeout(30):
            while "slow" not in CALLED:  # noqa: ASYNC110  a step tells no one
                await asyncio.sleep(0)
    GATE.clear()
    async with Engine(store, machines=[flow]) as engine:
        await engine.settle()
    events = await store.read("run")
    said = {event.version: what for event, _, what in told(events)}
    recalled = [said[e.version] for e in events if e.type == "StepRecalled"]
    assert "slow is called again (attempt 1, interrupted once)" in recalled
    assert re.search(r"undone: (\w+, )+\w+$", said[len(events)])
    for text in said.values():
        plain = re.sub(r"\(attempt.*|with.*|returned.*|parallel of.*|each of.*|race of.*", "", text)
        assert not re.search(r"(^|[ ,])\d", plain.split("] ")[-1]), text
    half = History(events[:7]).state()
    later = [what for _, _, what in told(events[7:], half)]
    assert later == [said[event.version] for event in events[7:]]


async def test_where_only_the_event_is_at_hand_it_says_which_of_them_it_is() -> None:
    store = MemoryStore()
    GATE.clear()
    async with Engine(store, machines=[flow]) as engine:
        await engine.start(flow, 1, id="run")
        await engine.settle()
    *_, last = await store.read("run")
    assert "parallel:quick[1]" in phrase(last, repr)
