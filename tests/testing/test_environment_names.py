"""Names that nothing has are refused at once, with those that there are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from interlock.engine import BadInput, UnknownMachine, UnknownRun
from interlock.machines import Refused
from interlock.store.errors import InterlockError
from interlock.testing import Environment, HarnessError, NothingMore, Script
from interlock.testing.clock import START
from sample_subscription import Account, Restrict, Subscribe, Subscription, mail
from testing.store_front import Basket, Collected, Payment, pack, pay, post, refund, selling
from testing.street import Door, DoorLifecycle

LARGE = Basket(total=Decimal(900), items=["car"])
PAID = Payment(id="p1", amount=Decimal(12))
Ask = Callable[[Environment, Any], Awaitable[object]]


def untyped(value: object) -> Any:
    """What no type checker would let pass."""
    return value


Asked = tuple[Ask, type[InterlockError], str]
WRONG: list[Asked] = [
    (lambda env, run: env.reach(run, "nosuch"), HarnessError, r"no state 'nosuch' \(there are"),
    (lambda env, run: env.reach(run, "approval:managr"), HarnessError, "mean 'approval:manager'"),
    (lambda env, run: env.reach(run, "waiting"), HarnessError, r"a status: `await run.status"),
    (lambda env, run: env.reach(run, untyped(pack)), HarnessError, "is no state; write its name"),
    (lambda env, run: env.reach(untyped(selling), "pack"), HarnessError, "is no run"),
    (lambda env, run: env.grant("nosuch"), UnknownRun, "no run 'nosuch'"),
    (lambda env, run: env.grant(run, "managr"), Refused, "pending: manager"),
    (lambda env, run: env.reject(untyped(selling)), HarnessError, "is no run"),
    (lambda env, run: env.cancel("nosuch"), UnknownRun, "no run 'nosuch'"),
    (lambda env, run: env.send(run, untyped(Collected)), BadInput, r"one .*: Collected\(...\)"),
    (lambda env, run: env.send(run, untyped("Pay")), BadInput, "'Pay' is no command"),
    (lambda env, run: env.run("nosuch").story(), UnknownRun, "no run 'nosuch'"),
    (lambda env, run: env.run("nosuch").events(), UnknownRun, "no run 'nosuch'"),
    (lambda env, run: env.start(untyped(selling(LARGE))), UnknownMachine, r"start\(selling, "),
    (lambda env, run: env.start(untyped(DoorLifecycle())), UnknownMachine, "itself: DoorLifecyc"),
    (lambda env, run: env.jump_to(untyped("2027-01-01")), HarnessError, "is no instant"),
    (lambda env, run: env.jump_to(datetime(2027, 1, 1)), HarnessError, "tzinfo=UTC"),  # noqa: DTZ001  naive
    (lambda env, run: env.advance(timedelta(days=-1)), HarnessError, "forward"),
]


@pytest.mark.parametrize(("ask", "error", "told"), WRONG)
async def test_what_does_not_exist_is_refused_at_once(
    ask: Ask, error: type[InterlockError], told: str
) -> None:
    async with Environment(Script({pay: PAID, refund: None})) as env:
        run = await env.start(selling, LARGE)
        with pytest.raises(error, match=told):
            await ask(env, run)
        assert env.now() == START
        assert await run.state() == "approval:manager"


async def test_a_run_that_never_begins_is_unknown() -> None:
    async with Environment() as env:
        with pytest.raises(UnknownRun, match="no run 'nosuch'"):
            await env.reach("nosuch", "pack")


async def test_a_run_that_is_over_is_waited_for_no_more() -> None:
    """Whatever the others have still before them."""
    async with Environment(Script({pay: PAID, pack: "parcel", post: "T-1", refund: None})) as env:
        await env.start(selling, LARGE)
        run = await env.start(selling, Basket(total=Decimal(12)))
        with pytest.raises(NothingMore, match=r"does not come to 'pay': it is over"):
            await env.reach(run, "pay")
        assert env.now() == START
        with pytest.raises(HarnessError, match=r"waits for no approval\n.*completed"):
            await env.grant(run)


async def test_states_of_nested_lifecycles() -> None:
    async with Environment(Script({mail: None})) as env:
        run = await env.start(Subscription, Account())
        await env.send(run, Subscribe(plan="basic"))
        await env.send(run, Restrict())
        for state in ("active", "active/access/limited", await run.state()):
            await env.reach(run, state, limit="0 seconds")
        await env.reach(run, "active/billing/past due")
        assert (env.now() - START).days == 30
        for wrong in ("limited", "active(billing/paid, access/limted)"):
            with pytest.raises(HarnessError, match="did you mean 'active/"):
                await env.reach(run, wrong)
        with pytest.raises(HarnessError, match="there are open, closed, gone"):
            await env.reach(await env.start(DoorLifecycle, Door()), "ajar")


async def test_asking_for_the_calls_of_a_step_that_does_not_exist() -> None:
    script = Script({pay: PAID, refund: None})
    assert script.calls_of("pya") == []  # nobody knows yet
    async with Environment(script) as env:
        await env.start(selling, LARGE)
        assert script.calls_of("refund") == []
    assert len(script.calls_of("pay")) == 1
    with pytest.raises(HarnessError, match="no step is called 'pya'; did you mean 'pay'"):
        script.calls_of("pya")
