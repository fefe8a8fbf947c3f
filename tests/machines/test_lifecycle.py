"""Laws of lifecycles at work: decisions are pure, refusals explain, failures change nothing."""

from __future__ import annotations

import copy
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.machines.command import Command
from interlock.machines.errors import HandlerFailed, MachineError, Refused
from interlock.machines.ir import Machine
from interlock.machines.lifecycle import Lifecycle, entering, on
from interlock.machines.lifecycle_program import Taken
from sample_orders import (
    Add,
    Cancel,
    OrderData,
    OrderLifecycle,
    Pay,
    Return,
    Ship,
    Status,
    Submit,
    mail,
    reserve_stock,
)

PROGRAM = OrderLifecycle.program()

amounts = st.decimals(-5, 50, places=2)
data = st.builds(
    OrderData,
    items=st.lists(st.sampled_from(["tea", "jam"]), max_size=3),
    total=amounts,
    paid=amounts,
    note=st.just(""),
)
commands = st.one_of(
    st.builds(Add, item=st.just("tea")),
    st.builds(Submit),
    st.builds(Pay, amount=amounts),
    st.builds(Ship, tracking=st.just("T1")),
    st.builds(Return, reason=st.just("broken")),
    st.builds(Cancel),
)
states = st.sampled_from(list(Status))


def expected(state: str, order: OrderData, command: Command) -> tuple[str, OrderData] | None:
    """The oracle: the order's rules once more, as one plain function."""
    match state, command:
        case "draft", Add(item=item):
            return "draft", order.model_copy(update={"items": [*order.items, item]})
        case "draft", Submit() if order.items:
            return "pending", order
        case "draft" | "pending", Cancel():
            return "cancelled", order
        case "pending", Pay(amount=amount) if amount > 0:
            paid = order.paid + amount
            target = "processing" if paid >= order.total else "pending"
            return target, order.model_copy(update={"paid": paid})
        case "processing", Ship(tracking=tracking):
            return "completed", order.model_copy(update={"note": tracking})
        case "processing", Cancel():
            return "processing", order
        case "completed", Return():
            return "returned", order
        case _:
            return None


@given(states, data, commands)
def test_decisions_follow_the_rules_and_change_nothing(
    state: Status, order: OrderData, command: Command
) -> None:
    before = copy.deepcopy(order)
    wanted = expected(state, order, command)
    if wanted is None:
        with pytest.raises(Refused):
            PROGRAM.decide(state, order, command)
    else:
        taken = PROGRAM.decide(state, order, command)
        assert (taken.target, taken.data) == wanted
        assert taken == PROGRAM.decide(state, order, command)
        assert taken.source == state
        assert (taken.edge.source, taken.edge.target) == (state, taken.target)
    assert order == before


def refusal(state: str, order: OrderData, command: Command) -> Refused | None:
    try:
        PROGRAM.decide(state, order, command)
    except Refused as error:
        return error
    return None


@given(states, data, commands)
def test_a_refusal_names_what_is_accepted_and_a_final_state_accepts_nothing(
    state: Status, order: OrderData, command: Command
) -> None:
    refused = refusal(state, order, command)
    if refused is not None:
        wanted = {e.event for e in PROGRAM.machine.edges if e.source == state} & {*PROGRAM.commands}
        assert set(refused.accepts) == wanted
        assert refused.state == state
        assert all(name in str(refused) for name in wanted)
        assert ("final" in str(refused)) == (state in PROGRAM.final)
    else:
        assert state not in PROGRAM.final


def test_a_refusal_says_which_guard_and_why() -> None:
    with pytest.raises(Refused) as caught:
        PROGRAM.decide("draft", OrderData(), Submit())
    assert caught.value.guards == ("has_items says no",)
    with pytest.raises(Refused) as caught:
        PROGRAM.decide("pending", OrderData(total=Decimal(5)), Pay(amount=Decimal(0)))
    assert caught.value.guards == ("is_positive: an amount must be positive",)
    assert "ILK035" in str(caught.value)


def test_a_foreign_command_is_refused_even_under_the_same_name() -> None:
    foreign = type("Submit", (Command,), {})
    with pytest.raises(Refused, match="not a command of OrderLifecycle"):
        PROGRAM.decide("draft", OrderData(items=["tea"]), foreign())


def test_effects_of_entering_come_in_the_order_of_the_class() -> None:
    order = OrderData(items=["tea"])
    taken = PROGRAM.decide("pending", order, Pay(amount=Decimal(1)))
    assert taken.entered
    assert taken.effects == (
        reserve_stock.effect(["tea"]),
        mail.effect("news"),
        mail.effect(text="more"),
    )
    assert PROGRAM.enter("draft", order) == ()


def test_an_internal_transition_enters_nothing_and_a_self_transition_does() -> None:
    stayed = PROGRAM.decide("draft", OrderData(), Add(item="jam"))
    assert (stayed.entered, stayed.effects, stayed.data.items) == (False, (), ["jam"])
    again = PROGRAM.decide("processing", OrderData(), Cancel())
    assert (again.entered, again.target, len(again.effects)) == (True, "processing", 3)


