"""Green tests that test nothing: what no case came to is told."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from pydantic import BaseModel

from interlock.machines import (
    Command,
    Lifecycle,
    Refuse,
    after,
    always,
    approval,
    on,
    step,
    workflow,
)
from interlock.testing import machine_tests, simulate, workflow_tests
from interlock.testing.errors import HarnessError, NeverTaken, NotTestable
from interlock.testing.flow_play import flow_played
from interlock.testing.flow_subject import FlowSubject
from interlock.testing.moves import Case
from interlock.testing.states import cuts_agree

FEW = settings(max_examples=5)


class Place(StrEnum):
    OPEN = "open"
    BUSY = "busy"
    SHUT = "shut"


class Purse(BaseModel):
    coins: int = 0
    wanted: int = 0


class Put(Command):
    coins: int


class Close(Command):
    pass


class Till(Lifecycle[Place, Purse], initial=Place.OPEN, final={Place.SHUT}, name="till"):
    @on(Put, source=Place.OPEN, target=Place.BUSY)
    def put(self, purse: Purse, command: Put) -> Purse:
        return purse

    @on(Close, source=Place.BUSY, target=Place.SHUT)
    def close(self, purse: Purse, command: Close) -> Purse:
        return purse

    @after("1 day", source=Place.OPEN, target=Place.SHUT)
    def expire(self, purse: Purse) -> Purse:
        return purse


FINAL = {Place.SHUT}


def said(tests: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        tests.suite.run("reached")
    return str(caught.value)


def test_a_method_that_always_fails() -> None:
    class Failing(Till, initial=Place.OPEN, final=FINAL, name="till"):
        @on(Put, source=Place.OPEN, target=Place.BUSY)
        def put(self, purse: Purse, command: Put) -> Purse:
            raise ValueError("never")

    text = said(machine_tests(Failing, settings=FEW))
    assert "open --Put--> busy: the code fails: " in text
    assert "put raised ValueError: never" in text
    assert "so nothing ever comes to busy" in text
    assert "expire" not in text


def never(purse: Purse, command: Put) -> bool | Refuse:
    return command.coins > 10**30 or Refuse("too few")


class Guarded(Till, initial=Place.OPEN, final=FINAL, name="till"):
    @on(Put, source=Place.OPEN, target=Place.BUSY, guard=never)
    def put(self, purse: Purse, command: Put) -> Purse:
        return purse


def test_a_guard_that_no_value_satisfies() -> None:
    text = said(machine_tests(Guarded, settings=FEW, payloads={"Put.coins": st.just(1)}))
    assert "open --Put--> busy: a Put came there " in text
    assert "never said yes (never: too few)" in text
    assert "payloads={'Put.coins': st.…}" in text
    assert "weights={Put: 5}" in text
    many: Any = machine_tests(Guarded, settings=FEW, payloads={"Put.coins": st.just(10**31)})
    many.suite.run("reached")


def test_what_is_never_to_happen_is_not_missed() -> None:
    tests: Any = machine_tests(
        Guarded, settings=FEW, payloads={"Put.coins": st.just(1)}, weights={"Put": 0, "Close": 0}
    )
    tests.suite.run("reached")
    left_out: Any = machine_tests(Guarded, settings=FEW, without=["reached"])
    assert "reached" not in left_out.pytestmark[0].args[1]


def test_runs_that_never_begin() -> None:
    class Stillborn(Till, initial=Place.OPEN, final=FINAL, name="till"):
        @always(source=Place.OPEN, target=Place.BUSY)
        def on_it_goes(self, purse: Purse) -> Purse:
            raise ValueError("not today")

    assert "no run ever begins: " in said(machine_tests(Stillborn, settings=FEW))


def anyway(purse: Purse, command: Put) -> bool:
    return True


def wants(purse: Purse) -> bool:
    return purse.wanted > 3


def is_full(purse: Purse, command: Close) -> bool:
    return purse.coins > 9


def test_what_follows_by_itself_and_what_is_asked_first() -> None:
    class Proud(Till, initial=Place.OPEN, final=FINAL, name="till"):
        @on(Put, source=Place.OPEN, target=Place.BUSY, guard=anyway)
        def put(self, purse: Purse, command: Put) -> Purse:
            return purse

        @on(Put, source=Place.OPEN)
        def again(self, purse: Purse, command: Put) -> Purse:
            return purse

        @always(source=Place.BUSY, target=Place.SHUT, guard=wants)
        def enough(self, purse: Purse) -> Purse:
            return purse

    text = said(machine_tests(Proud, settings=FEW))
    assert "open --Put--> busy, which is asked first, took it or refused" in text
    assert "busy --always--> shut: wants never said yes" in text
    tests = machine_tests(Proud, settings=FEW, starts=[Purse(wanted=4), Purse()])
    assert "shut: wants" not in said(tests)


def test_rare_ways_are_looked_for_behind_other_data() -> None:
    class Slow(Till, initial=Place.OPEN, final=FINAL, name="till"):
        @on(Put, source=Place.OPEN)
        def put(self, purse: Purse, command: Put) -> Purse:
            return purse.model_copy(update={"coins": purse.coins + 1})

        @on(
            Close,
            source=Place.OPEN,
            target=Place.BUSY,
            guard=is_full,
        )
        def shut(self, purse: Purse, command: Close) -> Purse:
            return purse

    tests: Any = machine_tests(Slow, settings=FEW)
    tests.suite.run("reached")


# Workflows


@step
async def reached_look(text: str) -> int:
    return 1


@step
async def reached_take(count: int) -> str:
    return "taken"


@workflow
async def reached_fails(text: str) -> str:
    count = await reached_look(text)
    return await reached_take([5, 6, 7][count + 10**9])


@workflow
async def reached_never(text: str) -> str:
    count = await reached_look(text)
    if count > 10**30:
        return await reached_take(count)
    return "nothing"


@workflow
async def reached_twice(text: str) -> str:
    big = len(text) > 1
    if big:
        await reached_look(text)
    if big:
        return await reached_take.named("second")(1)
    return await reached_take.named("other")(2)


def test_code_that_always_fails_between_two_steps() -> None:
    text = said(workflow_tests(reached_fails, settings=FEW))
    assert "reached_look -> reached_take is never taken" in text
    assert "reached_look ends with IndexError: list index out of range" in text
    assert "so nothing ever comes to reached_take, completed" in text


def test_a_branch_that_no_value_takes() -> None:
    text = said(workflow_tests(reached_never, settings=FEW))
    assert "reached_look -> reached_take (if count > 10 ** 30) is never taken" in text
    assert "payloads={'reached_look': st.…}" in text
    tests: Any = workflow_tests(
        reached_never, settings=FEW, payloads={"reached_look": st.sampled_from([1, 10**31])}
    )
    tests.suite.run("reached")


def test_ways_that_cannot_be_told_to_be_impossible_are_a_warning() -> None:
    tests: Any = workflow_tests(reached_twice, settings=FEW)
    with pytest.warns(NeverTaken, match="never take\n  start -> second"):
        tests.suite.run("reached")


# Approvals that a function decides

BOSSES = {"north": ["zoe"]}


def leads(who: str, facts: object) -> bool:
    return who in BOSSES["north"]


@workflow
async def reached_asks(text: str) -> str:
    first = await approval("boss", about=text, approvers=leads)
    if not first.granted:
        return "no"
    second = await approval(
        "mister", about=text, approvers=lambda who, facts: who.startswith("mr."), quorum=1
    )
    return "yes" if second.granted else await reached_take(1)


@workflow
async def reached_nobody(text: str) -> str:
    first = await approval("boss", about=text, approvers=lambda who, facts: len(who) == 33)
    return await reached_take(1) if first.granted else "no"


def test_functions_that_decide_who_may_are_answered() -> None:
    tests: Any = workflow_tests(reached_asks, settings=FEW)
    tests.suite.run("reached")
    tests.suite.run("deliveries")
    done = simulate(reached_asks, seeds=10)
    assert not done.never


def test_people_whom_nothing_names_have_to_be_said() -> None:
    text = said(workflow_tests(reached_nobody, settings=FEW))
    assert "nobody is let decide on boss: " in text
    assert "people=['ann']" in text
    tests: Any = workflow_tests(reached_nobody, settings=FEW, people=["x" * 33])
    tests.suite.run("reached")
    with pytest.raises(NotTestable, match="write people="):
        workflow_tests(reached_nobody, people="ann")


def test_a_snapshot_of_a_run_that_waits_is_a_replay() -> None:
    play = flow_played(FlowSubject(reached_nobody), Case({"text": ""}))
    assert play.ended.status == "waiting"
    cuts_agree(play.ended.histories["run"].events)


# Simulation


def test_a_simulation_in_which_all_code_fails_is_none() -> None:
    async def raises(text: str) -> int:
        raise KeyError("gone")

    with pytest.raises(HarnessError, match="reached_look: KeyError: 'gone'"):
        simulate(reached_never, seeds=3, steps={"reached_look": raises}, faults=False)
    with pytest.raises(HarnessError, match=r"code always fails: send Put: .*ValueError: never"):
        simulate(FailingAll, seeds=3, commands=[Put(coins=1)])


class FailingAll(Lifecycle[Place, Purse], initial=Place.OPEN, final=FINAL, name="failing_till"):
    @on(Put, source=Place.OPEN, target=Place.SHUT)
    def put(self, purse: Purse, command: Put) -> Purse:
        raise ValueError("never")


def test_what_a_simulation_never_came_to_is_told() -> None:
    with pytest.warns(NeverTaken, match="never: reached_look -> reached_take"):
        done = simulate(reached_never, seeds=10, inputs=[""])
    assert done.never == ["reached_look -> reached_take (if count > 10 ** 30)"]
    assert str(done).endswith("; never: reached_look -> reached_take (if count > 10 ** 30)")
