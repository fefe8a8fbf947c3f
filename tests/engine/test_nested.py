"""Nested lifecycles in the engine: configurations, timers, effects, kept commands, looking back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.trouble import Troubled
from interlock.cli.moving import lifecycle_timers
from interlock.engine import Engine, Run
from interlock.machines import Refused
from interlock.projections import fold
from interlock.store.clock import ManualClock
from sample_subscription import (
    Access,
    Account,
    Billing,
    Charge,
    Close,
    Limits,
    Pause,
    Rename,
    Restore,
    Restrict,
    Resume,
    Subscribe,
    Subscription,
    Tighten,
)

DAY = timedelta(days=1)


async def effects(run: Run[None]) -> list[str]:
    events = (await run.history()).events
    return [str(e.body.args[0]) for e in events if e.type == "StepScheduled"]  # type: ignore[attr-defined]  # its body


async def test_a_run_is_in_several_states_and_comes_back_to_them() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(Subscription, Account(), id="s")
        assert await run.state() == "trial"
        await engine.send(run, Subscribe(plan="gold"))
        assert await run.state() == "active(billing/paid, access/full)"
        await engine.send(run, Restrict())
        await engine.send(run, Tighten())
        await engine.send(run, Charge(succeeded=False))
        left = "active(billing/past due, access/limited/read only)"
        assert await run.state() == left
        state = await run.snapshot()
        assert Subscription.id_of(Limits.READ_ONLY) in state.configuration
        await engine.send(run, Pause())
        assert await run.state() == "paused"
        await engine.send(run, Rename(plan="silver"))
        await engine.send(run, Resume())
        assert await run.state() == left
        await engine.send(run, Close())
        await engine.settle()
        assert (await run.state(), await run.status()) == ("ended", "completed")
        assert await effects(run) == [
            "welcome to gold", "leaving gold", "paused", "welcome to silver", "leaving silver",
        ]  # fmt: skip


async def test_what_follows_by_itself_is_recorded_with_its_cause() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(Subscription, Account(), id="s")
        await engine.send(run, Subscribe(plan="gold"))
        for _ in range(3):
            assert (await run.state()).startswith("active")
            await engine.send(run, Charge(succeeded=False))
        assert await run.state() == "paused"
        history = await run.history()
        first, second = [e for e in history.events if e.type == "TransitionTaken"][-2:]
        assert (first.cause, first.at) == (second.cause, second.at)
        assert "too many failures" in await effects(run)
        assert (await run.variables())["data"] == {"plan": "gold", "failures": 0, "renewals": 0}


async def test_a_refusal_says_what_every_active_state_accepts_and_which_guard_said_no() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(Subscription, Account(), id="s")
        await engine.send(run, Subscribe(plan="gold"))
        with pytest.raises(Refused) as refused:
            await engine.send(run, Restore())
        assert refused.value.state == "active(billing/paid, access/full)"
        assert set(refused.value.accepts) == {"Charge", "Close", "Pause", "Rename", "Restrict"}
        assert "Restrict in active/access/full → active/access/limited" in str(refused.value)


async def test_commands_are_kept_for_later_or_ignored_as_the_state_says() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(Subscription, Account(), id="s")
        await engine.send(run, Restrict(), command_id="early")
        assert await run.state() == "trial"
        assert [kept.id for kept in (await run.snapshot()).inbox] == ["early"]
        await engine.send(run, Subscribe(plan="gold"))
        assert await run.state() == "active(billing/paid, access/limited/slow)"
        assert (await run.snapshot()).inbox == []
        taken = (await run.history()).events[-1]
        assert (taken.cause, taken.body.deferred) == ("early", "early")  # type: ignore[attr-defined]  # its body
        await engine.send(run, Restrict(), command_id="again")
        await engine.send(run, Restrict(), command_id="again")
        types = [event.type for event in (await run.history()).events]
        assert types.count("CommandIgnored") == 1
        await engine.send(run, Restore())
        with pytest.raises(Refused):
            await engine.send(run, Resume())


async def test_timers_belong_to_active_states_and_survive_what_happens_beside_them() -> None:
    store, clock = Troubled(), ManualClock()
    async with Engine(store, clock=clock) as engine:
        run = await engine.start(Subscription, Account(), id="s")
        assert [t.name for t in await store.timers("s")] == ["after:trial.lapse"]
        await engine.send(run, Subscribe(plan="gold"))
        (timer,) = await store.timers("s")
        assert timer.name == "after:active/billing/paid.fall_due"
        clock.set(clock.now() + 20 * DAY)
        await engine.send(run, Restrict())
        await engine.send(run, Rename(plan="silver"))
        assert await store.timers("s") == [timer]
        known = lifecycle_timers((await run.history()).events, await run.snapshot())
        assert known == {timer.name: timer.due}  # as an import sets them
        clock.set(clock.now() + 5 * DAY)
        await engine.send(run, Charge())
        (again,) = await store.timers("s")
        assert again.due - timer.due == 25 * DAY
        clock.set(again.due)
        await engine.tick()
        while await run.state() != "active(billing/past due, access/limited/slow)":
            await engine.settle()
        assert await store.timers("s") == []


async def test_looking_back_shows_the_configuration_and_old_logs_fold_as_before() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(Subscription, Account(), id="s")
        await engine.send(run, Subscribe(plan="gold"))
        await engine.send(run, Restrict())
        await engine.send(run, Pause())
        history = await run.history()
        seen = list(dict.fromkeys(moment.state for moment in history))
        assert seen == [
            "trial", "active(billing/paid, access/full)",
            "active(billing/paid, access/limited/slow)", "paused",
        ]  # fmt: skip
        chart = Subscription.program().chart
        for moment in history:
            assert chart.problem(moment.configuration) == ""
        again, live = fold(history.events), await run.snapshot()
        assert (again.active, again.remembered) == (live.active, live.remembered)
        assert again.variables == live.variables
        assert history.at(1).configuration == ("trial",)


async def test_a_run_goes_on_after_a_restart() -> None:
    store = Troubled()
    async with Engine(store) as engine:
        run = await engine.start(Subscription, Account(), id="s")
        await engine.send(run, Subscribe(plan="gold"))
        await engine.send(run, Restrict())
        await engine.send(run, Pause())
    async with Engine(store) as engine:
        run = await engine.get("s")
        await engine.send(run, Resume())
        assert await run.state() == "active(billing/paid, access/limited/slow)"
        assert Subscription.id_of(Access.LIMITED) == "active/access/limited"
        assert Subscription.id_of(Billing.PAID) in (await run.snapshot()).configuration
