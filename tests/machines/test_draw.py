"""Laws of drawings: every state once, by safe names, and text that cannot break the syntax."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.machines.draw import Row, dot, mermaid, outline
from interlock.machines.draw.picture import Picture, edge_label
from interlock.machines.ir import Edge, Machine, Node, NodeKind
from sample_machines import ODD, checkout
from sample_orders import OrderLifecycle

ORDER = OrderLifecycle.program().machine

IDENTIFIER = r"[A-Za-z]\w*"
TEXT = r"(?:[\w \[\]().,+*/=!?'-]|#\d+;)+"
END = rf"(?:\[\*\]|{IDENTIFIER})"
STATEMENTS = (
    rf'state "{TEXT}" as {IDENTIFIER}(?: \{{)?',
    rf"{END} --> {END}(?: : {TEXT}(?:<br/>{TEXT})*)?",
    rf"{IDENTIFIER} : {TEXT}",
    r"\}|--",
    r"classDef \w+ \S[^;]*",
    rf"class {IDENTIFIER}(?:,{IDENTIFIER})* \w+",
)
STATEMENT = re.compile(r"\s*(?:" + "|".join(STATEMENTS) + ")", re.ASCII)

KINDS: list[NodeKind] = ["step", "approval", "sleep", "wait", "atomic", "final"]
names = st.one_of(
    st.sampled_from(["state", "End", "a b", "a_b", "a:b", "A b", ODD, "1", "größe", "apart"]),
    st.text(min_size=1, max_size=12),
)
texts = st.one_of(st.just(""), st.text(max_size=20), names)


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    ids = draw(st.lists(names, min_size=1, max_size=6, unique=True))
    kinds = st.sampled_from(KINDS)
    nodes = tuple(Node(id=name, kind=draw(kinds), compensated=draw(st.booleans())) for name in ids)
    found = st.sampled_from(ids)
    edges = tuple(
        Edge(id=str(n), source=draw(found), target=draw(found), event=draw(texts),
             label=draw(texts), guard=draw(texts), internal=draw(st.booleans()))
        for n in range(draw(st.integers(0, 6)))
    )  # fmt: skip
    kind: Literal["workflow", "lifecycle"] = "workflow" if draw(st.booleans()) else "lifecycle"
    return Machine(name=draw(names), kind=kind, initial=ids[0], nodes=nodes, edges=edges)


@given(machines(), st.data())
def test_mermaid_is_well_formed_whatever_the_names(machine: Machine, data: st.DataObject) -> None:
    known = [node.id for node in machine.nodes]
    at = data.draw(st.sampled_from([None, *known, "not a state"]))
    visited = data.draw(st.sets(st.sampled_from(known)))
    first, *lines = mermaid(machine, at=at, visited=visited).splitlines()
    assert first == "stateDiagram-v2"
    for line in lines:
        assert STATEMENT.fullmatch(line), line
    declared = re.findall(rf"^\s*state .* as ({IDENTIFIER})", "\n".join(lines), re.MULTILINE)
    assert len(declared) == len({name.lower() for name in declared})
    assert set(Picture(machine, at).ids.values()) <= set(declared)


@given(machines(), st.data())
def test_dot_is_well_formed_whatever_the_names(machine: Machine, data: st.DataObject) -> None:
    at = data.draw(st.sampled_from([None, *(node.id for node in machine.nodes)]))
    text = dot(machine, at=at)
    strings = re.sub(r'"(?:[^"\\]|\\.)*"', "S", text)
    assert '"' not in strings
    assert strings.count("{") == strings.count("}")
    assert strings.startswith("digraph S {")


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("machine", [ORDER, checkout(), checkout(compensated=False)])
def test_graphviz_reads_it(machine: Machine) -> None:
    done = subprocess.run(
        ["dot", "-Tplain"],
        input=dot(machine, at="charge"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_lifecycle_in_mermaid() -> None:
    assert mermaid(ORDER, at="pending", visited=["draft"]) == LIFECYCLE


LIFECYCLE = """\
stateDiagram-v2
    [*] --> draft
    state "draft" as draft
    draft : Add
    state "pending" as pending
    pending : Pay [is_positive]
    state "processing" as processing
    state "completed" as completed
    state "returned" as returned
    state "cancelled" as cancelled
    draft --> pending : Submit [has_items]
    pending --> processing : Pay [is_positive and pays_all]
    pending --> cancelled : after 48 hours<br/>Cancel
    processing --> completed : Ship
    completed --> returned : Return
    draft --> cancelled : Cancel
    processing --> processing : Cancel
    returned --> [*]
    cancelled --> [*]
    classDef final fill:#e8ecf1,stroke:#4a5568,color:#1a202c,stroke-width:2px
    class returned,cancelled final
    classDef visited fill:#d9f0e3,stroke:#2f855a,color:#1a202c,stroke-width:2px
    class draft visited
    classDef at fill:#ffb347,stroke:#9c4221,color:#1a202c,stroke-width:4px,font-weight:bold
    class pending at
