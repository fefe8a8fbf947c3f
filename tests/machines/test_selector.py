"""Laws of selection: the table answers as the `transitions` machine does, and both are pure."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.machines.errors import HandlerFailed, NoSuchEdge
from interlock.machines.flat import FlatSelector
from interlock.machines.guard import Check, Guard, Refuse
from interlock.machines.ir import Edge, Machine, Node
from interlock.machines.selector import Selection, Selector, edge_exists

STATES = ("a", "b: c", "approval:manager", "state", "_at")
EVENTS = ("Pay", "after 48 hours", "state", "trigger")


def divisible(by: int) -> Callable[[int, int], Check]:
    def check(data: int, command: int) -> Check:
        if command == by:
            raise ZeroDivisionError
        return (data + command) % by == 0 or (Refuse(f"{by}") if by % 2 else False)

    check.__name__ = f"divisible_by_{by}"
    return check


GUARDS = [divisible(by) for by in (1, 2, 3, 5)]
parts = st.tuples(
    st.sampled_from(STATES),
    st.sampled_from(STATES),
    st.sampled_from(EVENTS),
    st.lists(st.sampled_from(GUARDS), max_size=3).map(tuple),
    st.integers(0, 3),
)


@st.composite
def machines(draw: st.DrawFn) -> tuple[Machine, dict[str, tuple[Guard, ...]]]:
    edges: list[Edge] = []
    guards: dict[str, tuple[Guard, ...]] = {}
    for number, (source, target, event, asked, order) in enumerate(draw(st.lists(parts))):
        name = f"e{number}"
        edges.append(Edge(id=name, source=source, target=target, event=event, order=order))
        guards[name] = asked
    nodes = tuple(Node(id=state, kind="atomic") for state in STATES)
    machine = Machine(name="m", kind="lifecycle", initial="a", nodes=nodes, edges=tuple(edges))
    return machine, guards


def oracle(
    machine: Machine, guards: dict[str, tuple[Guard, ...]], state: str, event: str, data: int
) -> str | None:
    """The rule in words: by order, then by place; the first whose guards all hold."""
    for edge in sorted(machine.edges, key=lambda edge: edge.order):
        here = (edge.source, edge.event) == (state, event)
        if here and all(guard(data, 9) is True for guard in guards[edge.id]):
            return edge.id
    return None


def answer(ask: Callable[[], Selection]) -> Selection | str:
    try:
        return ask()
    except HandlerFailed as error:
        return str(error)


@given(machines(), st.integers(0, 60), st.integers(0, 6))
def test_table_and_transitions_agree(
    built: tuple[Machine, dict[str, tuple[Guard, ...]]], data: int, command: int
) -> None:
    table, flat = Selector(*built), FlatSelector(*built)
    for state in STATES:
        for event in (*EVENTS, "Unknown"):
            first = answer(lambda s=state, e=event: table.select(s, e, data, command))  # type: ignore[misc]  # mypy reads no defaults of lambdas
            assert first == answer(lambda s=state, e=event: flat.select(s, e, data, command))  # type: ignore[misc]  # the same
            assert first == answer(lambda s=state, e=event: table.select(s, e, data, command))  # type: ignore[misc]  # the same


@given(machines(), st.integers(0, 60))
def test_the_first_candidate_whose_guards_hold_is_taken(
    built: tuple[Machine, dict[str, tuple[Guard, ...]]], data: int
) -> None:
    selector = Selector(*built)
    for state in STATES:
        for event in EVENTS:
            selection = selector.select(state, event, data, 9)
            found = None if selection.edge is None else selection.edge.id
            assert found == oracle(*built, state, event, data)


def test_edges_exist_or_are_refused() -> None:
    nodes = tuple(Node(id=name, kind="step") for name in "ab")
    edge = Edge(id="e", source="a", target="b")
    machine = Machine(name="m", kind="workflow", initial="a", nodes=nodes, edges=(edge,))
    edge_exists(machine, "a", "b")
    with pytest.raises(NoSuchEdge, match="m has no edge from 'b' to 'a'"):
        edge_exists(machine, "b", "a")


def test_a_refusal_is_false_and_joins_with_and() -> None:
    assert not Refuse("no")
    assert (True and Refuse("no")) == Refuse("no")
