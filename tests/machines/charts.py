"""Hypothesis strategies for nested machines that are well formed."""

from __future__ import annotations

from hypothesis import strategies as st

from interlock.machines.ir import Edge, Machine, Node, NodeKind
from interlock.machines.kernel import flaws

EVENTS = ("a", "b", "c")


@st.composite
def charts(draw: st.DrawFn, *, depth: int = 3, guarded: bool = True) -> Machine:
    """A machine of up to `depth` levels with every kind of state and edge."""
    nodes: list[Node] = []

    def grow(parent: str | None, level: int, name: str) -> str:
        """One state, and what is inside; its name."""
        kinds = list[NodeKind](("atomic", "atomic"))
        if level < depth:
            kinds += ("compound", "parallel")
        kind = draw(st.sampled_from(kinds)) if parent is not None or level else "compound"
        place = len(nodes)
        nodes.append(Node(id=name, kind=kind, parent=parent))
        if kind == "atomic":
            return name
        inner = [
            grow(name, level + 1, f"{name}{letter}") for letter in "xyz"[: draw(st.integers(1, 3))]
        ]
        first = draw(st.sampled_from(inner)) if kind == "compound" else None
        nodes[place] = Node(id=name, kind=kind, parent=parent, initial=first)
        if kind == "compound" and draw(st.booleans()):
            nodes.append(Node(id=f"{name}F", kind="final", parent=name))
        for deep in draw(st.sets(st.booleans(), max_size=2)):
            default = draw(st.sampled_from([None, *inner])) if kind == "compound" else None
            history = f"{name}H{'*' if deep else ''}"
            nodes.append(Node(id=history, kind="history", parent=name, deep=deep, initial=default))
        return name

    tops = [grow(None, 0, letter) for letter in "pq"[: draw(st.integers(1, 2))]]
    nodes.append(Node(id="end", kind="final"))
    plain = Machine(name="m", kind="lifecycle", initial=tops[0], nodes=tuple(nodes), edges=())
    sources = [n.id for n in nodes if n.kind not in ("final", "history")]
    dones = [f"done {n.id}" for n in nodes if n.kind in ("compound", "parallel")]
    events = st.sampled_from([*EVENTS, *EVENTS, "done", "always", *dones])
    edges: list[Edge] = []
    for number in range(draw(st.integers(1, 14))):
        source = draw(st.sampled_from(sources))
        target = draw(st.sampled_from([n.id for n in nodes]))
        event = draw(events)
        more = tuple(draw(st.lists(st.sampled_from(sources), max_size=1)))
        kind_of = plain.by_id[source].kind
        if event == "done" and kind_of == "atomic":
            event = "a"
        edge = Edge(
            id=f"e{number}",
            source=source,
            target=target,
            more=more,
            event=event,
            guard="g" if guarded else "",
            internal=draw(st.booleans()),
            order=number,
        )
        trial = Machine(name="m", kind="lifecycle", initial="p", nodes=tuple(nodes), edges=(edge,))
        if any(True for _ in flaws(trial)):
            edge = Edge(id=f"e{number}", source=source, target=target, event=event, order=number)
        edges.append(edge)
    return Machine(
        name="m", kind="lifecycle", initial=tops[0], nodes=tuple(nodes), edges=tuple(edges)
    )
