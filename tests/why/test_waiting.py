"""Runs that wait for people, commands and time: the answer names what they really wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from interlock.engine import Run, UnknownRun
from interlock.machines import Debounce, Workflow
from interlock.projections import Why
from interlock.store.backends.memory import MemoryStore
from interlock.store.clock import ManualClock
from why import flows
from why.flows import CALLS, DOWN, GATE
from why.kit import engine, later, outside, same, until


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    for one in (CALLS, DOWN, GATE):
        one.clear()
    yield
    while GATE:
        GATE.pop().set()


async def until_status(run: Run[Any], status: str) -> None:
    async with asyncio.timeout(20):
        while await run.status() != status:  # noqa: ASYNC110  another task leads to it
            await asyncio.sleep(0.001)


def lines(why: Why) -> list[str]:
    return [action.line(app=False) for action in why.actions]


async def started(machine: Any, *args: Any, run: str = "r") -> tuple[Why, Why]:
    """What is told of a fresh run: inside its engine, and by anybody."""
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    async with engine(store, clock=clock) as one:
        made = await one.start(machine, *args, id=run)
        await one.settle()
        return await same(made, store, clock), await outside(store, run, clock)


async def test_an_approval_names_who_may_and_what_to_type() -> None:
    why, _ = await started(flows.asking, ["anna", "bob"])
    assert why.cause == "approval"
    assert "anna or bob" in why.said
    assert lines(why) == [
        "interlock approve r boss --by NAME",
        "interlock reject r boss --by NAME --reason WHY",
    ]


async def test_a_quorum_names_the_votes_and_how_many_are_missing() -> None:
    clock = ManualClock()
    async with engine(clock=clock) as one:
        run = await one.start(flows.asking, ["anna", "bob", "carla"], 2)
        await one.settle()
        assert "2 people to say yes" in (await run.why()).said
        await one.approve(run, "boss", by="anna")
        why = await run.why()
        assert why.cause == "quorum"
        assert "one more to say yes" in why.said
        assert "anna yes" in why.said


@pytest.mark.parametrize("members", [[], ["gina"]])
async def test_a_group_that_nobody_is_in_can_never_decide(members: list[str]) -> None:
    async with engine(groups={"why-chiefs": members}) as one:
        run = await one.start(flows.asking_group, "x", id="r")
        await one.settle()
        why = await run.why()
        assert why.cause == ("approval" if members else "nobody_may")
        wanted = "approve r boss --by gina" if members else "cancel r"
        assert wanted in why.actions[0].line()


async def test_groups_that_cannot_be_looked_up_do_not_hide_the_answer() -> None:
    def gone(group: str) -> list[str]:
        raise OSError("the directory is down")

    async with engine(groups=gone) as one:
        run = await one.start(flows.asking_group, "x", id="r")
        await one.settle()
        why = await run.why()
        assert why.cause == "approval"
        assert "the group why-chiefs" in why.said


async def test_a_right_that_was_handed_over_is_another_persons() -> None:
    async with engine() as one:
        run = await one.start(flows.asking, ["anna", "bob"], id="r")
        await one.settle()
        await one.delegate(run, "boss", to="dora", by="anna")
        why = await run.why()
        assert why.cause == "approval"
        assert "anna handed the right over to dora" in why.said


async def test_all_that_an_approval_brings_is_told_in_order_with_the_lines() -> None:
    why, _ = await started(flows.caught, "x")
    assert [one.event for one in why.then] == ["reminds", "escalates", "times out"]
    last = why.then[-1]
    assert (last.leads_to, bool(last.line)) == (("act",), True)
    text = Path(flows.__file__).read_text().splitlines()  # noqa: ASYNC240  the test's own file
    assert "await approval(" in text[last.line - 1]
    assert "except TimedOut" in text[last.caught - 1]


async def test_a_wait_names_its_commands_and_where_the_error_goes() -> None:
    why, _ = await started(flows.waiting, 5)
    assert why.cause == "command"
    assert lines(why) == ["interlock send r Paid JSON --by NAME"]
    assert [(offer.command, offer.accepted) for offer in why.offers] == [
        ("Paid", "yes"),
        ("Other", "kept"),
    ]
    (then,) = why.then
    assert (then.leads_to, then.caught) == (("failed",), 0)
    assert "nothing there catches it" in then.said


async def test_a_command_that_where_declines_is_named() -> None:
    async with engine() as one:
        run = await one.start(flows.waiting, 5)
        await one.send(run, flows.Paid(amount=1), by="carl")
        await one.send(run, flows.Other(), by="dora")
        await one.settle()
        why = await run.why()
        assert why.cause == "declined"
        assert "Paid from carl" in why.said
        await one.send(run, flows.Paid(amount=7), by="carl")
        assert await run.result() == 7


async def test_a_sleep_says_until_when_and_what_follows() -> None:
    why, _ = await started(flows.napping, "x")
    assert why.cause == "sleep"
    assert why.then[0].leads_to == ("act",)
    assert "2026-01-03 00:00:00Z (in 2 days)" in why.said
    assert why.actions == ()


async def test_batches_wait_for_the_next_one() -> None:
    why, _ = await started(flows.batches, ["a", "b", "c"])
    assert (why.cause, why.then[0].event) == ("batch", "begins")


async def test_what_waits_in_a_branch_is_called_by_its_branch() -> None:
    why, _ = await started(flows.branches, "x")
    assert why.cause == "approval"
    assert "interlock approve r officer/officer --by olga" in lines(why)
    assert [wait.cause for wait in why.waits] == ["approval", "sleep"]


async def test_a_child_is_followed_down_to_the_cause() -> None:
    why, _ = await started(flows.grandparent, "x", run="g")
    assert (why.cause, why.root) == ("command", "g/why-parent#1/why-waiting#1")
    assert why.chain == ("g", "g/why-parent#1", "g/why-parent#1/why-waiting#1")
    assert "interlock send 'g/why-parent#1/why-waiting#1' Paid" in lines(why)[0]
    assert why.then[0].run == why.root


async def test_a_retry_says_when_and_after_which_error() -> None:
    DOWN.add("x")
    why, _ = await started(flows.retrying, "x")
    assert why.cause == "retry"
    assert "Down: x does not answer" in why.said
    assert why.then[0].said.endswith("attempt 2")


async def test_a_breaker_that_opened_says_until_when() -> None:
    DOWN.add("x")
    clock = ManualClock()
    async with engine(clock=clock) as one:
        await one.start(flows.behind_breaker, "x")
        await one.settle()
        run = await one.start(flows.behind_breaker, "y", id="r")
        await one.settle()
        why = await run.why()
        assert why.cause == "breaker_open"
        assert why.then[0].event == "asks again"
        assert "breaker why-waits --close" in lines(why)[0]
        await one.breaker("why-waits").force_open(by="olga", reason="they migrate")
        run = await one.start(flows.behind_breaker, "z", id="f")
        await one.settle()
        forced = await run.why()
        assert forced.cause == "breaker_forced"
        assert "olga" in forced.said
        assert "they migrate" in forced.said


async def test_a_trial_call_holds_the_others_back() -> None:
    DOWN.add("x")
    clock = ManualClock()
    async with engine(clock=clock) as one:
        await one.start(flows.behind_breaker, "x")
        await one.settle()
        DOWN.clear()
        GATE.append(asyncio.Event())
        clock.set(clock.now() + timedelta(seconds=31))
        await one.tick()
        await until(lambda: bool(one.noticeboard.board().calls))
        run = await one.start(flows.behind_breaker, "y", id="r")
        await until_status(run, "waiting")
        why = await run.why()
        assert why.cause == "breaker_trial"
        assert why.then
        GATE.pop().set()
        await one.settle()


async def test_a_rate_limit_says_when_it_is_this_calls_turn() -> None:
    clock = ManualClock()
    async with engine(clock=clock) as one:
        await one.start(flows.behind_rate, "x")
        run = await one.start(flows.behind_rate, "y")
        await one.settle()
        why = await run.why()
        assert (why.cause, why.then[0].event) == ("rate_limit", "asks again")
        assert "'why-rated'" in why.said


@pytest.mark.parametrize(
    ("machine", "cause"), [(flows.behind_bulkhead, "bulkhead"), (flows.in_flight, "flight")]
)
async def test_calls_that_wait_for_others_in_memory_are_told_apart(
    machine: Any, cause: str
) -> None:
    GATE.append(asyncio.Event())
    store = MemoryStore()
    async with engine(store) as one:
        first = await one.start(machine, "x", id="first")
        await until(lambda: CALLS == ["x"])
        second = await one.start(machine, "x", id="second")
        await until(lambda: bool(one.gatekeeper.waiting()))
        assert (await first.why()).cause == "call"
        assert (await second.why()).cause == cause
        one.noticeboard.post()
        assert (await outside(store, "second")).cause == cause
        GATE[0].set()
        assert await second.result() == "x"


async def test_a_debounced_start_is_told_though_there_is_no_run() -> None:
    clock = ManualClock()
    async with engine(clock=clock) as one:
        offered = await one.start(
            flows.acting, "x", id="soon", debounce=Debounce("why-key", quiet="1 minute")
        )
        why = await offered.why()
        assert (why.cause, why.status) == ("debounce", "debounced")
        await later(one, clock, timedelta(minutes=2))
        assert (await offered.why()).cause == "completed"
        with pytest.raises(UnknownRun):
            await one.why("never")


async def test_a_debounced_start_that_nobody_carries_out_says_why() -> None:
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    later_on = Workflow(flows.acting.function, "why-unknown")
    async with engine(store, clock=clock, worker=False) as one:
        debounce = Debounce("why-other", quiet="1 minute")
        await one.start(later_on, "x", id="soon", debounce=debounce)
    clock.set(clock.now() + timedelta(minutes=2))
    assert (await outside(store, "soon", clock)).cause == "no_worker"
    async with engine(store, clock=clock) as one:
        await one.tick()
        await one.settle()
        assert (await one.why("soon")).cause == "code_missing"


async def test_runs_that_ended_say_how() -> None:
    DOWN.add("y")
    async with engine() as one:
        done = await one.start(flows.acting, "x")
        failed = await one.start(flows.acting, "y")
        cancelled = await one.start(flows.napping, "x")
        undone = await one.start(flows.undone, "x")
        await one.settle()
        await one.cancel(cancelled, reason="no need")
        await one.settle()
        assert (await done.why()).cause == "completed"
        assert "does not answer" in (await failed.why()).said
        assert "no need" in (await cancelled.why()).said
        causes = [(await run.why()).cause for run in (done, failed, cancelled, undone)]
        assert causes == ["completed", "failed", "cancelled", "compensated"]
        assert (await failed.why()).ended


async def test_a_failed_undo_says_what_can_be_decided() -> None:
    DOWN.add("unship")
    clock = ManualClock()
    async with engine(clock=clock) as one:
        run = await one.start(flows.undone, "x", id="r")
        await one.settle()
        while (why := await run.why()).cause == "retry":
            assert "unship does not answer" in why.said
            await later(one, clock, timedelta(days=1))
        assert why.cause == "undo_failed"
        assert lines(why)[0] == "interlock undo r ship --retry --reason WHY --by NAME"
        await one.undo(run, "ship", "skip", by="olga", reason="it stays")
        await one.settle()
        assert (await run.why()).cause == "compensation_failed"
