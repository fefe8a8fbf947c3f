"""Laws of going to the `transitions` library and back, and what is refused on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from transitions.core import Condition, EventData, Machine, MachineError, Transition
from transitions.extensions.states import Tags, add_state_features

from interlock.machines import ir
from interlock.machines.guard import Check, Guard, Refuse
from interlock.machines.interchange import (
    LeftOut,
    NotCarriedOver,
    Unconvertible,
    UnknownFunction,
    bind_guards,
    from_transitions,
    named_guards,
    to_transitions,
)
from interlock.machines.interchange.guards import Named, guard_text
from interlock.machines.interchange.identities import named_edges
from interlock.machines.selector import Selector

STATES = ("a", "b", "c d", "_x", "é")
EVENTS = ("pay", "ship.now", "Cancel it", "to_b", "after 2 days")


def odd(data: int, command: int) -> Check:
    return (data + command) % 2 == 1


def big(data: int, command: int) -> Check:
    return data > command or Refuse("too small")


def thirds(data: int, command: int) -> Check:
    return data % 3 == 0


GUARDS: dict[str, Guard] = {"odd": odd, "big": big, "pack.thirds": thirds}
conditions = st.lists(
    st.builds(Named, st.sampled_from(list(GUARDS)), st.booleans()), max_size=3
).map(lambda several: sorted(several, key=lambda one: one.negated))  # the library's own order


@st.composite
def edges(draw: st.DrawFn) -> ir.Edge:
    source, target = draw(st.sampled_from(STATES)), draw(st.sampled_from(STATES))
    internal = draw(st.booleans())
    return ir.Edge(
        id="",
        source=source,
        target=source if internal else target,
        event=draw(st.sampled_from(EVENTS)),
        guard=guard_text(draw(conditions)),
        internal=internal,
    )


@st.composite
def machines(draw: st.DrawFn) -> ir.Machine:
    ignoring: list[ir.Unhandled] = ["refuse", "ignore"]
    unhandled = draw(st.sampled_from(ignoring))
    found = tuple(named_edges(by_event(draw(st.lists(edges(), max_size=20)))))
    left = {edge.source for edge in found}
    nodes = [
        ir.Node(
            id=state,
            kind=draw(st.sampled_from(["atomic", "atomic" if state in left else "final"])),
            unhandled=draw(st.sampled_from(["", *(u for u in ignoring if u != unhandled)])),
        )
        for state in STATES
    ]
    return ir.Machine(
        name=draw(st.sampled_from(["order", "two words"])),
        kind="lifecycle",
        initial=draw(st.sampled_from(STATES)),
        nodes=tuple(nodes),
        edges=found,
        commands=tuple(dict.fromkeys(e.event for e in found if e.event != "after 2 days")),
        unhandled=unhandled,
    )


def by_event(edges: list[ir.Edge]) -> list[ir.Edge]:
    """In the order of the library's tables: by event, then by state, each as first mentioned."""
    tables: dict[str, dict[str, list[ir.Edge]]] = {}
    for edge in edges:
        tables.setdefault(edge.event, {}).setdefault(edge.source, []).append(edge)
    return [e for table in tables.values() for several in table.values() for e in several]


@given(machines())
def test_there_and_back(machine: ir.Machine) -> None:
    left_out: list[LeftOut] = []
    back = from_transitions(to_transitions(machine, left_out=left_out))
    assert back == machine
    assert back.hash == machine.hash
    timers = {edge.id for edge in machine.edges if edge.event.startswith("after ")}
    assert {item.place for item in left_out} == timers


@dataclass
class Model:
    state: str = ""
    seen: list[str] = field(default_factory=list[str])


@given(
    machines(),
    st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 9), st.integers(0, 9)), min_size=5),
)
def test_both_take_the_same_transitions(
    machine: ir.Machine, events: list[tuple[str, int, int]]
) -> None:
    model = Model()
    theirs = to_transitions(machine, guards=GUARDS, left_out=[])
    theirs.add_model(model)
    ours = Selector(machine, bind_guards(machine, GUARDS))
    state = machine.initial
    for event, data, command in events:
        edge = ours.select(state, event, data, command).edge
        fired = event in theirs.events and fire(theirs, model, event, data, command)
        assert fired == (edge is not None)
        if edge is not None:
            state = edge.target
        assert model.state == state


def fire(machine: Machine, model: Model, event: str, data: int, command: int) -> bool:
    try:
        return machine.events[event].trigger(model, data, command)
    except MachineError:
        return False


