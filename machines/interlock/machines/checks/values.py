"""Variables and waits of a workflow that may be mistaken: read unassigned, or for each other."""

from __future__ import annotations

from collections.abc import Iterator

from interlock.machines.checks.subject import Subject
from interlock.machines.ir import Machine, Node
from interlock.machines.problem import Problem
from interlock.machines.program import Program


def unassigned(subject: Subject) -> Iterator[Problem]:
    """ILK177: a variable that some path reads before it has assigned it."""
    if subject.workflow is None:
        return
    for one in _programs(subject.workflow):
        for name in sorted(one.unassigned):
            where = "" if one is subject.workflow else f" of {one.machine.name}"
            known = [n for n in one.machine.nodes if name in n.variables]
            text = (
                f"{name!r}{where} may be read before it is assigned: an UnboundLocalError in the "
                "middle of a run; assign it on every path"
            )
            line = known[0].line if known else one.machine.line
            way = subject.way_to(known[0].id) if known else ()
            yield Problem("ILK177", "warning", "", text, line, one.machine.file, way)


def _programs(program: Program) -> Iterator[Program]:
    yield program
    for place in (*program.places.values(), *program.calls.values()):
        if place.program is not None:
            yield from _programs(place.program)


def alike(subject: Subject) -> Iterator[Problem]:
    """ILK176: waits under way at the same time for the same thing."""
    machine = subject.machine
    if machine.kind != "workflow":
        return
    for node in machine.nodes:
        if node.kind != "parallel":
            continue
        seen: dict[tuple[str, str], str] = {}
        for branch in [n for n in machine.nodes if n.parent == node.id]:
            for wait in _waits(machine, branch):
                for what in wait.waits_for.split(", "):
                    first = seen.setdefault((wait.kind, what), branch.id)
                    if first != branch.id:
                        way = subject.way_to(node.id)
                        yield _told_alike(node, wait, what, way)


def _told_alike(node: Node, wait: Node, what: str, way: tuple[str, ...]) -> Problem:
    if wait.kind == "approval":
        how = f"{what!r} is asked for in two branches at a time: people have to name the branch"
    else:
        how = f"two branches wait for {what} at a time: the first one in the source takes it"
    text = f"{how}; tell them apart by name or where="
    return Problem("ILK176", "info", node.id, text, node.line, node.file, way)


def _waits(machine: Machine, node: Node) -> Iterator[Node]:
    if node.kind in ("wait", "approval") and node.waits_for:
        yield node
    for inner in machine.nodes:
        if inner.parent == node.id:
            yield from _waits(machine, inner)
