"""Every mistake in a lifecycle's definition is named when the class is made, with its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.machines import registry
from interlock.machines.command import Command
from interlock.machines.duration import duration
from interlock.machines.errors import BadDefinition
from interlock.machines.ir import Machine
from interlock.machines.lifecycle import Lifecycle, after, entering, on
from interlock.machines.step import step
from sample_orders import Cancel, OrderData, OrderLifecycle, Pay, Status, Submit

# Most of these mistakes are also caught by type checkers, hence the Any.
Loose: Any = on
LooseAfter: Any = after
LooseEntering: Any = entering


class Other(StrEnum):
    DRAFT = "draft"


def same(self: Any, order: OrderData, command: Any) -> OrderData:
    return order


def stays(self: Any, order: OrderData) -> OrderData:
    return order


def guard(order: OrderData, command: Command) -> bool:
    return True


def define(
    members: dict[str, Any] | None = None,
    *,
    base: Any = Lifecycle[Status, OrderData],
    initial: Any = Status.DRAFT,
    final: Any = (Status.CANCELLED,),
    **head: Any,
) -> Any:
    def body(namespace: dict[str, Any]) -> None:
        namespace.update(members or {}, __module__=__name__, __qualname__="define.<locals>.Made")

    import types

    return types.new_class("Made", (base,), {"initial": initial, "final": final, **head}, body)


def method(decorator: Any, function: Callable[..., Any] = same) -> Any:
    """`function` under a decorator, as a new function each time."""
    made: Any = types_copy(function)
    return decorator(made)


def types_copy(function: Any) -> Any:
    import types

    made = types.FunctionType(
        function.__code__, function.__globals__, function.__name__, closure=function.__closure__
    )
    made.__annotations__ = dict(function.__annotations__)
    made.__qualname__ = function.__qualname__
    return made


async def slow(self: Any, order: OrderData, command: Any) -> OrderData:
    return order


def few(self: Any, order: OrderData) -> OrderData:
    return order


def wrong_command(self: Any, order: OrderData, command: Pay) -> OrderData:
    return order


def wrong_data(self: Any, order: Pay, command: Any) -> OrderData:
    return OrderData()


def wrong_answer(self: Any, order: OrderData, command: Any) -> str:
    return ""


def guard_of_pay(order: OrderData, command: Pay) -> bool:
    return True


def guard_of_one(order: OrderData) -> bool:
    return True


async def slow_guard(order: OrderData, command: Command) -> bool:
    return True


NAMELESS: Callable[[Any, Any], bool] = lambda order, command: True  # noqa: E731  the mistake
START: dict[str, Any] = {"source": Status.DRAFT, "target": Status.PENDING}
MISTAKES: dict[str, tuple[Callable[[], Any], str]] = {
    "no arguments": (lambda: define(base=Lifecycle), r"write Lifecycle\[Status, Data\]"),
    "states": (lambda: define(base=Lifecycle[str, OrderData]), "not a StrEnum"),  # type: ignore[type-var]  # the mistake
    "data": (lambda: define(base=Lifecycle[Status, dict[str, int]]), "not a pydantic model"),  # type: ignore[type-var]  # the mistake
    "initial": (lambda: define(initial=Other.DRAFT), "initial .* is not one of the states"),
    "final": (lambda: define(final={"cancelled"}), "final 'cancelled' is not one of the states"),
    "foreign source": (
        lambda: define({"m": method(Loose(Submit, source=Other.DRAFT, target=Status.PENDING))}),
        "source .* is not one of the states, Status",
    ),
    "foreign target": (
        lambda: define({"m": method(Loose(Submit, source=Status.DRAFT, target=Other.DRAFT))}),
        "target .* is not one of the states, Status",
    ),
    "foreign entering": (
        lambda: define({"m": method(LooseEntering(Other.DRAFT), stays)}),
        "entering .* is not one of the states",
    ),
    "text as state": (lambda: Loose(Submit, source="draft"), "members of the lifecycle's StrEnum"),
    "no source": (lambda: Loose(Submit, source=()), "source names no state"),
    "not a command": (lambda: Loose(str, source=Status.DRAFT), "takes a subclass of Command"),
    "final source": (
        lambda: define({"m": method(Loose(Submit, source=Status.CANCELLED))}),
        "is final and accepts nothing",
    ),
    "async": (lambda: define({"m": method(Loose(Submit, **START), slow)}), "is async"),
    "few": (
        lambda: define({"m": method(Loose(Submit, **START), few)}),
        r"write def few\(self, data, command\)",
    ),
    "wrong command": (
        lambda: define({"m": method(Loose(Submit, **START), wrong_command)}),
        "command: Pay does not fit the command, which is Submit",
    ),
    "wrong data": (
        lambda: define({"m": method(Loose(Submit, **START), wrong_data)}),
        "order: Pay does not fit the data, which is OrderData",
    ),
    "wrong answer": (
        lambda: define({"m": method(Loose(Submit, **START), wrong_answer)}),
        "returns str; it must return the new OrderData",
    ),
    "guard of another": (
        lambda: define({"m": method(Loose(Submit, **START, guard=guard_of_pay))}),
        "command: Pay does not fit the command, which is Submit",
    ),
    "guard of one": (
        lambda: define({"m": method(Loose(Submit, **START, guard=guard_of_one))}),
        "guard_of_one must be a function",
    ),
    "guard async": (
        lambda: define({"m": method(Loose(Submit, **START, guard=slow_guard))}),
        "not async",
    ),
    "guard lambda": (
        lambda: define({"m": method(Loose(Submit, **START, guard=NAMELESS))}),
        "has no name to refuse by",
    ),
    "guard partial": (
        lambda: define({"m": method(Loose(Submit, **START, guard=partial(guard)))}),
        "has no name to refuse by",
    ),
    "guard text": (
        lambda: define({"m": method(Loose(Submit, **START, guard="enough"))}),
        "guard='enough' is not a function",
    ),
    "overlap": (
        lambda: define(
            {
                "one": method(Loose(Submit, **START)),
                "two": method(Loose(Submit, **START, guard=guard)),
            }
        ),
        "'Submit' from 'draft' can never be taken",
    ),
    "same after": (
        lambda: define(
            {
                "one": method(LooseAfter("2 days", **START), stays),
                "two": method(LooseAfter("48 hours", **START), stays),
            }
        ),
        "'after 48 hours' from 'draft' can never be taken",
    ),
    "twice": (
        lambda: define(
            {
                "m": Loose(Submit, source=Status.DRAFT, guard=guard)(
                    method(Loose(Submit, **START, guard=guard))
                )
            }
        ),
        "stands twice on one method",
    ),
    "second command": (
        lambda: define(
            {
                "one": method(Loose(Submit, **START)),
                "two": method(Loose(type("Submit", (Command,), {}), source=Status.PENDING)),
            }
        ),
        "a second command called 'Submit'",
    ),
    "reserved": (
        lambda: define({"program": method(Loose(Submit, **START))}),
        "'program' is a name of Lifecycle",
    ),
    "no time": (lambda: after(timedelta(0), source=Status.DRAFT, target=Status.PENDING), "longer"),
    "not a function": (lambda: Loose(Submit, **START)(7), "is not a method"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named(name: str) -> None:
    make, words = MISTAKES[name]
    with pytest.raises(BadDefinition, match=words) as caught:
        make()
    assert str(caught.value).startswith("ILK031: ")


def test_a_mistake_in_a_method_names_its_file_and_line() -> None:
    with pytest.raises(BadDefinition) as caught:
        define({"m": method(Loose(Submit, **START), slow)})
    assert re.match(rf"ILK031: {re.escape(__file__)}:\d+: slow: ", str(caught.value))


@given(st.timedeltas(timedelta(milliseconds=1), timedelta(days=4000)))
def test_every_delay_reads_back_from_its_event(delay: timedelta) -> None:
    made = define({"m": method(LooseAfter(delay, **START), stays)})
    (edge,) = made.program().machine.edges
    assert duration(edge.event.removeprefix("after ")) == delay
    assert made.program().timers("draft") == (("draft.m", delay),)


def test_guarded_candidates_and_a_last_open_one_are_fine() -> None:
    made = define(
        {
            "one": method(Loose(Submit, **START, guard=guard)),
            "two": method(Loose(Submit, source=(Status.PENDING, Status.DRAFT))),
        }
    )
    edges = made.program().machine.edges
    assert [(e.id, e.order) for e in edges] == [
        ("draft.one", 0),
        ("draft.two", 1),
        ("pending.two", 0),
    ]


def test_an_edge_of_a_method_with_several_rules_is_named_by_its_event_too() -> None:
    stacked = Loose(Cancel, source=Status.DRAFT)(method(Loose(Submit, **START)))
    edges = define({"m": stacked}).program().machine.edges
    assert [edge.id for edge in edges] == ["draft.m.Cancel", "draft.m.Submit"]


def test_a_subclass_takes_over_and_overrides() -> None:
    class Parent(Lifecycle[Status, OrderData], initial=Status.DRAFT, final={Status.CANCELLED}):
        @on(Submit, source=Status.DRAFT, target=Status.PENDING)
        def submit(self, order: OrderData, command: Submit) -> OrderData:
            return order

        @on(Cancel, source=Status.DRAFT, target=Status.CANCELLED)
        def cancel(self, order: OrderData, command: Cancel) -> OrderData:
            return order

    class Child(Parent, initial=Status.DRAFT, final={Status.CANCELLED}, name="child"):
        @on(Cancel, source=Status.PENDING, target=Status.CANCELLED)
        def cancel(self, order: OrderData, command: Cancel) -> OrderData:
            return order

    assert [e.id for e in Child.program().machine.edges] == ["draft.submit", "pending.cancel"]
    assert registry.find("child") is Child
    assert registry.all()["Parent"] is Parent


def test_steps_can_be_named_in_the_class() -> None:
    @step
    def told(text: str) -> None:
        del text

    found = {"told": told}

    def tell(self: Any, order: OrderData) -> Any:
        return found["told"].effect("x")

    made = define({"tell": method(entering(Status.DRAFT), tell)}, steps=[told])
    assert made.program().enter("draft", OrderData()) == (told.effect("x"),)


def hash_of(text: str) -> str:
    """The hash of a lifecycle written in a file of its own."""
    head = (
        "from interlock.machines.lifecycle import Lifecycle, on\n"
        "from sample_orders import Cancel, OrderData, Status, Submit\n"
    )
    import importlib.util
    import sys
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "written.py")
        file.write_text(head + text)
        spec = importlib.util.spec_from_file_location("written", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["written"] = module
        try:
            spec.loader.exec_module(module)
        finally:
            del sys.modules["written"]
    machine: Machine = module.Made.program().machine
    assert machine.source
    return machine.hash


WRITTEN = """
def ready(order, command):
    return len(order.items) > 0

