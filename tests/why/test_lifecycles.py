"""Lifecycles: what they accept now, which guards say no and on what values."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from interlock.projections import Why
from interlock.store.backends.memory import MemoryStore
from interlock.store.clock import ManualClock
from why import charts
from why.kit import engine, later, outside


def answers(why: Why) -> dict[str, str]:
    return {offer.command: offer.accepted for offer in why.offers}


async def of(machine: Any, order: charts.Order, *commands: Any) -> tuple[Why, Why]:
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    async with engine(store, clock=clock) as one:
        run = await one.start(machine, order, id="r")
        for command in commands:
            await one.send(run, command)
        return await run.why(), await outside(store, "r", clock)


async def test_a_guard_that_wants_to_know_the_command_says_which_field() -> None:
    why, outer = await of(charts.Ordering, charts.Order(total=5))
    assert why.cause == outer.cause == "command"
    assert answers(why) == {"Pay": "depends", "Lose": "yes"}
    (pay,) = (offer for offer in why.offers if offer.command == "Pay")
    assert (pay.guard, pay.said) == ("enough", "on the command's amount")
    (pay,) = (offer for offer in outer.offers if offer.command == "Pay")
    assert "its code is not here" in pay.said


async def test_a_guard_that_says_no_is_named_with_what_it_looked_at() -> None:
    why, outer = await of(charts.Ordering, charts.Order(total=5), charts.Pay(amount=5))
    assert why.cause == "guard"
    assert why.offers[0].values == {"stock": 0}
    assert (why.offers[0].guard, why.offers[0].said) == ("in_stock", "nothing is left")
    assert outer.cause == "command"  # whether it says no is not known there
    assert outer.offers[0].accepted == "depends"


async def test_a_guard_that_lets_it_pass_says_yes() -> None:
    order = charts.Order(total=5, stock=1)
    why, _ = await of(charts.Ordering, order, charts.Pay(amount=5))
    assert why.cause == "command"
    assert answers(why) == {"Send": "yes"}


async def test_a_state_that_only_time_leaves_says_when_and_whereto() -> None:
    order = charts.Order(total=5, stock=1)
    clock = ManualClock()
    async with engine(clock=clock) as one:
        run = await one.start(charts.Ordering, order)
        await one.send(run, charts.Pay(amount=5))
        await one.send(run, charts.Send())
        why = await run.why()
        assert why.cause == "timer"
        (then,) = why.then
        assert (then.event, then.leads_to) == ("moves", ("done",))
        await later(one, clock, timedelta(days=31))
        assert (await run.why()).cause == "completed"


async def test_a_state_that_nothing_leaves_is_a_dead_end() -> None:
    why, outer = await of(charts.Ordering, charts.Order(total=5), charts.Lose())
    assert why.cause == outer.cause == "dead_end"


async def test_what_was_kept_for_later_is_told() -> None:
    why, outer = await of(charts.Keeping, charts.Order(total=5), charts.Thank())
    assert why.cause == outer.cause == "deferred"
    assert "Thank was kept" in why.said


async def test_a_state_that_is_left_by_itself_names_the_guard_that_keeps_it() -> None:
    why, _ = await of(charts.Self, charts.Order(total=5))
    assert why.cause == "guard"
    assert why.offers[0].said == "still empty"
    assert why.offers[0].values == {"stock": 0}
