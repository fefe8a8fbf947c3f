"""Laws of writing SCXML and reading it: nothing is lost, and others read the same statechart."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.machines.interchange import (
    LeftOut,
    NotCarriedOver,
    Unconvertible,
    from_scxml,
    to_scxml,
)
from interlock.machines.ir import Edge, Machine, Node
from machines.charts import charts
from machines.interchange_kit import ORDER, runs, trace
from sample_machines import checkout

ODD = ["Pay", "a.b", "a", "x y", "done.state.q", "error", "*", "ü<&>\"'", "after.q.2h", "a_b"]
TIMES = ["2 hours", "90 minutes", "1 day 12 hours", "1.5 seconds", "500 ms", "1 hour"]
GUARDS = ["", "ready", "not ready", "a.b and not c", "x > 5 && y", "true"]
names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=4)


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    """A chart with odd names for everything, and all that a node or an edge can carry."""
    chart = draw(charts())
    ids = [node.id for node in chart.nodes]
    called = draw(st.lists(names, unique=True, min_size=len(ids), max_size=len(ids)))
    to = dict(zip(ids, called, strict=True)) if draw(st.booleans()) else {i: i for i in ids}
    events = {e: draw(st.sampled_from(ODD)) for e in "abc"}
    edges = [
        msgspec.structs.replace(
            edge,
            source=to[edge.source],
            target=to[edge.target],
            more=tuple(to[name] for name in edge.more),
            event=event_of(draw, edge, events, to),
            guard=draw(st.sampled_from(GUARDS)),
            label=draw(st.sampled_from(["", "x > 1"])),
            effects=tuple(draw(st.lists(names, max_size=2))),
        )
        for edge in chart.edges
    ]
    nodes = [
        msgspec.structs.replace(
            node,
            id=to[node.id],
            parent=None if node.parent is None else to[node.parent],
            initial=None if node.initial is None else to[node.initial],
            entering=tuple(draw(st.lists(names, max_size=2))),
            unhandled=draw(st.sampled_from(["", "refuse", "defer"])),
            variables=draw(st.sampled_from([(), ("data",)])),
            timeout=draw(st.sampled_from([None, True, False])),
        )
        for node in chart.nodes
    ]
    if draw(st.booleans()):
        nodes = draw(st.permutations(nodes))
    return msgspec.structs.replace(
        chart,
        name=draw(names),
        initial=to[chart.initial],
        nodes=tuple(nodes),
        edges=tuple(edges),
        unhandled=draw(st.sampled_from(["refuse", "ignore", "defer"])),
        commands=tuple(draw(st.lists(names, max_size=2))),
        body=draw(st.sampled_from(["", "0123456789abcdef"])),
    )


def event_of(draw: st.DrawFn, edge: Edge, events: dict[str, str], to: dict[str, str]) -> str:
    if edge.event.startswith("done "):
        return f"done {to[edge.event.removeprefix('done ')]}"
    if edge.event in events and draw(st.booleans()):
        return f"after {draw(st.sampled_from(TIMES))}"
    return events.get(edge.event, edge.event)


def bare(machine: Machine) -> Machine:
    """Without the places in files, which are those of the document after reading it."""
    nodes = tuple(msgspec.structs.replace(node, line=0) for node in machine.nodes)
    edges = tuple(msgspec.structs.replace(edge, line=0) for edge in machine.edges)
    return msgspec.structs.replace(
        machine, nodes=nodes, edges=edges, line=0, file="", source="", module="", qualname=""
    )


@given(machines())
def test_there_and_back(machine: Machine) -> None:
    left_out: list[LeftOut] = []
    back = from_scxml(to_scxml(machine, left_out=[]), left_out=left_out)
    assert {item.code for item in left_out} <= {"ILK187"}  # expressions stay as they are
    assert bare(back) == bare(machine)
    assert back.hash == machine.hash


@given(machines())
def test_json_there_and_back(machine: Machine) -> None:
    assert Machine.from_json(machine.to_json()) == machine


def test_a_workflow_travels_too() -> None:
    left_out: list[LeftOut] = []
    machine = checkout()
    back = from_scxml(to_scxml(machine, left_out=left_out))
    assert bare(back) == bare(machine)
    assert back.hash == machine.hash
    assert {item.code for item in left_out} == {"ILK193"}


# Other programs read the same statechart


def plain(text: str) -> str:
    """The document as a program sees it that knows nothing of our attributes."""
    root = ElementTree.fromstring(text)
    for item in root.iter():
        for name in [name for name in item.attrib if name.startswith("{")]:
            del item.attrib[name]
    return ElementTree.tostring(root, encoding="unicode")


@given(runs())
def test_a_plain_reader_sees_the_same_moves(
    run: tuple[Machine, list[tuple[str, set[str]]]],
) -> None:
    machine, events = run
    read = from_scxml(plain(to_scxml(machine)))
    ordered = from_scxml(to_scxml(machine))
    words = {node.id: other.id for node, other in zip(in_order(ordered), read.nodes, strict=True)}
    ours, theirs = trace(machine, events), trace(read, events)
    assert [sorted(words[name] for name in states) for states in ours] == [
        sorted(states) for states in theirs
    ]


def in_order(machine: Machine) -> list[Node]:
    """The states as a document has them: each before what is inside."""

    def below(parent: str | None) -> list[Node]:
        return [
            one
            for node in machine.nodes
            if node.parent == parent
            for one in (node, *below(node.id))
        ]

    return below(None)


# Examples

TEXT = """\
<scxml xmlns="http://www.w3.org/2005/07/scxml" xmlns:ilk="urn:interlock:scxml:1" version="1.0" \
name="order" initial="open" ilk:unhandled="refuse">
  <state id="open" initial="open.draft" ilk:place="0">
    <onentry>
      <send event="after.open.48h" delay="48h" id="after.open.48h" />
    </onentry>
    <onexit>
      <cancel sendid="after.open.48h" />
    </onexit>
    <transition event="done.state.open" cond="paid and not frozen" target="closed" />
    <transition event="after.open.48h" target="closed" />
    <transition event="Note" />
    <state id="open.draft" ilk:name="open/draft">
      <transition event="Send" target="open.sent" />
    </state>
    <final id="open.sent" ilk:name="open/sent" />
    <history id="open.before" ilk:name="open/before" type="shallow" ilk:default="parent">
      <transition target="open.draft" />
    </history>
  </state>
  <final id="closed" />
