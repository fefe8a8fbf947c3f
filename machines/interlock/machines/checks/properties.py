"""What is looked for: each property of a machine, as a statement that should be true."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from interlock.machines.checks import (
    answering,
    bypassing,
    likeness,
    naming,
    reaching,
    returning,
    taking,
    undoing,
    values,
    waiting,
)
from interlock.machines.checks.doubt import Doubt
from interlock.machines.checks.subject import Subject
from interlock.machines.problem import Problem


@dataclass(frozen=True, slots=True)
class Property:
    """One thing that is looked for.

    Attributes:
        code: of what is found where it is not so.
        text: the statement.
        of: the machines that it is about.
        looks: finds where it is not so.
        walks: it is judged by the configurations of nested states, which may be too many.
        needs: it is judged by what was compiled: nothing can be said of a machine alone.
        strict: it is looked for only where a strict check is wanted.
    """

    code: str
    text: str
    of: Literal["any", "workflow", "lifecycle"]
    looks: Callable[[Subject], Iterator[Problem | Doubt] | Iterator[Problem]]
    walks: bool = False
    needs: bool = False
    strict: bool = False

    def fits(self, subject: Subject) -> bool:
        """Whether it means something for a machine."""
        if (self.needs and subject.program is None) or (self.strict and not subject.strict):
            return False
        return self.of in ("any", subject.machine.kind)


PROPERTIES: tuple[Property, ...] = (
    Property("ILK080", "every name is used once", "any", naming.names),
    Property("ILK081", "every transition joins states", "any", naming.ends),
    Property("ILK130", "the states are nested as they can be run", "any", naming.nesting),
    Property("ILK082", "every state can be reached", "any", reaching.unreachable, walks=True),
    Property("ILK083", "no state is a dead end", "any", reaching.dead_ends, walks=True),
    Property("ILK084", "an end can be reached from everywhere", "any", reaching.endless, True),
    Property("ILK085", "no transition is shadowed", "lifecycle", taking.shadowed, walks=True),
    Property("ILK300", "no two open transitions overlap", "lifecycle", taking.overlapping),
    Property("ILK131", "nothing follows by itself for ever", "lifecycle", taking.always),
    Property("ILK132", "all that is waited for can end", "lifecycle", taking.never_done, True),
    Property("ILK301", "every command has an answer", "lifecycle", answering.unanswered,
             strict=True),
    Property("ILK132", "every join can complete", "workflow", returning.joins, needs=True),
    Property("ILK086", "every wait and approval has a timeout", "any", waiting.waits),
    Property("ILK106", "every step has a timeout", "any", waiting.steps, needs=True),
    Property("ILK107", "no step without undo or reason stands beside one with an undo", "workflow",
             undoing.without_undo, needs=True),
    Property("ILK087", "no irreversible step stands beside one with an undo", "workflow",
             undoing.irreversible),
    Property("ILK108", "no failure goes past its undo", "workflow", bypassing.bypassed, needs=True),
    Property("ILK178", "every loop has an exit", "workflow", returning.loops, needs=True),
    Property("ILK177", "variables are assigned before they are read", "workflow",
             values.unassigned, needs=True),
    Property("ILK176", "all waits can be told apart", "workflow", likeness.alike, needs=True),
)  # fmt: skip
