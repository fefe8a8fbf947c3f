"""Which program serves a machine's runs: those of the registry, and those given to the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, cast

from interlock.engine.errors import UnknownMachine
from interlock.engine.lifecycles import LifecycleRun
from interlock.engine.mover import Mover
from interlock.engine.session import Session
from interlock.engine.workflows import WorkflowRun
from interlock.machines import registry
from interlock.machines.lifecycle import Lifecycle, LifecycleProgram
from interlock.machines.program import Program
from interlock.machines.workflow import Workflow
from interlock.store.values import Types

AnyMachine: TypeAlias = "Workflow[..., object] | type[Lifecycle[object, object]]"
"""What an author declares: a workflow, or a lifecycle's class."""


def program_of(kind: object) -> Program | LifecycleProgram:
    """The program of a workflow or lifecycle.

    Raises:
        UnknownMachine: it is neither.
        CompileError: the workflow cannot be compiled.
    """
    if isinstance(kind, Workflow):
        return cast("Program", kind.program)
    if isinstance(kind, type) and issubclass(kind, Lifecycle):
        return kind.program()
    message = f"{kind!r} is not a workflow or a lifecycle; decorate the function with @workflow"
    raise UnknownMachine(message)


class Programs:
    """The programs of one engine, by machine name."""

    def __init__(self, kinds: Sequence[object]) -> None:
        self._own = {program_of(kind).machine.name: program_of(kind) for kind in kinds}

    def add(self, program: Program | LifecycleProgram) -> None:
        """Serve this one from now on."""
        self._own[program.machine.name] = program

    def find(self, machine: str) -> Program | LifecycleProgram | None:
        """The program for a machine's name, None when nothing of that name was imported."""
        found = self._own.get(machine)
        if found is None:
            kind = registry.find(machine)
            if kind is not None:
                found = self._own[machine] = program_of(kind)
        return found

    def types(self, machine: str) -> Types | None:
        """The classes that a machine's values may have."""
        found = self.find(machine)
        return None if found is None else found.types


def mover_of(session: Session, program: Program | LifecycleProgram) -> Mover:
    """What moves a session, made once."""
    if session.mover is None:
        if isinstance(program, LifecycleProgram):
            session.mover = LifecycleRun(session, program)
        else:
            session.mover = WorkflowRun(session, program)
    return cast("Mover", session.mover)