@given(conditions)
def test_guards_are_read_as_they_are_written(several: list[Named]) -> None:
    assert list(named_guards(guard_text(several))) == several


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("", ()),
        ("  paid ", (Named("paid"),)),
        ("!frozen && paid", (Named("frozen", negated=True), Named("paid"))),
        ("total > 5 and paid", (Named("total > 5 and paid"),)),
        ("In('x')", (Named("In('x')"),)),
        ("not", (Named("not"),)),
        ("nothing and android", (Named("nothing"), Named("android"))),
    ],
)
def test_guards_of_other_hands(text: str, meaning: tuple[Named, ...]) -> None:
    assert named_guards(text) == meaning


def is_paid(order: Any) -> bool:
    return bool(order)


def example(anywhere: str | list[str] = "*", **options: Any) -> Machine:
    return Machine(
        states=["draft", "paid", {"name": "sent", "final": True}],
        initial="draft",
        transitions=[
            {"trigger": "pay", "source": "draft", "dest": "paid", "conditions": [is_paid]},
            {"trigger": "note", "source": anywhere, "dest": None},
            {"trigger": "retry", "source": "paid", "dest": "=", "unless": "pack.frozen"},
            ["send", ["draft", "paid"], "sent"],
        ],
        **options,
    )


def test_an_example_in_full() -> None:
    left_out: list[LeftOut] = []
    machine = from_transitions(example(), name="order", left_out=left_out)
    assert [(item.code, item.place) for item in left_out] == [("ILK196", "sent")]
    assert [(n.id, n.kind) for n in machine.nodes] == [
        ("draft", "atomic"), ("paid", "atomic"), ("sent", "atomic"),
    ]  # fmt: skip
    assert [(e.id, e.target, e.guard, e.internal) for e in machine.edges] == [
        ("draft.pay", "paid", "is_paid", False),
        ("draft.note", "draft", "", True),
        ("paid.note", "paid", "", True),
        ("sent.note", "sent", "", True),
        ("paid.retry", "paid", "not pack.frozen", False),
        ("draft.send", "sent", "", False),
        ("paid.send", "sent", "", False),
    ]
    assert machine.commands == ("pay", "note", "retry", "send")
    assert machine.initial == "draft"
    assert machine.unhandled == "refuse"


def test_the_triggers_of_the_library_are_taken_when_asked_for() -> None:
    assert "to_paid" not in from_transitions(example(), left_out=[]).commands
    machine = from_transitions(example(), auto=True, left_out=[])
    assert {edge.source for edge in machine.edges if edge.event == "to_paid"} == {
        "draft", "paid", "sent",
    }  # fmt: skip
    named = from_transitions(example(model_attribute="at"), left_out=[])
    assert named.commands == ("pay", "note", "retry", "send")


def everything(left_out: list[LeftOut] | None) -> ir.Machine:
    made = example(["draft", "paid"], after_state_change="log", on_final=is_paid)
    made.on_enter_paid("ring")
    made.before_pay("check")
    return from_transitions(made, left_out=left_out)


def test_callbacks_are_refused_or_listed() -> None:
    with pytest.raises(NotCarriedOver, match="ILK184 paid: on_enter=ring") as caught:
        everything(None)
    left_out: list[LeftOut] = []
    everything(left_out)
    assert tuple(left_out) == caught.value.left_out
    assert [(item.place, item.what) for item in left_out] == [
        ("the machine", "after_state_change=log"),
        ("the machine", "on_final=is_paid"),
        ("paid", "on_enter=ring"),
        ("pay in draft", "before=check"),
    ]


@add_state_features(Tags)
class Tagged(Machine):
    pass


class Eager(Transition):
    def execute(self, event_data: EventData) -> bool:
        return super().execute(event_data)


class AnyOf(Condition):
    def check(self, event_data: EventData) -> bool:
        return True


class Overriding(Transition):
    condition_cls = AnyOf


@pytest.mark.parametrize(("method", "cls"), [("execute", Eager), ("check", Overriding)])
def test_classes_of_the_users_own_are_listed(method: str, cls: type[Transition]) -> None:
    made = type("Own", (Machine,), {"transition_cls": cls})(states=["a"], initial="a")
    made.add_transition("go", "a", "a", conditions="ready")
    left_out: list[LeftOut] = []
    from_transitions(made, left_out=left_out)
    assert {(item.code, item.what.rpartition(".")[2]) for item in left_out} == {("ILK186", method)}


def test_features_of_states_are_listed() -> None:
    made = Tagged(states=[{"name": "a", "tags": ["slow"]}], initial="a")
    with pytest.raises(NotCarriedOver, match="ILK185 a: tags=\\['slow'\\]"):
        from_transitions(made)


class Light(Enum):
    RED = 1
    GREEN = 2


