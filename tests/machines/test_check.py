"""Laws of static checks: what is reported is so in every run, and sound machines have none."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.machines.check import problems
from interlock.machines.ir import Edge, Machine, Node
from sample_machines import checkout
from sample_orders import OrderLifecycle

ORDER = OrderLifecycle.program().machine
STATES = "abcde"


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    final = draw(st.sets(st.sampled_from(STATES)))
    nodes = tuple(Node(id=s, kind="final" if s in final else "atomic") for s in STATES)
    pairs = draw(st.lists(st.tuples(st.sampled_from(STATES), st.sampled_from(STATES))))
    edges = tuple(
        Edge(id=str(n), source=source, target=target, event=f"E{n}")
        for n, (source, target) in enumerate(pairs)
        if source not in final
    )
    return Machine(name="m", kind="lifecycle", initial="a", nodes=nodes, edges=edges)


def walks(machine: Machine, start: str) -> set[str]:
    """The oracle: the states of all walks no longer than the number of states."""
    here = {start}
    for _ in STATES:
        here |= {edge.target for edge in machine.edges if edge.source in here}
    return here


@given(machines())
def test_reported_exactly_when_no_walk_exists(machine: Machine) -> None:
    found = {(problem.code, problem.state) for problem in problems(machine)}
    final = {node.id for node in machine.nodes if node.kind == "final"}
    reached = walks(machine, "a")
    for state in STATES:
        onward = walks(machine, state)
        assert (("ILK082", state) in found) == (state not in reached)
        stuck = state not in final and onward == {state}
        assert (("ILK083", state) in found) == stuck
        lost = bool(final) and state not in final and not onward & final and not stuck
        assert (("ILK084", state) in found) == lost


@pytest.mark.parametrize("machine", [ORDER, checkout(), checkout(compensated=False)])
def test_sound_machines_have_no_problems(machine: Machine) -> None:
    assert problems(machine) == []


def machine(*edges: Edge, nodes: str = "ab") -> Machine:
    states = tuple(Node(id=s, kind="final" if s == "b" else "atomic", line=7) for s in nodes)
    return Machine(name="m", kind="lifecycle", initial="a", nodes=states, edges=edges)


def edge(identity: str, event: str = "Go", **more: object) -> Edge:
    plain = {"id": identity, "source": "a", "target": "b", "event": event, "line": 9, **more}
    return msgspec.convert(plain, Edge)


@pytest.mark.parametrize(
    ("broken", "code", "severity", "words"),
    [
        (machine(edge("1"), nodes="aab"), "ILK080", "error", "2 states are called 'a'"),
        (machine(edge("1"), edge("1", "Do")), "ILK080", "error", "2 edges are called '1'"),
        (machine(edge("1", target="x"), edge("2", "Do")), "ILK081", "error", "joins 'x'"),
        (machine(edge("1"), edge("2", order=1)), "ILK300", "error", "only '1' is taken"),
        (
            machine(edge("1"), edge("2", order=1, guard="g")),
            "ILK085",
            "error",
            "'2' is never taken: '1' comes first",
        ),
        (
            machine(edge("1", "after 2 days"), edge("2", "after 1 hour")),
            "ILK085",
            "warning",
            "'after 2 days' never comes",
        ),
    ],
)
def test_problems_say_what_and_where(broken: Machine, code: str, severity: str, words: str) -> None:
    (problem,) = problems(broken)
    assert (problem.code, problem.severity) == (code, severity)
    assert words in problem.message


def test_guarded_candidates_are_not_shadowed() -> None:
    assert problems(machine(edge("1", guard="g"), edge("2", order=1))) == []


def test_a_beginning_that_is_no_state() -> None:
    broken = msgspec.structs.replace(machine(edge("1")), initial="x")
    assert [problem.code for problem in problems(broken)][:1] == ["ILK081"]


@pytest.mark.parametrize(("timeout", "codes"), [(None, []), (True, []), (False, ["ILK086"])])
def test_waits_without_a_timeout_are_mentioned(timeout: bool | None, codes: list[str]) -> None:
    nodes = (Node(id="a", kind="approval", timeout=timeout, line=3), Node(id="b", kind="final"))
    found = problems(msgspec.structs.replace(machine(edge("1")), nodes=nodes))
    assert [problem.code for problem in found] == codes
    assert all((p.severity, p.line) == ("info", 3) for p in found)
