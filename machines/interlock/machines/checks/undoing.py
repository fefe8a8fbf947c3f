"""What stays in the world when a run is undone."""

from __future__ import annotations

from collections.abc import Iterator

from interlock.machines.checks.frames import Spot, spots
from interlock.machines.checks.subject import Subject
from interlock.machines.checks.waiting import of_steps
from interlock.machines.problem import Problem


def irreversible(subject: Subject) -> Iterator[Problem]:
    """ILK087: a step that cannot be undone, in a machine that undoes what it did."""
    if subject.main is not None:
        for spot in _beside_undo(subject):
            step = spot.place.step
            why = "" if step is None else step.options.irreversible
            if why:
                yield _cannot(spot.name, why, spot.place.line, spot.frame.file, spot.way)
        return
    machine = subject.machine
    if not any(node.compensated for node in machine.nodes):
        return
    for node in machine.nodes:
        if node.irreversible:
            way = subject.way_to(node.id)
            yield _cannot(node.id, node.irreversible, node.line, node.file, way)


def _cannot(name: str, why: str, line: int, file: str, way: tuple[str, ...]) -> Problem:
    text = f"{name!r} stays when the run is undone: {why}"
    return Problem("ILK087", "info", name, text, line, file, way)


def without_undo(subject: Subject) -> Iterator[Problem]:
    """ILK107: steps of a workflow that compensates which stay when it does."""
    staying = [spot for spot in _beside_undo(subject) if _stays(spot)]
    if staying:
        yield of_steps(
            "ILK107", staying,
            lambda names: f"nothing undoes {names} when the run is undone; give compensate=, or "
            "say irreversible= why not",
        )  # fmt: skip


def _beside_undo(subject: Subject) -> list[Spot]:
    """The places of a workflow and its children beside which something has an undo.

    What a child does about its own steps is told of the child.
    """
    every = [] if subject.main is None else [*spots(subject.main, children=True)]
    undoing = {
        spot.child
        for spot in every
        if spot.place.step is not None and spot.place.step.options.compensate
    }
    return [spot for spot in every if undoing - ({spot.child} if spot.child else set[str]())]


def _stays(spot: Spot) -> bool:
    step = spot.place.step
    return step is not None and not step.options.compensate and not step.options.irreversible