def test_states_may_be_members_of_an_enum() -> None:
    made = Machine(states=Light, initial=Light.RED, ignore_invalid_triggers=True)
    made.add_transition("go", Light.RED, Light.GREEN)
    machine = from_transitions(made)
    assert [node.id for node in machine.nodes] == ["RED", "GREEN"]
    assert [(edge.source, edge.target) for edge in machine.edges] == [("RED", "GREEN")]
    assert machine.unhandled == "ignore"


def refused() -> Iterator[tuple[Machine, str]]:
    yield Machine(model=None, states=["a"], initial=None), "no initial state"
    unnamed = Machine(states=["a"], initial="a")
    unnamed.add_transition("go", "a", "a", conditions=lambda: True)
    yield unnamed, "no name to be found by"
    for name in ("done", "always", "after lunch", "done x"):
        reserved = Machine(states=["a"], initial="a")
        reserved.add_transition(name, "a", "a")
        yield reserved, "pass rename="


@pytest.mark.parametrize(("made", "why"), list(refused()))
def test_what_cannot_be_meant_is_refused(made: Machine, why: str) -> None:
    with pytest.raises(Unconvertible, match=why):
        from_transitions(made, left_out=[])


def test_a_trigger_may_be_renamed() -> None:
    made = Machine(states=["a"], initial="a")
    made.add_transition("done", "a", "a")
    assert from_transitions(made, rename={"done": "finish"}).commands == ("finish",)


def flat(**fields: Any) -> ir.Machine:
    nodes = (ir.Node(id="a", kind="atomic"), ir.Node(id="b", kind="atomic"))
    edge = ir.Edge(id="a.go", source="a", target="b", event="go", guard=fields.pop("guard", ""))
    plain = ir.Machine(name="m", kind="lifecycle", initial="a", nodes=nodes, edges=(edge,))
    return msgspec.structs.replace(plain, **fields)


@pytest.mark.parametrize(
    ("machine", "why"),
    [
        (flat(kind="workflow"), "whose code decides"),
        (flat(nodes=(ir.Node(id="a", kind="compound", initial="b"),)), "nested states"),
        (flat(edges=(ir.Edge(id="e", source="a", target="b"),)), "without a trigger"),
        (flat(edges=(ir.Edge(id="e", source="a", target="b", event="always"),)), "without a"),
        (flat(guard="x > 5"), "no name of a function"),
        (flat(nodes=(ir.Node(id="*", kind="atomic"),)), "something else"),
        (flat(edges=(ir.Edge(id="e", source="a", target="b", event="state"),)), "no room"),
    ],
)
def test_what_the_library_cannot_mean_is_refused(machine: ir.Machine, why: str) -> None:
    with pytest.raises(Unconvertible, match=why):
        to_transitions(machine, left_out=[])


def test_what_a_lifecycle_computes_stays_behind() -> None:
    entering = ir.Node(id="a", kind="atomic", entering=("reserve",), unhandled="defer")
    left_out: list[LeftOut] = []
    to_transitions(
        flat(body="0123", nodes=(entering, ir.Node(id="b", kind="atomic"))), left_out=left_out
    )
    assert [(item.code, item.place) for item in left_out] == [
        ("ILK192", "m"), ("ILK192", "a"), ("ILK195", "a"),
    ]  # fmt: skip


def test_nothing_leads_out_of_a_final_state() -> None:
    nodes = (ir.Node(id="a", kind="final"), ir.Node(id="b", kind="atomic"))
    left_out: list[LeftOut] = []
    assert not to_transitions(flat(nodes=nodes), left_out=left_out).events
    assert [(item.code, item.what) for item in left_out] == [("ILK196", "go → b")]


def test_every_guard_has_to_be_given() -> None:
    machine = flat(guard="odd and not big")
    with pytest.raises(UnknownFunction, match="not given: big"):
        to_transitions(machine, guards={"odd": odd})
    with pytest.raises(UnknownFunction, match="not given: big, odd"):
        bind_guards(machine, {})


def test_guards_may_be_methods_of_the_model() -> None:
    class Order(Model):
        def ready(self) -> bool:
            return True

    order: Any = Order()
    to_transitions(flat(guard="ready"), model=order)
    assert order.go()
    assert order.state == "b"


def test_a_refusal_counts_as_no_where_no_is_wanted() -> None:
    machine = flat(guard="not big")
    bound = bind_guards(machine, GUARDS)
    assert Selector(machine, bound).select("a", "go", 1, 2).edge is not None
    refusals = Selector(machine, bound).select("a", "go", 2, 1).refusals
    assert [refusal.guard for refusal in refusals] == ["not big"]
    model: Any = Model()
    to_transitions(machine, guards=GUARDS, model=model)
    assert model.go(1, 2)