def test_a_timer_leads_where_it_was_declared_and_only_from_its_state() -> None:
    ((edge, delay),) = PROGRAM.timers("pending")
    assert delay == timedelta(hours=48)
    taken = PROGRAM.expire("pending", OrderData(), edge)
    assert (taken.target, taken.data.note, len(taken.effects)) == ("cancelled", "expired", 2)
    assert PROGRAM.timers("draft") == ()
    with pytest.raises(Refused, match="does not belong"):
        PROGRAM.expire("processing", OrderData(), edge)
    with pytest.raises(Refused, match="does not belong"):
        PROGRAM.expire("pending", OrderData(), "pending.pay")
    with pytest.raises(Refused, match="final"):
        PROGRAM.expire("cancelled", OrderData(), edge)


def test_what_a_handler_leaves_as_it_was_keeps_its_identity() -> None:
    order = OrderData(items=["tea"], total=Decimal(9))
    taken = PROGRAM.decide("pending", order, Pay(amount=Decimal(1)))
    assert taken.data is not order
    assert taken.data.items is order.items


def test_methods_are_plain_functions_for_tests() -> None:
    order = OrderLifecycle().pay(OrderData(), Pay(amount=Decimal(3)))
    assert order.paid == 3


def test_the_steps_of_effects_are_found_by_name() -> None:
    assert PROGRAM.steps == {"reserve_stock": reserve_stock, "mail": mail}
    for cls in (OrderData, Pay, Ship):
        assert cls in PROGRAM.types


def test_an_unknown_state_is_an_error() -> None:
    with pytest.raises(MachineError, match="no state 'lost'"):
        PROGRAM.decide("lost", OrderData(), Submit())


def test_the_machine_survives_json_with_its_hash() -> None:
    machine = PROGRAM.machine
    again = Machine.from_json(machine.to_json())
    assert again == machine
    assert again.hash == machine.hash
    assert machine.commands == ("Add", "Submit", "Pay", "Ship", "Return", "Cancel")
    lines = machine.source.splitlines()
    for edge in machine.edges:
        assert lines[edge.line - machine.line].lstrip().startswith(("@on", "@after"))


class Naughty(Command):
    how: str


def grumpy(order: OrderData, command: Naughty) -> bool:
    if command.how == "guard raises":
        raise ValueError("no mood")
    if command.how == "guard mutates":
        order.items.append("jam")
    if command.how == "guard answers":
        return cast("bool", "yes")
    return True


class NaughtyLifecycle(Lifecycle[Status, OrderData], initial=Status.DRAFT, final=()):
    @on(Naughty, source=Status.DRAFT, target=Status.PENDING, guard=grumpy)
    def go(self, order: OrderData, command: Naughty) -> OrderData:
        if command.how == "handler raises":
            raise KeyError("nothing")
        if command.how == "handler mutates":
            order.items.append("jam")
        if command.how == "handler mutates and raises":
            order.items.append("jam")
            raise KeyError("nothing")
        if command.how == "handler answers":
            return cast("OrderData", order.items)
        return order

    @entering(Status.PENDING)
    def look(self, order: OrderData) -> Any:
        match order.note:
            case "raises":
                raise KeyError("nothing")
            case "mutates":
                order.items.append("jam")
            case "answers":
                return "mail"
            case "answers list":
                return [mail.effect("x"), 7]
            case "strange step":
                from interlock.machines.step import step

                return step(lambda: None).effect()
            case _:
                return None
        return None


@pytest.mark.parametrize(
    ("how", "who", "what"),
    [
        ("guard raises", "grumpy", "raised ValueError: no mood"),
        ("guard mutates", "grumpy", "changed its input in place"),
        ("guard answers", "grumpy", "answered 'yes'"),
        ("handler raises", "go", "raised KeyError: 'nothing'"),
        ("handler mutates", "go", "changed its input in place"),
        ("handler mutates and raises", "go", "raised KeyError: 'nothing'"),
        ("handler answers", "go", "return the new OrderData"),
    ],
)
def test_failing_code_is_named_and_the_data_put_back(how: str, who: str, what: str) -> None:
    order = OrderData(items=["tea"])
    with pytest.raises(HandlerFailed) as caught:
        NaughtyLifecycle.program().decide("draft", order, Naughty(how=how))
    error = caught.value
    assert error.handler == who
    assert error.file == __file__
    assert f"{__file__}:{error.line}: {who} " in str(error)
    assert what in str(error)
    assert (error.__cause__ is not None) == ("raises" in how)
    assert order == OrderData(items=["tea"])


@pytest.mark.parametrize(
    ("note", "what"),
    [
        ("raises", "raised KeyError"),
        ("mutates", "changed its input"),
        ("answers", "it returned 'mail'"),
        ("answers list", "it returned"),
        ("strange step", "cannot be found after a restart"),
    ],
)
def test_failing_entering_methods_are_named(note: str, what: str) -> None:
    with pytest.raises(HandlerFailed, match=what) as caught:
        NaughtyLifecycle.program().decide("draft", OrderData(note=note), Naughty(how=""))
    assert caught.value.handler == "look"


def test_good_behaviour_passes() -> None:
    taken = NaughtyLifecycle.program().decide("draft", OrderData(), Naughty(how=""))
    assert isinstance(taken, Taken)
    assert (taken.target, taken.effects) == ("pending", ())