</scxml>
"""


def test_an_example_in_full() -> None:
    text = to_scxml(ORDER)
    assert re.sub(r' ilk:place="\d"', "", text) == re.sub(r' ilk:place="\d"', "", TEXT)
    assert from_scxml(text).hash == ORDER.hash


def test_effects_and_choices_are_refused_or_listed() -> None:
    nodes = (Node(id="a", kind="atomic", entering=("ring",)), Node(id="z", kind="final"))
    edge = Edge(id="e", source="z", target="a", event="Go", effects=("bell",))
    machine = Machine(name="m", kind="lifecycle", initial="a", nodes=nodes, edges=(edge,))
    with pytest.raises(NotCarriedOver, match="ILK192 a: ring"):
        to_scxml(machine)
    left_out: list[LeftOut] = []
    assert not from_scxml(to_scxml(machine, left_out=left_out)).edges
    assert [(item.code, item.what) for item in left_out] == [
        ("ILK192", "ring"), ("ILK192", "bell"), ("ILK196", "Go → a"),
    ]  # fmt: skip


def test_what_xml_cannot_hold_is_refused() -> None:
    nodes = (Node(id="a\0", kind="atomic"),)
    machine = Machine(name="m", kind="lifecycle", initial="a\0", nodes=nodes, edges=())
    with pytest.raises(Unconvertible, match="XML cannot hold"):
        to_scxml(machine)
    lost = msgspec.structs.replace(
        ORDER, edges=(Edge(id="e", source="open", target="nowhere", event="Go"),)
    )
    with pytest.raises(Unconvertible, match="'e' joins a state that 'order' does not have"):
        to_scxml(lost)
