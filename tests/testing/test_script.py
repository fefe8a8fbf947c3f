"""Slips in a script are told where they are made, and what it holds for nothing at the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from interlock.machines import parallel, step, workflow
from interlock.testing import (
    Crash,
    Does,
    Environment,
    Error,
    Hang,
    HarnessError,
    NotTaken,
    Outcome,
    Script,
    Timeout,
    Value,
)
from testing import street
from testing.store_front import Basket, Payment, book, pack, pay, post, refund, selling

SMALL = Basket(total=Decimal(12), items=["tea"])
PAID = Payment(id="p1", amount=Decimal(12))


class Picky(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(f"code {code}")


async def waits() -> None: ...


@step
async def look() -> object:
    return None


@workflow
async def looking() -> None:
    await parallel(look(), look())


def any_(value: object) -> Any:
    """What no type checker would let pass."""
    return value


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (
            lambda: Value(1, takes=any_(3)),
            r"Value\(takes=3\): 3 is not a duration; write timedelta",
        ),
        (lambda: Hang(takes="2 fortnights"), "'2 fortnights' is not a duration; write text"),
        (lambda: Timeout(takes=timedelta(seconds=-1)), "time does not go back"),
        (lambda: Error(any_("boom")), r"write Error\(RuntimeError\('boom'\)\)"),
        (lambda: Error(any_(3)), r"Error\(3\) is no exception"),
        (lambda: Error(Picky), r"Error\(Picky\) needs arguments .*write Error\(Picky\(...\)\)"),
        (lambda: Error(any_(SystemExit)), r"write Crash\(\)"),
        (lambda: Script({pack: KeyboardInterrupt()}), r"write Crash\(\)"),
        (lambda: Script({pack: Picky}), r"to have it raised write Error\(Picky\)"),
        (lambda: Script({pay: Payment}), r"write Payment\(...\)"),
        (lambda: Script({pay: Hang}), r"write Hang\(...\)"),
        (lambda: Script({pay: Outcome()}), "says nothing"),
        (lambda: Script({pay: Value(Hang())}), r"write it without Value\(...\)"),
        (lambda: Script({pack: lambda: 1}), r"to have it called write Does\(lambda"),
        (lambda: Script({pack: waits}), r"to have it called write Does\(waits\)"),
        (lambda: Script({pack: waits()}), r"waits\(\) is not awaited"),
        (lambda: Script({pack: Does(any_(3))}), "that is no function"),
        (lambda: Script().on(pay, PAID, {"id": "p1"}), "pay returns a Payment, and {'id': 'p1'}"),
        (lambda: Script().then(pay, 12), r"write Payment\(...\)"),
        (lambda: Script(unscripted=any_("reel")), "unscripted='reel': write 'error' or 'real'"),
        (lambda: Script(unused=any_(False)), "unused=False: write 'error' or 'ignore'"),
        (lambda: Script(any_([PAID])), r"write outcomes by step: Script\(\{charge: value\}\)"),
        (lambda: Script({Payment: PAID}), "is not a step"),
        (lambda: Script({lambda: 1: PAID}), "is not a step"),
        (lambda: Script({"": PAID}), "is not a step"),
        (lambda: Script({selling: "T-1"}), "selling is a workflow"),
        (lambda: Environment(any_({pay: PAID})), r"write Environment\(Script\("),
        (lambda: Environment(clock=any_("2026-01-01")), "write VirtualClock"),
    ],
)
def test_a_slip_is_told_where_it_is_made(wrong: Callable[[], object], told: str) -> None:
    with pytest.raises(HarnessError, match=told):
        wrong()


async def test_a_function_that_cannot_take_the_call_fails_the_test_and_not_the_step() -> None:
    with pytest.raises(HarnessError, match=r"Does\(lambda ...: ...\) cannot be called as pack is"):
        async with Environment(Script({pay: PAID, pack: Does(lambda: "parcel")})) as env:
            await env.start(selling, SMALL)


async def test_a_value_that_cannot_be_recorded_fails_the_test_and_not_the_step() -> None:
    with pytest.raises(HarnessError, match="the script's value of look cannot be recorded"):
        async with Environment(Script({look: object()})) as env:
            await env.start(looking)


async def test_a_name_that_no_step_has_is_refused_before_anything_is_run() -> None:
    script = Script({"pays": PAID}, unscripted="real")
    async with Environment(script) as env:
        with pytest.raises(NotTaken, match=r"'pays', and no step is called so; .* 'pay'\?"):
            await env.start(selling, SMALL)
    assert script.calls == []


async def test_an_undo_has_the_name_of_its_function() -> None:
    script = Script({pay: PAID, "undo pay": None})
    async with Environment(script) as env:
        with pytest.raises(NotTaken, match="by the name of its function: 'refund'"):
            await env.start(selling, SMALL)


@pytest.mark.parametrize("key", [book, "book", "verify book"])
async def test_a_step_that_nothing_here_calls_is_told_at_the_end(key: Any) -> None:
    script = Script({pay: PAID, pack: "parcel", post: "T-1", key: "booked", refund: None})
    with pytest.raises(NotTaken, match="book', which selling never calls"):
        async with Environment(script) as env:
            await env.execute(selling, SMALL)
    script.unused = "ignore"
    async with Environment(script) as env:
        await env.execute(selling, SMALL)


@pytest.mark.parametrize("last", [False, True])
async def test_outcomes_that_are_left_are_told(last: bool) -> None:
    script = Script({pay: PAID, pack: "parcel"}).on(post, "T-1")
    script = script.then(post, "T-2") if last else script.on(post, "T-2")
    with pytest.raises(NotTaken, match=r"no call took: 1 of post; called was .*unused='ignore'"):
        async with Environment(script) as env:
            await env.execute(selling, SMALL)
    with pytest.raises(AssertionError, match="1 of post"):
        script.finished()


async def test_a_test_that_fails_by_itself_is_told_nothing_besides() -> None:
    with pytest.raises(ZeroDivisionError):
        async with Environment(Script({"pays": PAID}).on(pack, Crash())):
            raise ZeroDivisionError


async def test_what_is_scripted_for_several_machines_of_one_environment_is_no_slip() -> None:
    script = Script({pay: PAID, pack: "parcel", post: "T-1", look: None, street.ring: None})
    async with Environment(script) as env:
        await env.execute(selling, SMALL)
        await env.execute(looking)
        await env.start(street.DoorLifecycle, street.Door())