"""


def test_a_workflow_draws_its_bad_ends_apart() -> None:
    picture = Picture(checkout())
    bad = {"failed", "cancelled", "compensating", "compensated", "compensation failed"}
    assert picture.apart == bad
    entered = {pair: said for pair, said in picture.arrows.items() if pair[1] in bad}
    assert entered == {
        ("approval:manager", "compensating"): ["on error, not decision.granted"],
        ("compensating", "compensated"): [],
        ("compensating", "compensation failed"): [],
        ("compensating", "cancelled"): [],
    }
    undoing = picture.machine.by_id["compensating"]
    assert picture.internal(undoing) == ["undo charge", "undo reserve"]
    assert Picture(checkout(compensated=False)).apart == {"failed", "cancelled"}
    assert Picture(ORDER).apart == frozenset()


def test_the_mark_of_a_run_before_its_first_await() -> None:
    text = mermaid(checkout(), at="start")
    assert "[*] --> s_start" in text
    assert "class s_start at" in text
    assert "s_start" not in mermaid(checkout())


def test_nested_states_are_drawn_inside() -> None:
    nodes = (
        Node(id="open", kind="compound", initial="new"),
        Node(id="new", kind="atomic", parent="open"),
        Node(id="old", kind="atomic", parent="open"),
        Node(id="shut", kind="final"),
    )
    edges = (
        Edge(id="1", source="new", target="old", event="Age"),
        Edge(id="2", source="open", target="shut", event="Shut"),
    )
    machine = Machine(name="m", kind="lifecycle", initial="open", nodes=nodes, edges=edges)
    text = mermaid(machine)
    assert '    state "open" as open {\n        [*] --> new\n        state "new" as new\n' in text
    assert "    open --> shut : Shut\n" in text
    assert "subgraph cluster_open {" in dot(machine)


def test_the_outline_lists_states_and_transitions_in_order() -> None:
    rows = outline(ORDER)
    assert rows[0] == Row("draft", "atomic", "Add", "", "draft", True, ORDER.edges[0].line)
    assert rows[1].condition == "has_items"
    assert rows[-1] == Row("cancelled", "final", "", "", "", False, ORDER.by_id["cancelled"].line)
    assert [row.state for row in rows] == ["draft"] * 3 + ["pending"] * 4 + [
        "processing", "processing", "completed", "returned", "cancelled",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("except TimedOut", "on TimedOut"),
        ("except TimedOut and late", "on TimedOut and late"),
        ("except Late or except Lost", "on Late or on Lost"),
        ("late", "on error, late"),
        ("", "on error"),
    ],
)
def test_an_arrow_says_which_error_it_is_taken_on(label: str, said: str) -> None:
    edge = Edge(id="e", source="a", target="b", event="error", label=label)
    assert edge_label(edge) == said


def test_nothing_times_out_before_the_first_wait() -> None:
    kinds: dict[str, NodeKind] = {"start": "initial", "a": "wait", "b": "final"}
    nodes = tuple(Node(id=state, kind=kind) for state, kind in kinds.items())
    ends = [("start", "a", "done", ""), ("start", "b", "error", "except TimedOut and x"),
            ("a", "b", "error", "except TimedOut")]  # fmt: skip
    edges = [
        Edge(id=f"{source}{target}", source=source, target=target, event=event, label=label)
        for source, target, event, label in ends
    ]
    machine = Machine(name="m", kind="workflow", initial="start", nodes=nodes, edges=tuple(edges))
    assert [state for state, _ in Picture(machine).begins] == ["a"]
    assert Picture(machine).arrows == {("a", "b"): ["on TimedOut"]}
