"""What can be told of a workflow from its graph and its steps, beside the problems of any machine.

All of it can be meant, and is said as information; a variable that is read unassigned is a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from interlock.machines.check import Problem, closure
from interlock.machines.ir import DONE, Edge, Machine, Node
from interlock.machines.program import Place, Program

_FEW = 3


def workflow_problems(program: Program) -> list[Problem]:
    """Every finding on a workflow, in the order of their codes."""
    found = [problem for look in _LOOKS for problem in look(program)]
    return sorted(found, key=lambda problem: (problem.code, problem.line))


def _steps(program: Program) -> Iterator[Place]:
    """The places of steps, those in joins and helpers included."""
    for place in (*program.places.values(), *program.calls.values()):
        if place.step is not None:
            yield place
        if place.program is not None:
            yield from _steps(place.program)


def _programs(program: Program) -> Iterator[Program]:
    yield program
    for place in (*program.places.values(), *program.calls.values()):
        if place.program is not None:
            yield from _programs(place.program)


def _without_timeout(program: Program) -> Iterator[Problem]:
    """ILK106: steps that nothing ends."""
    names, line = _named(program, lambda p: p.step is not None and p.step.options.timeout is None)
    if names:
        text = f"{_listed(names)} may run for ever; give timeout= where that is not meant"
        yield Problem("ILK106", "info", "", text, line)


def _without_undo(program: Program) -> Iterator[Problem]:
    """ILK107: steps of a workflow that compensates which stay when it does."""
    if not any(p.step and p.step.options.compensate for p in _steps(program)):
        return
    names, line = _named(program, _stays)
    if names:
        text = (
            f"nothing undoes {_listed(names)} when the run is undone; give compensate=, or say "
            "irreversible= why not"
        )
        yield Problem("ILK107", "info", "", text, line)


def _stays(place: Place) -> bool:
    step = place.step
    return step is not None and not step.options.compensate and not step.options.irreversible


def _named(program: Program, wanted: Callable[[Place], bool]) -> tuple[list[str], int]:
    """The names of the steps that are wanted, each once, and the line of the first."""
    places = sorted((p for p in _steps(program) if wanted(p)), key=lambda place: place.line)
    names = [*dict.fromkeys(place.step.name for place in places if place.step is not None)]
    return names, places[0].line if places else 0


def _listed(names: Sequence[str]) -> str:
    if len(names) <= _FEW:
        return ", ".join(names)
    return f"{', '.join(names[:_FEW])} and {len(names) - _FEW} more"


def _bypassed(program: Program) -> Iterator[Problem]:
    """ILK108: a failure behind a step with an undo that is caught, so that nothing is undone."""
    machine = program.machine
    ways = _ways(machine)
    completing = _back(machine, "completed")
    for edge in machine.edges:
        if not _is_failure(edge) or edge.target not in completing:
            continue
        done = [
            node.id
            for node in machine.nodes
            if node.compensated and node.parent is None and edge.source in ways[node.id]
        ]
        if done:
            text = (
                f"when {edge.source!r} fails ({edge.label or edge.event}), the run may go on to "
                f"its end, and {_listed(done)} is not undone; raise to undo it"
            )
            yield Problem("ILK108", "info", edge.source, text, machine.by_id[edge.source].line)


def _is_failure(edge: Edge) -> bool:
    return edge.event == "error" or edge.event.startswith("raise ")


def _ways(machine: Machine) -> dict[str, set[str]]:
    """What may come after each state once it was passed well."""
    following: dict[str, set[str]] = {node.id: set() for node in machine.nodes}
    for edge in machine.edges:
        following[edge.source].update(edge.targets)
    first: dict[str, set[str]] = {node.id: set() for node in machine.nodes}
    for edge in machine.edges:
        if edge.event == DONE:
            first[edge.source].update(edge.targets)
    return {name: closure(starts, following) for name, starts in first.items()}


def _back(machine: Machine, target: str) -> set[str]:
    """The states from which one can be reached, no failure on the way."""
    before: dict[str, set[str]] = {}
    for edge in machine.edges:
        if edge.event == DONE:
            for end in edge.targets:
                before.setdefault(end, set()).add(edge.source)
    return closure({target}, before)


def _loops(program: Program) -> Iterator[Problem]:
    """ILK178: a loop that only a failure or a cancellation ends."""
    machine = program.machine
    ending = set[str]()
    for node in machine.nodes:
        if node.kind == "final":
            ending |= _back(machine, node.id)
    for part in _loops_of(machine):
        if not part & ending:
            node = min((machine.by_id[name] for name in part), key=lambda node: node.line)
            text = f"the loop through {node.id!r} ends only by a failure or a cancellation"
            yield Problem("ILK178", "info", node.id, text, node.line)


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


def _alike(program: Program) -> Iterator[Problem]:
    """ILK176: waits under way at the same time for the same thing."""
    machine = program.machine
    for node in machine.nodes:
        if node.kind != "parallel":
            continue
        seen: dict[tuple[str, str], str] = {}
        for branch in [n for n in machine.nodes if n.parent == node.id]:
            for wait in _waits(machine, branch):
                for what in wait.waits_for.split(", "):
                    first = seen.setdefault((wait.kind, what), branch.id)
                    if first != branch.id:
                        yield _told_alike(node, wait, what)


def _told_alike(node: Node, wait: Node, what: str) -> Problem:
    if wait.kind == "approval":
        how = f"{what!r} is asked for in two branches at a time: people have to name the branch"
    else:
        how = f"two branches wait for {what} at a time: the first one in the source takes it"
    return Problem(
        "ILK176", "info", node.id, f"{how}; tell them apart by name or where=", node.line
    )


def _waits(machine: Machine, node: Node) -> Iterator[Node]:
    if node.kind in ("wait", "approval") and node.waits_for:
        yield node
    for inner in machine.nodes:
        if inner.parent == node.id:
            yield from _waits(machine, inner)


def _unassigned(program: Program) -> Iterator[Problem]:
    """ILK177: a variable that some path reads before it has assigned it."""
    for one in _programs(program):
        for name in sorted(one.unassigned):
            where = "" if one is program else f" of {one.machine.name}"
            line = next((n.line for n in one.machine.nodes if name in n.variables), 0)
            text = (
                f"{name!r}{where} may be read before it is assigned: an UnboundLocalError in the "
                "middle of a run; assign it on every path"
            )
            yield Problem("ILK177", "warning", "", text, line)


_LOOKS = (_without_timeout, _without_undo, _bypassed, _alike, _unassigned, _loops)
