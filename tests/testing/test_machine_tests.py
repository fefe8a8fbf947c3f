"""Generated tests: they hold of sound lifecycles, and each law catches what breaks it."""

from __future__ import annotations

import itertools
import random
import re
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from pydantic import BaseModel, PrivateAttr

from interlock.machines import Command, Lifecycle, after, entering, on, step
from interlock.machines.proof import invariant
from interlock.machines.step import Effect
from interlock.testing import machine_tests
from interlock.testing.errors import BadFixture, NotTestable
from interlock.testing.machine_suite import MachineSuite
from sample_orders import OrderData, OrderLifecycle
from sample_subscription import Subscription

QUICK = settings(max_examples=8, derandomize=True)

test_order = machine_tests(
    OrderLifecycle, settings=QUICK, starts=[OrderData(), OrderData(total=Decimal(9))]
)
test_subscription = machine_tests(
    Subscription, settings=QUICK, without=["crash", "clock", "deliveries", "stored-timers", "codec"]
)


class Place(StrEnum):
    OPEN = "open"
    BUSY = "busy"
    SHUT = "shut"


class Basket(BaseModel):
    items: list[str] = []
    mark: float = 0
    _hidden: int = PrivateAttr(default=0)


class Put(Command):
    items: list[str]


class Work(Command):
    pass


class Shut(Command):
    pass


@step
async def tell(text: str) -> str:
    return text


class Sound(Lifecycle[Place, Basket], initial=Place.OPEN, final={Place.SHUT}, name="broken"):
    """What the others break one by one."""

    @on(Put, source=Place.OPEN)
    def put(self, basket: Basket, command: Put) -> Basket:
        return basket.model_copy(update={"items": [*basket.items, *command.items]})

    @on(Work, source=Place.OPEN, target=Place.BUSY)
    def work(self, basket: Basket, command: Work) -> Basket:
        return basket

    @after("1 hour", source=Place.BUSY, target=Place.OPEN)
    def rest(self, basket: Basket) -> Basket:
        return basket

    @on(Shut, source={Place.OPEN, Place.BUSY}, target=Place.SHUT)
    def shut(self, basket: Basket, command: Shut) -> Basket:
        return basket

    @entering(Place.BUSY)
    def told(self, basket: Basket) -> Effect:
        return tell.effect("busy")


def suite_of(kind: type[Lifecycle[Any, Any]], folder: Path | None = None) -> MachineSuite:
    tests: Any = machine_tests(kind, settings=settings(QUICK, max_examples=30), failures=folder)
    suite: MachineSuite = tests.suite
    return suite


def broken(kind: type[Lifecycle[Any, Any]], law: str) -> str:
    with pytest.raises(AssertionError) as caught:
        suite_of(kind).run(law)
    return str(caught.value)


ENDS = {Place.SHUT}


def test_a_method_that_fails_is_shown_with_the_shortest_way() -> None:
    class Failing(Sound, initial=Place.OPEN, final=ENDS, name="broken"):
        @after("1 hour", source=Place.BUSY, target=Place.OPEN)
        def rest(self, basket: Basket) -> Basket:
            return basket.model_copy(update={"mark": 1 / len(basket.items)})

    said = broken(Failing, "methods")
    assert "begins with Basket(items=[], mark=0)" in said
    assert re.search(
        r"1\. Work\(\) -> busy\n  2\. 1:00:00 pass -> fails: .*ZeroDivisionError", said
    )
    assert "3." not in said
    suite_of(Failing).run("replay")  # that is another law's matter


def test_what_is_changed_in_place_is_found() -> None:
    class Impure(Sound, initial=Place.OPEN, final=ENDS, name="broken"):
        @on(Put, source=Place.OPEN)
        def put(self, basket: Basket, command: Put) -> Basket:
            basket.items.extend(command.items)
            return basket

    class Greedy(Sound, initial=Place.OPEN, final=ENDS, name="broken"):
        @on(Put, source=Place.OPEN)
        def put(self, basket: Basket, command: Put) -> Basket:
            command.items.append("one more")
            return basket.model_copy(update={"items": [*command.items]})

    assert "changed its input in place" in broken(Impure, "purity")
    assert "the command was changed in place" in broken(Greedy, "purity")


