"""Names of breakers, limits and bulkheads that steps give and nothing declares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from interlock.machines.errors import BadDefinition
from interlock.machines.resilience.breaker import Breaker
from interlock.machines.resilience.declared import find
from interlock.machines.resilience.limits import Bulkhead, RateLimit
from interlock.machines.step import Step, StepOptions


def undeclared(steps: Iterable[Step[..., Any]]) -> list[str]:
    """What is missing for the calls and undos of these steps, and what to write, a text each."""
    found: list[str] = []
    for step in steps:
        undo: Any = step.options.compensate
        for one in (step, undo):
            if isinstance(one, Step):
                found += [f"step {one.name}: {reason}" for reason in _missing(one.options)]
    return [*dict.fromkeys(found)]


def check_declared(steps: Iterable[Step[..., Any]]) -> None:
    """Refuse steps whose calls would have nothing to pass through.

    Raises:
        BadDefinition: names each step, what it wants, and what to write.
    """
    found = undeclared(steps)
    if found:
        raise BadDefinition("; ".join(found))


def _missing(options: StepOptions) -> list[str]:
    gates = options.gates
    if gates is None:
        return []
    found: list[str] = []
    for kind, wanted in (
        (Breaker, gates.breaker), (Bulkhead, gates.bulkhead), (RateLimit, gates.rate),
    ):  # fmt: skip
        try:
            if isinstance(wanted, str):
                find(kind, wanted)
        except BadDefinition as error:
            found.append(error.args[0])
    return found
