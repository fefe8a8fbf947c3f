"""Slips in what generated tests are asked for are told where they are declared."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from pydantic import BaseModel

from interlock.machines import Command, step, workflow
from interlock.machines.proof import invariant
from interlock.store.values import Types
from interlock.testing import LifecycleMachine, commands, faults, machine_tests, runs
from interlock.testing.errors import BadFixture, NotTestable
from interlock.testing.fixtures import Fixtures
from interlock.testing.flow_suite import workflow_tests
from interlock.testing.moves import Case, Send
from sample_orders import OrderLifecycle, Pay


class Wares(BaseModel):
    total: int = 1


@step
async def charge(wares: Wares) -> str:
    return "paid"


@workflow
async def checkout(wares: Wares) -> str:
    return await charge(wares)


class Push(Command):
    weight: int


LIFECYCLE: list[tuple[dict[str, Any], str]] = [
    ({"payloads": {"Pay.amonut": st.just(1)}}, "nearest is Pay.amount"),
    ({"payloads": {"Pya": st.just(1)}}, "nearest is Pay"),
    ({"payloads": {Wares: st.just(Wares())}}, "payloads of Wares: there is no"),
    ({"payloads": {"Pay.amount": [1]}}, "is no strategy"),
    ({"payloads": {"Pay.amount": st.just("no")}}, r"no valid Pay can be made(.|\n)*valid decimal"),
    ({"weights": {"Pya": 5}}, "nearest is Pay"),
    ({"weights": {Push: 5}}, "weights of Push"),
    ({"weights": {Pay: -1}}, "is no whole number"),
    ({"starts": []}, "starts="),
    ({"starts": [3]}, "3 is no data of the lifecycle"),
]


@pytest.mark.parametrize(("said", "told"), LIFECYCLE)
def test_of_a_lifecycle(said: dict[str, Any], told: str) -> None:
    with pytest.raises(NotTestable, match=told):
        machine_tests(OrderLifecycle, **said)
    with pytest.raises(NotTestable, match=told):
        runs(OrderLifecycle, **said)
    with pytest.raises(NotTestable, match=told):
        type("Wrong", (LifecycleMachine,), {}, of=OrderLifecycle, **said)
    if "starts" not in said:
        with pytest.raises(NotTestable, match=told):
            commands(OrderLifecycle, **said)


FLOW: list[tuple[dict[str, Any], str]] = [
    ({"payloads": {"chrage": st.just("x")}}, "nearest is charge"),
    ({"payloads": {"checkout.ware": st.just(Wares())}}, "nearest is checkout.wares"),
    ({"payloads": {"Wares.totla": st.just(1)}}, "nearest is Wares.total"),
    ({"payloads": {"charge": ["x"]}}, "is no strategy"),
    ({"payloads": {int: st.just("no"), "Wares.total": st.just("no")}}, "no valid Wares"),
    ({"weights": {"retrun": 2}}, "nearest is return"),
    ({"invariants": ["x"]}, "'x' is no function"),
    ({"without": ["compensatoin"]}, "nearest is compensation"),
]


@pytest.mark.parametrize(("said", "told"), FLOW)
def test_of_a_workflow(said: dict[str, Any], told: str) -> None:
    with pytest.raises(NotTestable, match=told):
        workflow_tests(checkout, **said)


def test_what_fits_is_taken() -> None:
    fitting: dict[Any, Any] = {
        "charge": st.just("x"),
        "checkout.wares": st.just(Wares()),
        str: st.text(),
    }
    workflow_tests(checkout, payloads=fitting, weights={"fail": 0})
    machine_tests(OrderLifecycle, payloads={"Pay.amount": st.integers(1, 9), Decimal: st.just(1)})


def test_laws_faults_and_the_lifecycle_are_named() -> None:
    with pytest.raises(NotTestable, match="nearest is purity"):
        machine_tests(OrderLifecycle, without=["purty"])
    wrong: Any = ["crsh"]
    with pytest.raises(NotTestable, match="nearest is crash"):
        faults(wrong)
    with pytest.raises(NotTestable, match="of="):
        type("Nothing", (LifecycleMachine,), {})


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"weight"', '"mass"', "Push has no field mass"),
        ('"law": "replay"', '"law": "replya"', "of the law 'replya'"),
    ],
)
def test_a_kept_case_fits_its_classes_and_its_law(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    types = Types()
    types.collect(Wares, Push)
    kept = Fixtures(tmp_path, "order", types, ["replay"], "-")
    file = kept.write("replay", "", [], Case(Wares(), (Send(Push(weight=1)),)))
    assert file is not None
    assert [case for _, case in kept.read("replay")] == [Case(Wares(), (Send(Push(weight=1)),))]
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(BadFixture, match=told):
        list(kept.read("replay"))


def test_a_kept_case_of_a_law_that_is_gone_is_told(tmp_path: Path) -> None:
    before = Fixtures(tmp_path, "order", Types(), ["gone"], "-")
    assert before.write("gone", "", [], Case(None)) is not None
    with pytest.raises(BadFixture, match="no law 'gone'"):
        list(Fixtures(tmp_path, "order", Types(), ["replay"], "-").read("replay"))


def test_an_invariant_that_hypothesis_does_not_know_is_refused() -> None:
    @invariant
    def mine(_: object, data: object) -> bool:
        return False

    with pytest.raises(NotTestable, match=r"Wrong\.mine is declared as a lifecycle declares"):
        type("Wrong", (LifecycleMachine,), {"mine": mine}, of=OrderLifecycle)