class Made(Lifecycle[Status, OrderData], initial=Status.DRAFT, final={Status.CANCELLED}):
    @on(Submit, source=Status.DRAFT, target=Status.PENDING, guard=ready)
    def submit(self, order, command):
        return order
"""


@pytest.mark.parametrize(
    ("before", "after_", "same_hash"),
    [
        ("return order\n", "return order  # a comment\n", True),
        ("\nclass Made", "\n\n\nclass Made", True),
        ("    return len", "    'why'\n    return len", True),
        ("> 0", "> 1", False),
        ("return order\n", "return order.model_copy()\n", False),
        ("target=Status.PENDING", "target=Status.CANCELLED", False),
        ("submit(", "hand_in(", False),
        (", guard=ready", "", False),
    ],
)
def test_the_hash_follows_meaning_and_not_layout(before: str, after_: str, same_hash: bool) -> None:
    assert before in WRITTEN
    changed = hash_of(WRITTEN.replace(before, after_))
    assert (changed == hash_of(WRITTEN)) == same_hash


def test_two_lifecycles_of_one_name_cannot_be_told_apart_by_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry, "_known", {})

    class Twin:
        name = "OrderLifecycle"
        __module__ = "json"

    Twin.__qualname__ = "Twin"
    registry.register(OrderLifecycle)
    registry.register(OrderLifecycle)
    assert registry.find("OrderLifecycle") is OrderLifecycle
    registry.register(Twin())
    with pytest.raises(BadDefinition, match="two machines are called 'OrderLifecycle'"):
        registry.find("OrderLifecycle")
    assert registry.find("nobody") is None


def test_a_lifecycle_need_not_come_to_an_end() -> None:
    class Endless(Lifecycle[Status, OrderData], initial=Status.DRAFT): ...

    assert not any(node.kind == "final" for node in Endless.program().machine.nodes)
