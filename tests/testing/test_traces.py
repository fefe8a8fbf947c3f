"""A failing test shows the user's lines, and not those of Interlock."""

from __future__ import annotations

import traceback
from decimal import Decimal

import pytest

from interlock.testing import (
    Environment,
    NotTaken,
    Script,
    assert_story,
    run_again,
)
from testing.store_front import Basket, Payment, selling

pytest_plugins = ["pytester"]
SMALL = Basket(total=Decimal(12), items=["tea"])
PAID = Payment(id="p1", amount=Decimal(12))

FAILING = """
from decimal import Decimal
import pytest
from interlock.testing import Environment, Scenario, Script, assert_story, run_again
from sample_orders import OrderLifecycle, Status, Submit
from testing.store_front import Basket, Declined, Payment, pay, refund, selling

BASKET = Basket(total=Decimal(12))

async def test_unscripted():
    async with Environment(Script()) as env:
        await env.start(selling, BASKET)

async def test_unknown_state():
    async with Environment(Script({pay: Declined("no")})) as env:
        run = await env.start(selling, BASKET)
        await env.reach(run, "nosuch")

async def test_result():
    async with Environment(Script({pay: Declined("no")})) as env:
        await env.execute(selling, BASKET)

def test_refused():
    Scenario(OrderLifecycle).given(Submit())

def test_then():
    Scenario(OrderLifecycle).when(Submit()).refused().then(having={"nix": 1})

async def again():
    assert_story("[start]\\n", "[begin]\\n")

def test_again():
    run_again(again)
"""


def test_only_the_lines_of_the_test_are_shown(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(FAILING)
    pytester.makeini("[pytest]\nasyncio_mode = auto\naddopts = -p no:cacheprovider -p no:randomly")
    done = pytester.runpytest_inprocess("-W", "ignore")
    done.assert_outcomes(failed=6)
    shown = done.stdout.str()
    assert "interlock/testing/" not in shown
    assert "interlock/engine/" not in shown
    assert "interlock/machines/" not in shown
    done.stdout.fnmatch_lines(["*nothing is written for pay*"])
    done.stdout.fnmatch_lines(["*selling has no state 'nosuch'*"])
    done.stdout.fnmatch_lines([">*await env.execute(selling, BASKET)", "E*Declined: no"])
    done.stdout.fnmatch_lines(["E*-[[]begin]", "E*+[[]start]", "E*assert_story(*"])


def frames(error: BaseException) -> list[str]:
    return [frame.name for frame in traceback.extract_tb(error.__traceback__)]


def test_what_an_async_test_raises_begins_in_it() -> None:
    async def own() -> None:
        raise ZeroDivisionError

    async def harness() -> None:
        async with Environment(Script({"pays": PAID})) as env:
            await env.start(selling, SMALL)

    with pytest.raises(ZeroDivisionError) as plain:
        run_again(own)
    assert frames(plain.value)[-1] == "own"
    assert "run_until_complete" not in frames(plain.value)
    with pytest.raises(NotTaken) as told:
        run_again(harness)
    assert frames(told.value)[-1] == "run_again"
    assert told.value.__notes__[0].endswith("await env.start(selling, SMALL)")


def test_stories_are_compared() -> None:
    assert_story("[start]\n", "[start]\n")
    with pytest.raises(AssertionError, match=r"another way\n(?s:.*)-two\n\+2"):
        assert_story("one\n2\n", "one\ntwo\n")
