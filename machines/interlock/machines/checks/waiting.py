"""What may go on for ever: waits and steps without a timeout, loops without an exit, joins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from interlock.machines.checks.subject import Subject
from interlock.machines.checks.walking import closure
from interlock.machines.ir import DONE, Machine
from interlock.machines.problem import Problem
from interlock.machines.program import Place, Program

_FEW = 3


def waits(subject: Subject) -> Iterator[Problem]:
    """ILK086: an approval or a wait that nothing but its answer can end."""
    for node in subject.machine.nodes:
        if node.kind in ("approval", "wait") and node.timeout is False:
            text = f"{node.id!r} may wait for ever; give it a timeout= if that is not meant"
            way = subject.way_to(node.id)
            yield Problem("ILK086", "info", node.id, text, node.line, node.file, way)


def steps(subject: Subject) -> Iterator[Problem]:
    """ILK106: steps that nothing ends."""
    if subject.lifecycle is not None:
        effects = subject.lifecycle.steps.items()
        names, line = [name for name, step in effects if step.options.timeout is None], 0
    else:
        names, line = named(
            subject, lambda p: p.step is not None and p.step.options.timeout is None
        )
    if names:
        text = f"{listed(names)} may run for ever; give timeout= where that is not meant"
        yield Problem("ILK106", "info", "", text, line or subject.machine.line)


def named(subject: Subject, wanted: Callable[[Place], bool]) -> tuple[list[str], int]:
    """The names of the steps that are wanted, each once, and the line of the first."""
    places = sorted((p for p in subject.places() if wanted(p)), key=lambda place: place.line)
    names = [*dict.fromkeys(place.step.name for place in places if place.step is not None)]
    return names, places[0].line if places else 0


def listed(names: Sequence[str]) -> str:
    """Some names in words."""
    if len(names) <= _FEW:
        return ", ".join(names)
    return f"{', '.join(names[:_FEW])} and {len(names) - _FEW} more"


def loops(subject: Subject) -> Iterator[Problem]:
    """ILK178: a loop that only a failure or a cancellation ends."""
    machine = subject.machine
    if subject.workflow is None:
        return
    ending = set[str]()
    for node in machine.nodes:
        if node.kind == "final":
            ending |= passing_to(machine, node.id)
    for part in _loops_of(machine):
        if not part & ending:
            node = min((machine.by_id[name] for name in part), key=lambda node: node.line)
            text = f"the loop through {node.id!r} ends only by a failure or a cancellation"
            way = subject.way_to(node.id)
            yield Problem("ILK178", "info", node.id, text, node.line, node.file, way)


def joins(subject: Subject) -> Iterator[Problem]:
    """ILK132: a state or join that is waited for, and can never come to its end."""
    for place in subject.places():
        if place.kind != "join":
            continue
        never = [c for c in place.calls if c.program is not None and not _returns(c.program)]
        if never and (place.how != "race" or len(never) == len(place.calls)):
            text = (
                f"{place.state!r} never completes: {listed([c.state for c in never])} does not "
                "return; let its loop end"
            )
            way = subject.way_to(place.state)
            yield Problem("ILK132", "warning", place.state, text, place.line, "", way)


def _returns(program: Program) -> bool:
    """Whether a helper can come to its end, no failure on the way."""
    return program.machine.initial in passing_to(program.machine, "completed")


def passing_to(machine: Machine, target: str) -> set[str]:
    """The states from which one can be reached, no failure on the way."""
    before: dict[str, set[str]] = {}
    for edge in machine.edges:
        if edge.event == DONE:
            for end in edge.targets:
                before.setdefault(end, set()).add(edge.source)
    return closure({target}, before)


def _loops_of(machine: Machine) -> list[frozenset[str]]:
    """Sets of top-level states that lead to each other, and to themselves."""
    tops = [node for node in machine.nodes if node.parent is None]
    following: dict[str, set[str]] = {node.id: set() for node in tops}
    for edge in machine.edges:
        if edge.event == DONE and edge.source in following:
            following[edge.source].update(edge.targets)
    after = {name: closure(set(next_), following) for name, next_ in following.items()}
    return [
        *dict.fromkeys(
            frozenset(b for b in after[a] if a in after.get(b, ()))
            for a in after if a in after[a]
        )
    ]  # fmt: skip
