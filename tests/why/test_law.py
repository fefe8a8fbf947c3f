"""For random workflows, stopped at random points: what is said of them is so, and happens.

What they wait for is compared with what their log says, what happens next with what then happens:
the clock is moved to the instant that was named, or the action is taken that was named.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from hypothesis import given, note
from hypothesis import strategies as st

from interlock.engine import Engine, Run
from interlock.machines import Workflow
from interlock.projections import Action, Then, Why
from interlock.store.backends.memory import MemoryStore
from interlock.store.clock import ManualClock
from interlock.store.event import Event
from why import generated
from why.kit import outside

_STOPS = 14
"""Times that a run is looked at."""

_EVENTS = {
    "times out": "WaitTimedOut", "wakes": "SleepEnded", "begins": "BatchBegun",
    "reminds": "ApprovalReminded", "escalates": "ApprovalEscalated",
}  # fmt: skip


@given(generated.programs(), st.data())
def test_what_is_said_is_what_is_and_what_then_happens(
    program: tuple[list[Workflow[..., Any]], str], data: st.DataObject
) -> None:
    machines, source = program
    note(source)
    generated.FAILED.clear()
    asyncio.run(asyncio.wait_for(_live(machines, data), 60))


async def _live(machines: list[Workflow[..., Any]], data: st.DataObject) -> None:
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    for stop in range(_STOPS):
        async with Engine(store, machines=machines, clock=clock) as engine:
            run = await engine.start(machines[0], 1, id="r")
            await engine.tick()
            await engine.settle()
            why = await _looked_at(engine, run, clock)
            if why.ended:
                return
            assert why.then or why.actions, why  # it never just stands there
            by_time = bool(why.then) and (not why.actions or data.draw(st.booleans()))
            note(f"{stop}: {why.cause}: {why.said} -> {'time' if by_time else 'people'}")
            if by_time and data.draw(st.booleans()):
                await engine.close()
                await _nobody(store, why, clock)
            elif by_time:
                await _time(engine, why, clock)
            else:
                await _people(engine, data.draw(st.sampled_from(why.actions)), data)


async def _looked_at(engine: Engine, run: Run[Any], clock: ManualClock) -> Why:
    """The answer, which has to be what the log says, for whoever asks."""
    why = await run.why()
    other = await outside(engine.store, run.id, clock)
    assert (why.cause, why.said, why.then, why.actions, why.root) == (
        other.cause, other.said, other.then, other.actions, other.root,
    )  # fmt: skip
    state = await run.snapshot()
    named = {wait.activity for wait in why.waits}
    leaves = {
        a.id for a in state.pending.values()
        if a.kind not in ("join", "helper") or (a.join is not None and a.join.paused)
    }  # fmt: skip
    assert why.ended or named == leaves
    for wait in why.waits:
        if wait.activity:
            _fits(wait.cause, state.pending[wait.activity].kind)
    assert why.cause == why.waits[0].cause
    for then in why.then:
        if then.run == run.id and then.activity == state.current:
            assert then.leads_to or then.event not in ("times out", "wakes")
    return why


def _fits(cause: str, kind: str) -> None:
    wanted = {
        "step": {"retry"},
        "approval": {"approval", "quorum"},
        "wait": {"command", "declined"},
        "sleep": {"sleep"},
        "join": {"batch"},
        "child": {"retry", "approval", "quorum", "command", "declined", "sleep", "batch"},
    }
    assert cause in wanted[kind], (cause, kind)


async def _time(engine: Engine, why: Why, clock: ManualClock) -> None:
    """Nothing happens before the first instant that was named; then what was said."""
    first = why.then[0].at
    before = {then.run: (await engine.store.head(then.run)).version for then in why.then}
    clock.set(first - timedelta(seconds=1))
    await engine.tick()
    await engine.settle()
    for run, version in before.items():
        assert (await engine.store.head(run)).version == version
    clock.set(first)
    await engine.tick()
    await engine.settle()
    for then in why.then:
        if then.at == first:
            after = await engine.store.read(then.run, after=before[then.run])
            _happened(then, after)


def _happened(then: Then, events: list[Event]) -> None:
    mine = [e for e in events if getattr(e.body, "activity", "") == then.activity]
    if then.event == "retries":
        assert any(e.type in ("StepSucceeded", "StepFailed", "StepRecalled") for e in mine)
        return
    ends = {"CancelDelivered", "ActivityStopped"}  # something else of that instant ended it
    assert any(e.type == _EVENTS[then.event] or e.type in ends for e in mine), then
    if then.leads_to and not any(e.type in ends for e in mine):
        ended = next(i for i, e in enumerate(events) if e in mine)
        moved = next(e for e in events[ended + 1 :] if e.type not in _BESIDES)
        assert moved.state in then.leads_to, (moved, then)


_BESIDES = frozenset({"StepFailed", "BranchRaised", *_EVENTS.values()})


async def _people(engine: Engine, action: Action, data: st.DataObject) -> None:
    """What was said to be possible is possible: nobody is refused."""
    command, run, *words = action.argv
    version = (await engine.store.head(run)).version
    by = words[words.index("--by") + 1]
    if command == "send":
        paid = generated.Paid(amount=data.draw(st.sampled_from((1, 9))))
        await engine.send(run, paid, by="zoe")
    else:
        if by == "NAME":
            by = await _decider(engine, run, words[0])
        decide = engine.approve if command == "approve" else engine.reject
        await decide(run, words[0], by=by)
    await engine.settle()
    assert (await engine.store.head(run)).version > version


async def _decider(engine: Engine, run: str, name: str) -> str:
    """Somebody who may decide and has not."""
    (pending,) = await engine.approvals(run=run, name=name)
    voted = {vote.actor.id for vote in pending.votes}
    named = pending.approvers.names or ["anybody"]
    return next(one for one in named if one not in voted)


async def _nobody(store: MemoryStore, why: Why, clock: ManualClock) -> None:
    """Without a worker the instant passes, and that is what is said."""
    run = why.then[0].run
    before = await outside(store, run, clock)
    assert before.besides
    assert "no worker" in before.besides[0]
    clock.set(why.then[0].at)
    if why.then[0].event in ("reminds", "escalates"):
        return  # somebody may decide nevertheless
    after = await outside(store, run, clock)
    assert "no_worker" in {wait.cause for wait in after.waits}
    assert any(action.argv[0] == "work" for action in after.actions)
