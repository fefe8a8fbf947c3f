"""`check`: what a machine is, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FunctionType

from interlock.cli import proving, systems, verdicts
from interlock.cli.locking import problems_of
from interlock.cli.machine_files import machine_at, names_file
from interlock.cli.render import Column, Screen, Styled, print_document
from interlock.cli.target import load_target
from interlock.engine.programs import program_of
from interlock.machines.check import (
    Judged,
    Problem,
    in_order,
    judged,
    undeclared_gates,
    undefined,
)
from interlock.machines.ir import Machine, Node
from interlock.machines.proof import Result
from interlock.machines.workflow import Workflow

_FEW = 3
"""Up to how many states are named where they share a way out."""


_CONFIGURATIONS = 5_000
"""Of nested states, how many are looked at."""


def check(
    target: str,
    lock: Path,
    apps: Sequence[str] = (),
    *,
    prove: bool = False,
    limit: int = 0,
    tests: Path | None = None,
    strict: bool = False,
    as_json: bool,
) -> bool:
    """Print a machine and its problems. False when there are errors.

    Args:
        lock: the lock file, which may speak of it.
        apps: modules with old code of it that is kept for its runs.
        prove: look at every place that a run can come to as well, at most `limit` of them.
        tests: prove, and write a test for each property that is refuted.
        strict: false for warnings too; what a state says nothing about is told.
    """
    proving.check_new(tests)
    prove = prove or tests is not None
    system = systems.system_at(target)
    if system is not None:
        return systems.check_system(system, target, limit, tests, as_json=as_json)
    machine = machine_at(target)
    checked = machine if names_file(target) else program_of(load_target(target))
    judges = judged(checked, limit=max(limit if prove else 0, _CONFIGURATIONS), strict=strict)
    of_graph = in_order(machine, [p for one in judges for p in one.problems])
    found = [*_missing(target), *_left_behind(target, lock, apps), *of_graph]
    proofs = proving.proofs_of(target, limit) if prove else []
    if as_json:
        more = {"proofs": proving.view(proofs)} if prove else {}
        print_document({**_view(machine, found, judges), **more})
    else:
        _print_all(machine, found, judges, proofs)
    if tests is not None:
        proving.tell_written(proving.write_tests(target, proofs, tests), tests)
    wrong = ("error", "warning") if strict else ("error",)
    return proving.sound(proofs) and not any(problem.severity in wrong for problem in found)


def _print_all(
    machine: Machine, found: list[Problem], judges: list[Judged], proofs: list[Result]
) -> None:
    screen = Screen()
    _print(screen, machine, found)
    verdicts.print_verdicts(screen, judges)
    if proofs:
        proving.print_proofs(screen, proofs)


def _left_behind(target: str, lock: Path, apps: Sequence[str]) -> list[Problem]:
    """What the lock file has against a machine; against one in a file, nothing."""
    return [] if names_file(target) else problems_of(lock, target, apps)


def _missing(target: str) -> Iterator[Problem]:
    """What a workflow or a lifecycle names and nothing defines or declares; of a file, none."""
    if names_file(target):
        return
    kind = load_target(target)
    yield from undeclared_gates(program_of(kind))
    if isinstance(kind, Workflow):
        yield from undefined(kind.function)
    elif isinstance(kind, type):
        for function in _functions(kind):
            yield from undefined(function)


def _functions(cls: type) -> Iterator[FunctionType]:
    """The functions of a class, and of the classes inside."""
    for member in list(vars(cls).values()):
        if isinstance(member, FunctionType):
            yield member
        elif isinstance(member, type) and member.__qualname__.startswith(f"{cls.__qualname__}."):
            yield from _functions(member)


def _view(machine: Machine, found: list[Problem], judges: list[Judged]) -> dict[str, object]:
    return {
        "machine": machine.name,
        "kind": machine.kind,
        "hash": machine.hash,
        "file": machine.file,
        "line": machine.line,
        "initial": machine.initial,
        "states": [
            {
                "state": node.id,
                "kind": node.kind,
                "waits_for": node.waits_for,
                "variables": list(node.variables),
                "line": node.line,
                "file": node.file or machine.file,
                "compensated": node.compensated,
                "irreversible": node.irreversible,
            }
            for node in machine.nodes
        ],
        "transitions": [
            {
                "from": edge.source,
                "event": edge.event,
                "to": edge.target,
                "condition": edge.label,
                "guard": edge.guard,
                "line": edge.line,
            }
            for edge in machine.edges
        ],
        "commands": list(machine.commands),
        "raises": list(machine.raises),
        "problems": [verdicts.problem_view(problem) for problem in found],
        "verdicts": verdicts.view(judges),
    }


def _print(screen: Screen, machine: Machine, found: list[Problem]) -> None:
    screen.line(Styled(machine.name, "bold"), f"{machine.kind} {machine.hash}")
    screen.pairs(
        [
            ("source", f"{machine.file}:{machine.line}"),
            ("commands", ", ".join(machine.commands)),
            ("can raise", ", ".join(machine.raises) or "nothing that is declared"),
        ]
    )
    screen.heading("States")
    columns = [
        Column("state", "bold", keep=True), Column("kind"), Column("waits for"),
        Column("remembers"), Column("line", "dim", right=True),
    ]  # fmt: skip
    rows = [
        (
            _nested(node, machine) if screen.rich else node.id,
            _kind(node),
            node.waits_for,
            ", ".join(name for name in node.variables if not name.startswith(".")),
            f"{Path(node.file).name}:{node.line}" if node.file else str(node.line or ""),
        )
        for node in machine.nodes
    ]
    screen.table(columns, rows)
    screen.heading("Transitions")
    columns = [Column("from", "bold"), Column("on"), Column("if"), Column("to", "bold")]
    screen.table(columns, _transitions(machine))
    verdicts.print_problems(screen, found, machine.file)


def _nested(node: Node, machine: Machine) -> str:
    """A state's own name, below that of the state it is in."""
    depth, own, outer = 0, node.id, node.parent
    if outer is not None and own.startswith(f"{outer}/"):
        own = own[len(outer) + 1 :]
    while outer is not None:
        depth, outer = depth + 1, machine.by_id[outer].parent
    return "  " * depth + own


def _kind(node: Node) -> str:
    if node.irreversible:
        return f"{node.kind}, irreversible: {node.irreversible}"
    return node.kind + (", with undo" if node.compensated else "")


def _transitions(machine: Machine) -> list[tuple[str, str, str, str]]:
    """The transitions as rows; the ways out that many states of a workflow share, in one each."""
    rows: list[tuple[str, str, str, str]] = []
    shared: dict[tuple[str, str], list[str]] = {}
    for edge in machine.edges:
        condition = " and ".join(part for part in (edge.label, edge.guard) if part)
        if machine.kind == "workflow" and edge.event in ("error", "cancel") and not condition:
            shared.setdefault((edge.event, edge.target), []).append(edge.source)
        else:
            rows.append((edge.source, edge.event, condition, edge.target))
    for (event, target), sources in shared.items():
        named = f"any of {len(sources)} states" if len(sources) > _FEW else ", ".join(sources)
        rows.append((named, event, "", target))
    return rows
