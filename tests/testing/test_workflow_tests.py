"""Generated tests of workflows: they hold of sound ones, and say what breaks an invariant."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from pydantic import BaseModel

from interlock.machines import (
    Command,
    Refuse,
    Retry,
    Workflow,
    approval,
    parallel,
    resource,
    sleep,
    step,
    wait_for,
    workflow,
)
from interlock.machines.errors import TimedOut
from interlock.testing import Ended, workflow_tests
from interlock.testing.errors import NotTestable
from interlock.testing.flow_laws import delivered, every_delivery
from interlock.testing.flow_play import flow_played
from interlock.testing.flow_suite import FlowSuite
from interlock.testing.moves import Case, Return, Send

QUICK = settings(max_examples=6, derandomize=True)


class Basket(BaseModel):
    total: int
    gift: bool = False


class Declined(Exception):
    pass


class Picked(Command):
    shelf: str


class Bank:
    """Never made: no step is called."""

    def __init__(self) -> None:
        raise NotImplementedError


async def refund(payment: str) -> None:
    raise NotImplementedError


async def put_back(basket: Basket) -> None:
    raise NotImplementedError


@step(compensate=put_back, retry=Retry.transient)
async def take(basket: Basket) -> Basket:
    raise NotImplementedError


@step(compensate=refund, raises=Declined, timeout="30 seconds")
async def pay(basket: Basket, bank: Bank = resource()) -> str:
    raise NotImplementedError


@step(irreversible="it is gone", on_crash="hold")
async def send(payment: str) -> None:
    raise NotImplementedError


@step
def label(basket: Basket) -> str:
    raise NotImplementedError


def shop_of_its_own() -> Workflow[[Basket], str]:
    """Not of the module: engines of other tests would serve it, and ask for its bank."""

    @workflow(name="generated-shop")
    async def shop(basket: Basket) -> str:
        taken = await take(basket)
        done = await parallel(paid=pay(taken), label=label(taken))
        if basket.total > 100:
            decision = await approval("boss", timeout="2 days", approvers=["ann", "bob"], quorum=2)
            if not decision.granted:
                raise Declined("the boss")
        try:
            picked = await wait_for(Picked, timeout="1 hour")
        except TimedOut:
            await sleep("1 day")
            return "late"
        await send(done["paid"])
        return picked.shelf

    return shop


shop = shop_of_its_own()


def whoever_paid_gets_it_or_the_money(ended: Ended) -> bool:
    if ended.status == "completed" or ended.unfinished or ended.by_hand:
        return True
    return len(ended.called("pay")) <= len(ended.called("undo pay")) + len(ended.called("send"))


test_shop = workflow_tests(
    shop,
    settings=QUICK,
    invariants=[whoever_paid_gets_it_or_the_money],
    payloads={"Basket.total": st.integers(0, 200)},
    without=["clock"],
)


def suite_of(flow: Workflow[..., Any], folder: Path | None = None, **more: Any) -> FlowSuite:
    tests: Any = workflow_tests(flow, settings=QUICK, failures=folder, **more)
    suite: FlowSuite = tests.suite
    return suite


def test_every_edge_is_taken_on_the_shortest_ways() -> None:
    tests: Any = test_shop
    suite: FlowSuite = tests.suite
    taken: set[tuple[str, str]] = set()
    from interlock.testing.flow_play import flow_played

    for way in suite.ways():
        states = [e.state for e in flow_played(suite.subject, way).ended.histories["run"].events]
        taken |= {*pairwise(states)}
    missing = {one for one in shop.machine.moves if one not in taken and "/" not in "".join(one)}
    assert {one for one in missing if one[1] not in ("cancelled", "failed")} <= {
        ("start", "compensating"),
        ("take", "compensating"),
        ("compensating", "compensation failed"),
    }  # fmt: skip


@step
async def reserve(room: str) -> str:
    raise NotImplementedError


@step
async def invoice(room: str) -> str:
    raise NotImplementedError


@workflow(name="generated-hotel")
async def hotel(room: str) -> str:
    """Forgets to give the room back."""
    held = await reserve(room)
    return await invoice(held)


def no_room_is_lost(ended: Ended) -> bool | Refuse:
    lost = ended.called("reserve") and ended.status in ("failed", "compensated")
    return not lost or Refuse("the room stays reserved")


def test_a_broken_invariant_is_told_with_the_fewest_events_and_kept(tmp_path: Path) -> None:
    suite = suite_of(hotel, tmp_path, invariants=[no_room_is_lost])
    with pytest.raises(AssertionError) as caught:
        suite.run("invariant-no_room_is_lost")
    said = str(caught.value)
    assert re.search(
        r"begins with room=''\n"
        r"  1\. begins -> reserve\n"
        r"  2\. reserve returns '' -> invoice\n"
        r"  3\. (invoice raises RuntimeError\('it broke'\) -> failed|the run is cancelled .*)\n"
        r"        no_room_is_lost does not hold: the room stays reserved\n",
        said,
    )
    (file,) = tmp_path.iterdir()
    with pytest.raises(AssertionError, match=f"it is played from {re.escape(str(file))}"):
        suite.run("invariant-no_room_is_lost")


@workflow(name="generated-odd")
async def odd(room: str) -> Any:
    held = await reserve(room)
    if held:
        return lambda: held
    return held


def test_what_cannot_be_recorded_ends_a_run_and_is_told() -> None:
    def returns_something(ended: Ended) -> bool:
        return ended.status == "completed"

    rooms = {"reserve": st.sampled_from(["", "blue"])}
    suite = suite_of(odd, invariants=[returns_something], payloads=rooms)
    with pytest.raises(AssertionError, match="reserve returns 'blue' ->"):
        suite.run("invariant-returns_something")
    suite.run("ends")
    suite.run("replay")


def test_only_workflows_are_tested() -> None:
    wrong: Any = take
    with pytest.raises(NotTestable, match="is no workflow"):
        workflow_tests(wrong)


def test_what_people_send_is_delivered_in_another_order_too() -> None:
    """A command comes before the wait for it, and is taken by it all the same, and once."""
    suite = suite_of(shop)
    moves = (Return("take", Basket(total=1)), Send(Picked(shelf="a1")))
    case = Case({"basket": Basket(total=1)}, moves)
    other = [one for one in every_delivery(suite.subject, case) if one.swapped().moves != moves]
    assert [one.swapped().moves for one in other] == [moves[::-1]]
    ended = flow_played(suite.subject, other[0]).ended
    assert ended.lines[1].startswith("Picked(shelf='a1') -> take")
    assert (ended.status, ended.result) == ("completed", "a1")
    types = [event.type for event in ended.histories["run"].events]
    assert types.count("CommandReceived") == 1
    delivered(suite.subject, other[0])