def test_what_depends_on_more_than_its_input_is_found() -> None:
    count = itertools.count()

    class Counting(Sound, initial=Place.OPEN, final=ENDS, name="broken"):
        @on(Work, source=Place.OPEN, target=Place.BUSY)
        def work(self, basket: Basket, command: Work) -> Basket:
            return basket.model_copy(update={"mark": next(count)})

    class Gambling(Sound, initial=Place.OPEN, final=ENDS, name="broken"):
        @on(Work, source=Place.OPEN, target=Place.BUSY)
        def work(self, basket: Basket, command: Work) -> Basket:
            return basket.model_copy(update={"mark": random.random()})

    class Hasty(Sound, initial=Place.OPEN, final=ENDS, name="broken"):
        @entering(Place.BUSY)
        def told(self, basket: Basket) -> Effect:
            return tell.effect(str(datetime.now().timestamp()))  # noqa: DTZ005  that is the point

    for kind in (Counting, Gambling, Hasty):
        assert "the second time" in broken(kind, "determinism")


def test_what_the_log_does_not_keep_is_found() -> None:
    class Hiding(Sound, initial=Place.OPEN, final=ENDS, name="broken"):
        @on(Work, source=Place.OPEN, target=Place.BUSY)
        def work(self, basket: Basket, command: Work) -> Basket:
            return basket.model_copy(update={"mark": lambda: 1})

    assert "cannot be recorded" in broken(Hiding, "codec")


def test_an_invariant_is_a_test_of_its_own() -> None:
    class Full(Sound, initial=Place.OPEN, final=ENDS, name="broken"):
        @invariant(Place.SHUT)
        def nothing_is_left(self, basket: Basket) -> bool:
            return not basket.items

    assert "invariant-nothing_is_left" in suite_of(Full).laws
    said = broken(Full, "invariant-nothing_is_left")
    assert re.search(r"1\. Put\(items=\['.*'\]\) -> open\n  2\. Shut\(\) -> shut\n", said)
    assert "nothing_is_left does not hold" in said


def test_a_failing_case_is_kept_and_played_first(tmp_path: Path) -> None:
    limit = [2]

    class Full(Sound, initial=Place.OPEN, final=ENDS, name="broken"):
        @invariant
        def holds_few(self, basket: Basket) -> bool:
            return len(basket.items) < limit[0]

    folder = tmp_path / "failures"
    with pytest.raises(AssertionError, match="kept, to be played first from now on"):
        suite_of(Full, folder).run("invariant-holds_few")
    (file,) = folder.iterdir()
    text = file.read_text()
    with pytest.raises(AssertionError, match="it is played from"):
        suite_of(Full, folder).run("invariant-holds_few")
    assert [file.read_text() for file in folder.iterdir()] == [text]
    limit[0] = 10_000
    suite_of(Full, folder).run("invariant-holds_few")
    file.write_text(text.replace('"Put"', '"Push"'))
    with pytest.raises(BadFixture, match="delete the file"):
        suite_of(Full, folder).run("invariant-holds_few")


def test_the_shortest_ways_take_every_transition() -> None:
    taken: set[str] = set()
    suite = suite_of(Subscription)
    from interlock.testing.walk import walking

    for way in suite.ways():
        for _, scenario in walking(Subscription, way):
            taken |= {*scenario.taken}
    assert taken == {edge.id for edge in Subscription.program().machine.edges}


def test_only_lifecycles_are_tested() -> None:
    wrong: Any = tell
    with pytest.raises(NotTestable, match="is no lifecycle"):
        machine_tests(wrong)
