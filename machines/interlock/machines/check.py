"""Problems of a machine that can be proved from its graph alone, with every guard left open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from interlock.machines.checks.configurations import LIMIT
from interlock.machines.checks.doubt import Doubt
from interlock.machines.checks.properties import PROPERTIES, Property
from interlock.machines.checks.subject import Subject
from interlock.machines.ir import Machine
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.problem import Problem, Severity
from interlock.machines.program import Program
from interlock.machines.proof.result import Verdict
from interlock.machines.resilience.undeclared import undeclared
from interlock.machines.steps_of import steps_of
from interlock.machines.undefined import undefined_names

__all__ = [
    "Judged", "Problem", "Severity", "judged", "problems", "undeclared_gates", "undefined",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one property of a machine, with every guard free to say yes or no.

    Attributes:
        code: of the problems that it is about.
        property: what was looked for, as a statement that should be true.
        verdict: `proved`, `refuted`, or `bounded` where not everything was looked at.
        bound: how far was looked, "" for everywhere.
        problems: where it is not so, each with the shortest way there.
    """

    code: str
    property: str
    verdict: Verdict
    bound: str = ""
    problems: tuple[Problem, ...] = ()


def problems(machine: Machine) -> list[Problem]:
    """Every problem found, errors first, then in the order of the source.

    A guard is taken as free to say yes or no, so that "unreachable" is certain, while a state
    that only guards keep from being reached is not reported.
    """
    return in_order(machine, [p for one in judged(machine) for p in one.problems])


def judged(
    checked: Machine | Program | LifecycleProgram, *, limit: int = LIMIT, strict: bool = False
) -> list[Judged]:
    """A verdict on each property that means something for a machine.

    Args:
        checked: the program, or its machine alone, of which less can be said.
        limit: configurations of nested and parallel states to look at, at most.
        strict: commands that a state says nothing about are told, whoever declared nothing.
    """
    if isinstance(checked, Machine):
        subject = Subject(checked, None, limit, strict)
    else:
        subject = Subject(checked.machine, checked, limit, strict)
    return [_judged(one, subject) for one in PROPERTIES if one.fits(subject)]


def _judged(one: Property, subject: Subject) -> Judged:
    known, file = subject.machine.by_id, subject.machine.file
    found: list[Problem] = []
    doubts: list[str] = []
    for problem in one.looks(subject):
        if isinstance(problem, Doubt):
            doubts.append(problem.text)
            continue
        node = known.get(problem.state)
        place = problem.file or (node.file if node else "") or file
        found.append(replace(problem, file=place))
    far = _bound(subject) if one.walks else ""
    bound = "; ".join(dict.fromkeys([*([far] if far else ()), *doubts]))
    verdict: Verdict = "refuted" if found else "bounded" if bound else "proved"
    return Judged(one.code, one.text, verdict, bound, tuple(found))


def _bound(subject: Subject) -> str:
    walk = subject.walk
    if walk is None or walk.complete:
        return ""
    return f"{len(walk.spots)} configurations looked at, more are left"


def in_order(machine: Machine, found: list[Problem]) -> list[Problem]:
    """Errors first, then in the order of the source."""
    order: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}
    places = {node.id: number for number, node in enumerate(machine.nodes)}
    return sorted(found, key=lambda p: (order[p.severity], places.get(p.state, -1), p.code))


def undefined(function: Callable[..., Any]) -> Iterator[Problem]:
    """ILK088: a name that nothing defines."""
    for name, line in undefined_names(function):
        text = f"{name!r} is not defined: a NameError in the middle of a run; define or import it"
        yield Problem("ILK088", "error", "", text, line)


def undeclared_gates(program: Program | LifecycleProgram) -> Iterator[Problem]:
    """ILK105: a step names a breaker, rate limit or bulkhead that nothing declares."""
    for text in undeclared(steps_of(program)):
        yield Problem("ILK105", "error", "", text, 0)
