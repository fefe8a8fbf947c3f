"""Whether the graph is one: names, ends of edges, and nesting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from interlock.machines.checks.subject import Subject
from interlock.machines.kernel import flaws
from interlock.machines.problem import Problem


def names(subject: Subject) -> Iterator[Problem]:
    """ILK080: two states or two edges of one name."""
    machine = subject.machine
    for what, ids in (
        ("states", Counter(node.id for node in machine.nodes)),
        ("edges", Counter(edge.id for edge in machine.edges)),
    ):
        for name, count in ids.items():
            if count > 1:
                state = name if what == "states" else ""
                text = f"{count} {what} are called {name!r}; each needs a name of its own"
                yield Problem("ILK080", "error", state, text, 0)


def ends(subject: Subject) -> Iterator[Problem]:
    """ILK081: an edge to or from nowhere."""
    machine = subject.machine
    if machine.initial not in machine.by_id:
        text = f"it begins in {machine.initial!r}, which is not a state"
        yield Problem("ILK081", "error", "", text, machine.line)
    for edge in machine.edges:
        for end in sorted({edge.source, *edge.targets} - machine.by_id.keys()):
            text = f"the edge {edge.id!r} joins {end!r}, which is not a state"
            yield Problem("ILK081", "error", edge.source, text, edge.line)


def nesting(subject: Subject) -> Iterator[Problem]:
    """ILK130: states that are not nested as they can be run."""
    for flaw in flaws(subject.machine):
        yield Problem("ILK130", "error", flaw.state, flaw.text, flaw.line)
