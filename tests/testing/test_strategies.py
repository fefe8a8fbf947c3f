"""Strategies: payloads keep to their types, runs fit the machine, rules move it."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test
from pydantic import BaseModel, Field

from interlock.projections import History
from interlock.testing import (
    Case,
    LifecycleMachine,
    commands,
    faults,
    histories,
    machine_class,
    payload,
    runs,
)
from interlock.testing.errors import NoPayload
from interlock.testing.moves import Crash, Jump, Pass, Send
from interlock.testing.walk import walked
from sample_orders import Add, Cancel, OrderData, OrderLifecycle, Pay, Status, Submit

QUICK = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclasses.dataclass(frozen=True)
class Spot:
    x: int
    label: str = "spot"


class Tree(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=3)]
    below: list[Tree] = []
    beside: Tree | None = None


class Everything(BaseModel):
    few: Annotated[int, Field(ge=1, le=3)]
    money: Decimal = Field(gt=0, le=10, decimal_places=2)
    code: str = Field(min_length=2, pattern="^[a-z]+$")
    some: list[int] = Field(max_length=2)
    share: float = Field(gt=0, lt=1)
    spots: dict[str, Spot]
    at: datetime
    how: Literal["x", "y"] | None = None
    fives: int = Field(multiple_of=5, ge=3)
    by: str = Field(alias="from")
    pair: tuple[int, bool]
    those: frozenset[int]


@QUICK
@given(payload(Everything), payload(Tree))
def test_payloads_keep_to_their_constraints(made: Everything, tree: Tree) -> None:
    assert Everything.model_validate(made.model_dump(by_alias=True)) == made
    assert made.at.tzinfo is not None
    assert isinstance(made.pair[1], bool)
    assert 1 <= len(tree.name) <= 3


WANTED = {Decimal: st.just(Decimal(2)), "Everything.by": st.just("us")}


@settings(QUICK, max_examples=5)
@given(payload(Everything, WANTED))
def test_payloads_are_overridden_by_type_and_by_field(made: Everything) -> None:
    assert (made.money, made.by) == (Decimal(2), "us")


def test_nothing_is_known_of_some_types() -> None:
    class Opaque:
        def __init__(self, secret) -> None:  # type: ignore[no-untyped-def]  # nobody can know
            self.secret = secret

    with pytest.raises(NoPayload, match="no values of Opaque are known; say which: payloads="):
        find(payload(Opaque), lambda _: True)


@QUICK
@given(st.data())
def test_commands_are_those_of_a_state(data: st.DataObject) -> None:
    made = data.draw(commands(OrderLifecycle, Status.DRAFT, weights={Cancel: 0}))
    assert isinstance(made, Add | Submit)
    near = data.draw(commands(OrderLifecycle, "pending", near=OrderData(total=Decimal(7))))
    assert isinstance(near, Pay | Cancel)
    assert type(data.draw(commands(OrderLifecycle))) in OrderLifecycle.program().commands.values()


def test_values_of_the_run_are_drawn_again() -> None:
    data = OrderData(total=Decimal("712.36"))
    found = find(
        commands(OrderLifecycle, Status.PENDING, near=data, weights={Cancel: 0}),
        lambda one: isinstance(one, Pay) and one.amount == data.total,
    )
    assert found == Pay(amount=Decimal("712.36"))


@QUICK
@given(runs(OrderLifecycle, most=8, starts=[OrderData(note="first")]))
def test_runs_are_of_moves_that_fit(case: Case) -> None:
    assert case.start == OrderData(note="first")
    assert len(case.moves) <= 8
    assert all(isinstance(move, Send | Pass) for move in case.moves)
    assert len(walked(OrderLifecycle, case).lines) == len(case.moves)


def test_runs_come_to_an_end() -> None:
    ended = find(runs(OrderLifecycle, most=6), lambda one: _ends_in(one, "cancelled"))
    assert len(ended.moves) <= 6


def _ends_in(case: Case, state: str) -> bool:
    lines = walked(OrderLifecycle, case).lines
    return bool(lines) and lines[-1].state == state


@settings(QUICK, max_examples=5)
@given(histories(OrderLifecycle, most=6))
def test_histories_are_recorded_ones(history: History) -> None:
    history.verify()
    assert history.replay().machine == "OrderLifecycle"


@QUICK
@given(faults(["crash", "jump"], moves=4, most=2))
def test_faults_are_of_the_kinds_that_are_wanted(wrong: tuple[Any, ...]) -> None:
    assert len(wrong) <= 2
    for one in wrong:
        assert isinstance(one, Crash | Jump)
        assert isinstance(one, Crash) or abs(one.by) >= timedelta(hours=1)


STEPS = settings(
    max_examples=5, stateful_step_count=8, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip


class Orders(LifecycleMachine, of=OrderLifecycle, weights={"time": 2}):
    """With a rule and an invariant of one's own."""

    @rule(item=st.sampled_from(["tea", "milk"]))
    def somebody_buys(self, item: str) -> None:
        accepted = self.send(Add(item=item))
        assert accepted == (self.state == "draft") or "not accepted" in self.refusal

    @invariant()
    def what_is_paid_for_is_in_the_cart(self) -> None:
        if hasattr(self, "scenario") and self.data.paid:
            assert self.data.items


TestOrders = Orders.TestCase
TestOrders.settings = STEPS


def test_rules_find_what_breaks_an_invariant() -> None:
    class Wrong(LifecycleMachine, of=OrderLifecycle, weights={Cancel: 0}):
        @invariant()
        def nobody_submits(self) -> None:
            if hasattr(self, "scenario"):
                assert self.state != "pending"

    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            Wrong, settings=settings(STEPS, max_examples=400, phases=[Phase.generate])
        )


def test_a_class_is_made_of_a_lifecycle() -> None:
    made = machine_class(OrderLifecycle)
    assert issubclass(made, LifecycleMachine)
    run_state_machine_as_test(made, settings=settings(STEPS, max_examples=2))
