"""The environment: scripted calls, virtual time, decisions without waiting, crashes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from interlock.machines import TimedOut
from interlock.testing import (
    Crash,
    Does,
    Environment,
    Error,
    Hang,
    HarnessError,
    NothingMore,
    NotScripted,
    Real,
    Script,
    Timeout,
    Value,
)
from interlock.testing.clock import START
from testing import store_front
from testing.store_front import (
    Basket,
    Collected,
    Declined,
    Payment,
    book,
    booking,
    collecting,
    pack,
    pay,
    post,
    price,
    quoting,
    refund,
    selling,
)

SMALL = Basket(total=Decimal(12), items=["tea", "cup"])
LARGE = Basket(total=Decimal(900), items=["car"])
PAID = Payment(id="p1", amount=Decimal(12))


@pytest.fixture(autouse=True)
def _clean() -> None:
    store_front.REAL.clear()


async def test_values_are_what_steps_return_and_calls_are_recorded() -> None:
    script = Script({pay: PAID, pack: "parcel", "post": "T-1"})
    async with Environment(script) as env:
        assert await env.execute(selling, SMALL) == "T-1"
    assert script.names == ["pay", "pack", "post"]
    assert script.calls_of(pay)[0].args == (SMALL,)
    assert [str(call) for call in script.calls[1:]] == [
        "pack(['tea', 'cup'])",
        "post('parcel', express=False)",
    ]
    assert not store_front.REAL


async def test_outcomes_come_in_order_and_retries_take_virtual_time() -> None:
    script = Script({pack: "parcel", post: "T-1"}).on(pay, OSError("down"), Timeout(), PAID)
    async with Environment(script) as env:
        run = await env.start(selling, SMALL, id="run")
        assert await run.state() == "pay"
        assert await run.result() == "T-1"
        assert (env.now() - START).total_seconds() == 60 + 120
    assert [call.attempt for call in script.calls_of(pay)] == [1, 2, 3]
    assert [(call.at - START).total_seconds() for call in script.calls_of(pay)] == [0, 60, 180]
    script.finished()


async def test_a_call_that_hangs_times_out_when_its_time_has_passed() -> None:
    script = Script({pay: PAID, pack: Hang()})
    async with Environment(script) as env:
        run = await env.start(selling, SMALL)
        await env.advance("59 minutes")
        assert await run.state() == "pack"
        script.on(refund, None)
        await env.advance("1 minute")
        assert await run.status() == "compensated"


async def test_an_undo_is_scripted_by_the_name_of_its_function() -> None:
    script = Script({pay: PAID, pack: Hang(), refund: None})
    async with Environment(script) as env:
        run = await env.start(selling, SMALL)
        with pytest.raises(TimedOut, match="pack"):
            await run.result()
        assert await run.status() == "compensated"
    (undo,) = script.calls_of("refund")
    assert (undo.kind, undo.args) == ("undo", (PAID,))


@pytest.mark.parametrize("granted", [True, False])
async def test_a_decision_is_made_without_waiting(granted: bool) -> None:
    script = Script({pay: PAID, pack: "parcel", post: "T-1", refund: None})
    async with Environment(script) as env:
        run = await env.start(selling, LARGE)
        assert await run.state() == "approval:manager"
        assert await run.variables() == {"basket": {"total": "900", "items": ["car"]}}
        if granted:
            await env.grant(run, by="ann")
            assert await run.result() == "T-1"
        else:
            await env.reject(run, "manager", by="ann", reason="too much")
            with pytest.raises(Declined, match="too much"):
                await run.result()
        with pytest.raises(HarnessError, match="waits for no approval"):
            await env.grant(run)


async def test_nobody_decides_for_two_days() -> None:
    async with Environment(Script({pay: PAID, refund: None})) as env:
        run = await env.start(selling, LARGE)
        with pytest.raises(TimedOut, match="manager"):
            await run.result()
        assert (env.now() - START).days == 2


async def test_commands_and_sleeps() -> None:
    async with Environment() as env:
        run = await env.start(collecting, "bike")
        await env.send(run, Collected(code="7"))
        assert await run.status() == "sleeping"
        assert await run.result() == "bike 7"
        assert (env.now() - START).days == 3


@pytest.mark.parametrize("url", ["memory://", "sqlite:///{path}/crashed.db"])
async def test_a_crash_loses_the_outcome_and_the_store_is_opened_anew(
    url: str, tmp_path: object
) -> None:
    script = Script({pack: "parcel"}).on(pay, Crash(), PAID).on(post, Crash(), Crash(), "T-1")
    async with Environment(script, store=url.format(path=tmp_path)) as env:
        first = env.engine
        run = await env.start(selling, SMALL, id="run")
        assert env.engine is not first
        assert await run.result() == "T-1"
        (await run.history()).verify()
    assert script.names == ["pay", "pay", "pack", "post", "post", "post"]
    assert {call.attempt for call in script.calls} == {1}


async def test_what_a_crash_left_in_doubt_is_verified() -> None:
    script = Script().on(book, Crash(), "booked").on("verify book", Real())
    async with Environment(script) as env:
        assert await env.execute(booking, "monday") == "booked"
    assert [call.kind for call in script.calls] == ["step", "verify", "step"]


async def test_a_process_may_die_while_everything_waits() -> None:
    async with Environment(Script({pay: PAID, pack: "parcel", post: "T"})) as env:
        run = await env.start(selling, LARGE)
        await env.crash()
        await env.grant(run)
        assert await run.result() == "T"


async def test_real_code_and_other_functions() -> None:
    script = Script({pay: Real(), pack: Does("/".join)}, unscripted="real")
    async with Environment(script) as env:
        assert await env.execute(selling, SMALL) == "posted tea/cup"
    assert store_front.REAL == ["pay", "post"]


async def test_an_outcome_may_take_its_time() -> None:
    script = Script().on(price, Value(Decimal(1), takes="2 hours"), Value(Decimal(2), takes="1h"))
    async with Environment(script) as env:
        run = await env.start(quoting, "a", "bb")
        await env.advance("90 minutes")
        assert "price returned" in await run.story()
        assert await run.result() == Decimal(3)
        assert (env.now() - START).total_seconds() == 7200


async def test_an_outcome_that_takes_too_long_times_out() -> None:
    script = Script({pay: Value(PAID, takes="31 seconds")})
    async with Environment(script) as env:
        with pytest.raises(TimedOut):
            await env.execute(selling, SMALL)


async def test_a_call_without_an_outcome_says_what_to_write() -> None:
    script = Script({pay: PAID})
    with pytest.raises(NotScripted, match=r"script\.always\('pack', value\)"):
        async with Environment(script) as env:
            await env.start(selling, SMALL)


async def test_used_up_outcomes_are_told() -> None:
    with pytest.raises(NotScripted, match=r"pay is called for the 2\. time"):
        async with Environment(Script().on(pay, OSError("down"))) as env:
            await env.execute(selling, SMALL)


async def test_the_order_of_all_calls_may_be_given() -> None:
    script = Script().then(pay, PAID).then(pack, "parcel").then(post, "T-1")
    async with Environment(script) as env:
        assert await env.execute(selling, SMALL) == "T-1"
    script.finished()
    with pytest.raises(NotScripted, match="pack is called where the script has post"):
        async with Environment(Script().then(pay, PAID).then(post, "T-1")) as env:
            await env.execute(selling, SMALL)


async def test_waiting_for_what_never_ends_says_why() -> None:
    async with Environment(Script({pay: PAID, pack: Hang()})) as env:
        run = await env.start(selling, SMALL)
        with pytest.raises(NothingMore, match="pack is being called"):
            await run.result(limit="10 seconds")
    async with Environment() as env:
        run = await env.start(collecting, "bike")
        with pytest.raises(NothingMore, match="Collected"):
            await run.result(limit="1 day")


async def test_an_error_may_be_given_as_its_class() -> None:
    async with Environment(Script({pay: Error(Declined)})) as env:
        with pytest.raises(Declined):
            await env.execute(selling, SMALL)


async def test_an_environment_has_to_be_open() -> None:
    with pytest.raises(HarnessError, match="async with"):
        await Environment().start(selling, SMALL)


async def test_a_run_is_driven_to_a_state() -> None:
    async with Environment(Script({pay: PAID, refund: None})) as env:
        run = await env.start(selling, LARGE)
        await env.reach(run, "approval:manager", stayed="1 day")
        assert (env.now() - START).days == 1
        with pytest.raises(NothingMore, match="does not come to 'post'"):
            await env.reach(run, "post", limit="1 day")
