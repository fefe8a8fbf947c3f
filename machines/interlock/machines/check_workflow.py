"""What can be told of a workflow from its graph and its steps, beside the problems of any machine.

All of it can be meant, and is said as information; a variable that is read unassigned is a warning.
"""

from __future__ import annotations

from interlock.machines.check import judged
from interlock.machines.checks.properties import PROPERTIES
from interlock.machines.problem import Problem
from interlock.machines.program import Program

_BESIDE = {one.code for one in PROPERTIES if one.of == "workflow" and one.needs} | {"ILK106"}


def workflow_problems(program: Program) -> list[Problem]:
    """Every finding on a workflow, in the order of their codes."""
    found = [p for one in judged(program) if one.code in _BESIDE for p in one.problems]
    return sorted(found, key=lambda problem: (problem.code, problem.line))
