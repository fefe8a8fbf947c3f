"""Commands that states say nothing about."""

from __future__ import annotations

from collections.abc import Iterator

from interlock.machines.checks.subject import Subject
from interlock.machines.ir import Machine, Node
from interlock.machines.problem import Problem

_FEW = 3


def unanswered(subject: Subject) -> Iterator[Problem]:
    """ILK301: commands that a state neither handles nor declares unhandled.

    Told where a strict check is wanted: to be refused is what most commands are meant to be.
    """
    machine = subject.machine
    if machine.unhandled != "refuse":
        return
    nested = {node.parent for node in machine.nodes if node.kind != "history"}
    for node in machine.nodes:
        if node.kind in ("final", "history") or node.id in nested or node.id not in subject.reached:
            continue
        missing = _missing(machine, node)
        if missing:
            listed = ", ".join(missing[:_FEW])
            more = f" and {len(missing) - _FEW} more" if len(missing) > _FEW else ""
            text = (
                f"{node.id!r} says nothing of {listed}{more}: refused there; declare a transition, "
                f"or a word for the state in unhandled="
            )
            way = subject.way_to(node.id)
            yield Problem("ILK301", "info", node.id, text, node.line, trace=way)


def _missing(machine: Machine, node: Node) -> list[str]:
    """What neither the state, one around it, nor one active beside it answers."""
    around: list[Node] = [node]
    while around[-1].parent is not None:
        around.append(machine.by_id[around[-1].parent])
    if any(one.unhandled for one in around):
        return []
    names = {one.id for one in around}
    beside = {one.id for one in around if one.kind == "parallel"}
    for other in machine.nodes:  # a parent stands before its children
        if other.parent in beside and other.id not in names:
            beside.add(other.id)
    answered = {e.event for e in machine.edges if e.source in names | beside}
    return [command for command in machine.commands if command not in answered]
