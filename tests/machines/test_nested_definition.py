"""Mistakes in nested lifecycles are named when the class is made; what a sound one compiles to."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import pytest
from pydantic import BaseModel

from interlock.machines import (
    BadDefinition,
    Command,
    Effect,
    EndlessChain,
    Lifecycle,
    MachineError,
    Region,
    across,
    always,
    done,
    entering,
    history,
    on,
    taking,
)
from interlock.machines.check import problems
from interlock.machines.draw import dot, mermaid
from interlock.machines.ir import Edge, Machine, Node
from interlock.machines.kernel import Snapshot, readable
from sample_subscription import Access, Billing, Limits, Subscription, mail

LooseOn: Any = on
LooseAcross: Any = across
LooseTaking: Any = taking
LooseAlways: Any = always


class Top(StrEnum):
    A = "a"
    B = "b"
    END = "end"


class In(StrEnum):
    X = "x"
    Y = "y"


class Beside(StrEnum):
    L = "l"
    R = "r"


class Data(BaseModel):
    n: int = 0


class Other(BaseModel):
    m: int = 0


class Go(Command):
    pass


def same(self: Any, data: Data) -> Data:
    return data


def with_command(self: Any, data: Data, command: Any) -> Data:
    return data


def copy_of(function: Any) -> Any:
    """A new function each time, since a decorator notes its rule on it."""
    import types

    made = types.FunctionType(function.__code__, globals(), function.__name__)
    made.__annotations__ = dict(function.__annotations__)
    return made


def flow(decorator: Any) -> Any:
    return decorator(copy_of(same))


def move(decorator: Any) -> Any:
    return decorator(copy_of(with_command))


def region(
    members: dict[str, Any] | None = None,
    *,
    states: Any = In,
    data: Any = Data,
    of: Any = Top.A,
    **head: Any,
) -> Any:
    import types

    head = {"of": of, "initial": next(iter(states)), **head}
    place = {"__module__": __name__, "__qualname__": "region.<locals>.Part"}
    fill: Callable[[dict[str, Any]], None] = lambda ns: ns.update(members or {}, **place)  # noqa: E731  short
    return types.new_class("Part", (Region[states, data],), head, fill)


def define(**members: Any) -> Any:
    import types

    place = {"__module__": __name__, "__qualname__": "define.<locals>.Made"}
    head = {"initial": Top.A, "final": {Top.END}}
    base = (Lifecycle[Top, Data],)
    return types.new_class("Made", base, head, lambda ns: ns.update(members, **place))


def nameless() -> Callable[[object, object], bool]:
    """A guard that looks at the command."""
    return lambda data, command: True


MISTAKES: dict[str, tuple[Callable[[], Any], str]] = {
    "shared states": (
        lambda: define(one=region(name="1"), two=region(name="2")),
        "shares its states, In, with",
    ),
    "same name": (
        lambda: define(one=region(), two=region(states=Beside)),
        "a second region 'part'",
    ),
    "of another": (lambda: define(one=region(of=In.X)), "not one of the states around it, Top"),
    "of final": (lambda: define(one=region(of=Top.END)), "is inside .* which is final"),
    "other data": (lambda: define(one=region(data=Other)), "data of Other, but .* are Data"),
    "initial": (lambda: define(one=region(initial=Top.A)), "initial .* is not one of the states"),
    "unhandled": (
        lambda: define(one=region(unhandled={Top.A: "defer"})),
        "unhandled .* is not one of the states",
    ),
    "no arguments": (
        lambda: define(one=type("Part", (Region,), {}, of=Top.A, initial=In.X)),
        r"write Region\[Status, Data\]",
    ),
    "history of nothing": (
        lambda: define(m=move(LooseOn(Go, source=Top.A, target=history(Top.B)))),
        "has nothing to go back to",
    ),
    "default elsewhere": (
        lambda: define(
            one=region(),
            m=move(LooseOn(Go, source=Top.B, target=history(Top.A, default=Top.B))),
        ),
        "is not inside",
    ),
    "two defaults": (
        lambda: define(
            one=region(),
            m=move(LooseOn(Go, source=Top.B, target=history(Top.A, default=In.X))),
            k=move(LooseOn(Go, source=Top.A, target=history(Top.A, default=In.Y))),
        ),
        "a second default",
    ),
    "across elsewhere": (
        lambda: define(m=move(LooseOn(Go, source=Top.A, target=across(Beside.L)))),
        "not a state of the lifecycle",
    ),
    "across both": (
        lambda: define(one=region(), m=move(LooseOn(Go, source=Top.B, target=across(In.X, In.Y)))),
        "cannot be active together",
    ),
    "across nothing": (LooseAcross, "names no state"),
    "across text": (lambda: LooseAcross("a"), "member of a StrEnum"),
    "done of a leaf": (
        lambda: define(m=flow(done(source=Top.A, target=Top.END))),
        "is never done",
    ),
    "endless": (
        lambda: define(
            m=flow(always(source=Top.A, target=Top.B)), k=flow(always(source=Top.B, target=Top.A))
        ),
        "follows by itself for ever",
    ),
    "endless inside": (
        lambda: define(one=region({"m": flow(always(source=In.X, target=across(Top.A)))})),
        "follows by itself for ever",
    ),
    "two open ones": (
        lambda: define(
            m=flow(always(source=Top.A, target=Top.B)), k=flow(always(source=Top.A, target=Top.END))
        ),
        "'always' from 'a' can never be taken",
    ),
    "taking nothing": (LooseTaking, "names no transition"),
    "taking a stranger": (lambda: LooseTaking(same), "name methods that stand under on"),
    "guard of a command": (
        lambda: define(
            m=flow(LooseAlways(source=Top.A, target=Top.B, guard=nameless())),
        ),
        "no name to refuse by",
    ),
    "guard text": (
        lambda: LooseAlways(source=Top.A, target=Top.B, guard="enough"),
        "guard='enough' is not a function",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named(name: str) -> None:
    make, words = MISTAKES[name]
    with pytest.raises(BadDefinition, match=words):
        make()


def test_names_histories_and_ids() -> None:
    machine = Subscription.program().machine
    kinds = {node.id: node.kind for node in machine.nodes}
    assert kinds["active"] == "parallel"
    assert kinds["active/billing"] == kinds["active/access/limited"] == "compound"
    assert machine.by_id["active/H*"].deep
    assert Subscription.id_of(Limits.SLOW) == "active/access/limited/slow"
    with pytest.raises(MachineError):
        Subscription.id_of(In.X)
    assert Machine.from_json(machine.to_json()) == machine
    assert problems(machine) == []


def test_a_target_inside_the_source_does_not_leave_it() -> None:
    made = define(
        one=region(),
        m=move(LooseOn(Go, source=Top.A, target=across(In.Y))),
    )
    program = made.program()
    taken = program.decide(program.begin(Data()).step.after, Data(), Go())
    assert (taken.step.exited, taken.step.entered) == (("a/x",), ("a/y",))


def test_always_whose_guards_never_end_is_stopped_at_run_time() -> None:
    def small(data: Data) -> bool:
        return data.n < 1_000_000

    made = define(
        m=flow(LooseAlways(source=Top.A, target=Top.B, guard=small)),
        k=flow(LooseAlways(source=Top.B, target=Top.A, guard=small)),
    )
    with pytest.raises(EndlessChain, match="moves on by itself for ever: after 100"):
        made.program().begin(Data())


class Counter(Lifecycle[Top, Data], initial=Top.A, final={Top.END}):
    @on(Go, source=Top.A, target=Top.B)
    def go(self, data: Data, command: Go) -> Data:
        return Data(n=data.n + 1)

    @entering(Top.B)
    def told(self, data: Data) -> Effect:
        return mail.effect(f"entered with {data.n}")

    @taking(go)
    def moved(self, data: Data, command: Go) -> Effect:
        return mail.effect(f"taken with {data.n}")

    @always(source=Top.B, target=Top.END)
    def end(self, data: Data) -> Data:
        return Data(n=data.n + 10)


def test_a_flat_lifecycle_too_has_transitions_that_follow_and_their_effects() -> None:
    taken = Counter.program().decide("a", Data(), Go())
    assert [effect.args[0] for effect in taken.effects] == ["taken with 1", "entered with 1"]
    (following,) = taken.then
    assert (taken.target, following.target, following.data) == ("b", "end", Data(n=11))
    assert following.step.done


def test_a_configuration_reads_as_one_line() -> None:
    machine = Subscription.program().machine
    limited, paid = Subscription.id_of(Limits.SLOW), Subscription.id_of(Billing.PAID)
    assert readable(machine, [limited, paid]) == "active(billing/paid, access/limited/slow)"
    assert readable(machine, ["trial"]) == "trial"
    assert readable(machine, ["gone"]) == "gone"


def test_drawings_show_regions_histories_and_inner_ends() -> None:
    machine = Subscription.program().machine
    at = Subscription.program().chart.at([Subscription.id_of(Access.LIMITED)]).active
    text = mermaid(machine, at=at)
    lines = [line.strip() for line in text.splitlines()]
    assert lines.count("--") == 1
    assert text.count("{") == text.count("}") == 4
    for line in (
        'state "H*" as active_H',
        "paused --> active_H : Resume",
        "active --> ended : done",
        "active_billing_settled --> [*]",
        "active_billing_past_due --> paused : [too_often]",
    ):
        assert line in lines
    assert "class active,active_billing,active_billing_paid,active_access" in text
    drawn = dot(machine, at=at)
    assert drawn.count("subgraph cluster_") == 4
    assert 'active_H [label="H*" shape=circle margin=0]' in drawn
    assert "lhead=cluster_active]" in drawn
    assert "ltail=cluster_active]" in drawn


def node(name: str, kind: Any = "atomic", **more: Any) -> Node:
    return Node(id=name, kind=kind, **more)


def test_problems_of_the_nesting_are_found_on_the_graph_alone() -> None:
    nodes = (
        node("p", "compound", initial="p/a"), node("p/a", parent="p"), node("p/b", parent="p"),
        node("end", "final"),
    )  # fmt: skip
    edges = (
        Edge(id="never", source="p", target="end", event="done"),
        Edge(id="at once", source="p/a", target="p/a", event="always"),
        Edge(id="too late", source="p/a", target="end", event="Go"),
    )
    made = Machine(name="m", kind="lifecycle", initial="p", nodes=nodes, edges=edges)
    found = {(problem.code, problem.state) for problem in problems(made)}
    assert found == {("ILK132", "p"), ("ILK131", "p/a"), ("ILK082", "p/b")}
    broken = Machine(
        name="m", kind="lifecycle", initial="p", nodes=(node("p", "parallel"),), edges=()
    )
    assert ("ILK130", "p") in {(problem.code, problem.state) for problem in problems(broken)}


def test_a_snapshot_of_a_state_that_does_not_exist_is_refused() -> None:
    with pytest.raises(MachineError, match="has no state 'nowhere'"):
        Subscription.program().decide(Snapshot(("nowhere",)), Data(), Go())
