"""Machines made by hand in the shapes that workflows compile to, for drawings and checks."""

from __future__ import annotations

from interlock.machines.ir import Edge, Machine, Node, NodeKind

ODD = 'say "hi"; {x} #1 <b> %%: \\ end'


def edge(source: str, target: str, event: str = "done", label: str = "") -> Edge:
    """An edge named as the compiler names it."""
    identity = f"{source} -> {target} on {event} {label}"
    return Edge(id=identity, source=source, target=target, event=event, label=label)


def checkout(*, compensated: bool = True) -> Machine:
    """A workflow with a loop, an approval, waits and odd names."""
    awaits: list[tuple[str, NodeKind]] = [
        ("reserve", "step"),
        ("charge", "step"),
        ("notify", "step"),
        ("approval:manager", "approval"),
        ("notify after build", "step"),
        ("sleep 2 days", "sleep"),
        (ODD, "wait"),
        ("end", "step"),
    ]
    nodes = [Node(id="start", kind="initial", line=1)]
    for line, (name, kind) in enumerate(awaits, start=2):
        undone = compensated and name in ("reserve", "charge")
        nodes.append(Node(id=name, kind=kind, line=line, compensated=undone))
    ends = ["completed", "failed", "cancelled"]
    edges = [
        edge("start", "reserve"),
        edge("reserve", "charge", label="for payment in order.payments"),
        edge("charge", "charge", label="for payment in order.payments"),
        edge("charge", "notify", "error"),
        edge("charge", "approval:manager", label="order.total > 1000"),
        edge("charge", "notify after build", label='not "x" in {a: b}; c'),
        edge("notify", "notify after build"),
        edge("approval:manager", "notify after build", label="decision.granted"),
        edge("notify after build", "sleep 2 days"),
        edge("sleep 2 days", ODD),
        edge(ODD, "end"),
        edge("end", "completed"),
    ]
    bad = "compensating" if compensated else "failed"
    for name, _ in [("start", "initial"), *awaits]:
        edges += [edge(name, target, "error") for target in dict.fromkeys(("failed", bad))]
        if name != "start":
            edges += [edge(name, target, "cancel") for target in ("cancelled",)]
    edges.append(edge("approval:manager", bad, "error", "not decision.granted"))
    if compensated:
        nodes.append(Node(id="compensating", kind="atomic"))
        ends += ["compensated", "compensation failed"]
        edges += [edge("compensating", end) for end in (*ends[3:], "cancelled")]
    nodes += [Node(id=end, kind="final") for end in ends]
    return Machine(
        name='check "out"', kind="workflow", initial="start", nodes=tuple(nodes), edges=tuple(edges)
    )
