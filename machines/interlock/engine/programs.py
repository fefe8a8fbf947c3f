"""Which program serves a machine's runs: those of the registry, and those given to the engine."""

from __future__ import annotations

import asyncio
import copy
import inspect
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, TypeVar, cast

from interlock.engine.errors import UnknownMachine
from interlock.engine.lifecycles import LifecycleRun
from interlock.engine.session import Mover, Session
from interlock.engine.turn import Turn
from interlock.engine.workflows import WorkflowRun
from interlock.machines import registry
from interlock.machines.errors import BadDefinition, CompileError, Refused, StepFailed, TimedOut
from interlock.machines.ir import Machine
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.program import Program
from interlock.machines.resilience import BreakerOpen, BulkheadFull, RateLimited
from interlock.machines.resilience.undeclared import check_declared
from interlock.machines.steps_of import steps_of
from interlock.machines.waits import Decision, Vote
from interlock.machines.workflow import Workflow
from interlock.store.contract import Definition, Store
from interlock.store.errors import Unrecordable
from interlock.store.secrecy import Forgotten
from interlock.store.values import Types
from interlock.store.vault import Vault


def program_of(kind: object) -> Program | LifecycleProgram:
    """The program of a workflow or lifecycle.

    Raises:
        UnknownMachine: it is neither.
        CompileError: the workflow cannot be compiled.
    """
    if isinstance(kind, Workflow):
        return _with_own_types(kind.program)
    if isinstance(kind, type) and issubclass(kind, Lifecycle):
        return _with_own_types(kind.program())
    raise UnknownMachine(_no_machine(kind))


def _no_machine(kind: Any) -> str:
    if inspect.iscoroutine(kind):
        kind.close()
        flow = kind.__name__
        return f"{flow}(...) was called; give the workflow and its input: start({flow}, ...)"
    name = str(type(kind).__name__)
    if issubclass(type(kind), Lifecycle):
        return f"a {name} was made; give the class itself: {name}"
    return f"{kind!r} is not a workflow or a lifecycle; decorate the function with @workflow"


_OWN = (
    asyncio.CancelledError, BadDefinition, Decision, Refused, StepFailed, TimedOut, Unrecordable,
    BreakerOpen, BulkheadFull, RateLimited, Vote, Forgotten,
)  # fmt: skip
"""What the engine itself hands to workflow code, and records."""

P = TypeVar("P", Program, LifecycleProgram)


def _with_own_types(program: P) -> P:
    for cls in _OWN:
        if cls not in program.types:
            program.types.register(cls, f"interlock.{cls.__name__}")
    return program


def definition_of(machine: Machine) -> Definition:
    """What the store keeps of a machine."""
    return Definition(machine.hash, machine.name, machine.to_json(), machine.source)


class Programs:
    """The programs of one engine, by machine name."""

    def __init__(self, kinds: Sequence[object], vault: Vault | None = None) -> None:
        self._vault = vault
        self._bound: dict[int, tuple[object, Program | LifecycleProgram]] = {}
        self._served: dict[int, Program | LifecycleProgram] = {}  # by object of `_kinds`
        self._defined: set[str] = set()
        self._defining = Turn()
        self._known: dict[str, Machine | None] = {}
        self._own: dict[str, Program | LifecycleProgram] = {}
        self._kinds: dict[str, registry.Registered] = {}
        for kind in kinds:
            self.add(kind)

    def served(self) -> list[Program | LifecycleProgram]:
        """Those that the engine was given; all that were imported, when it was given none.

        Definitions inside functions do not count as imported, nor what cannot be compiled yet.
        """
        if self._own:
            return [*self._own.values()]
        found: list[Program | LifecycleProgram] = []
        for kind in registry.all().values():
            if "<locals>" not in str(getattr(kind, "__qualname__", "")):
                with suppress(CompileError):
                    found.append(program_of(kind))
        return found

    def own(self) -> list[Program | LifecycleProgram]:
        """Those that were given to the engine, or found for a run."""
        return [*self._own.values()]

    def add(self, kind: object) -> Program | LifecycleProgram:
        """Serve this workflow or lifecycle from now on.

        Raises:
            UnknownMachine: it is neither.
            BadDefinition: this engine serves another one of the same name, or a step of it names
                a breaker, limit or bulkhead that nothing declares.
        """
        served = self._served.get(id(kind))
        if served is not None and self._kinds.get(served.machine.name) is kind:
            return served  # as it is at every start but the first
        program = self._with_keys(program_of(kind))
        made = cast("registry.Registered", kind)
        name = program.machine.name
        known = self._kinds.get(name)
        if known is not None and known is not made and registry.elsewhere(known, made):
            raise registry.clash(known, made)
        if self._own.get(name) is not program:
            check_declared(steps_of(program))
        self._own[name], self._kinds[name] = program, made
        self._served[id(kind)] = program
        return program

    def _with_keys(self, program: Program | LifecycleProgram) -> Program | LifecycleProgram:
        """A program of this engine's own, which encrypts personal values by this store's keys."""
        if self._vault is None:
            return program
        found = self._bound.get(id(program))
        if found is None:
            own = copy.copy(program)
            own.types = Types(program.types, vault=self._vault)
            found = self._bound[id(program)] = (program, own)
        return found[1]

    def is_defined(self, program: Program | LifecycleProgram) -> bool:
        """Whether this engine has stored its definition."""
        return program.machine.hash in self._defined

    async def define(self, store: Store, program: Program | LifecycleProgram) -> None:
        """Store a definition, so that its runs can be explained when the code has changed."""
        machine = program.machine
        async with self._defining:  # of several that start at once the first stores it
            if machine.hash not in self._defined:
                await store.define(definition_of(machine))
                self._defined.add(machine.hash)

    def find(self, machine: str, hash: str = "") -> Program | LifecycleProgram | None:  # noqa: A002  as in the log
        """The program for a machine's name, None when nothing of that name was imported.

        Args:
            hash: of the definition that a run follows; tells apart those of one name.

        Raises:
            BadDefinition: several of that name were imported, and none was given or started here.
        """
        found = self._own.get(machine)
        if found is not None and hash in ("", found.machine.hash):
            return found
        several, wrong = self._candidates(machine)
        same = [program for program in several if program.machine.hash == hash]
        if same:
            return same[-1]
        if found is None and wrong is not None:
            raise wrong
        if found is None and several:
            found = self._own[machine] = self._with_keys(program_of(registry.find(machine)))
        return found

    def _candidates(
        self, machine: str
    ) -> tuple[list[Program | LifecycleProgram], CompileError | None]:
        """What was imported by a name, the present one last, and why one cannot be compiled.

        That is nothing to a run of another one.
        """
        several: list[Program | LifecycleProgram] = []
        wrong: CompileError | None = None
        present = registry.present(machine)
        for kind in sorted(registry.candidates(machine), key=lambda kind: kind is present):
            try:
                several.append(self._with_keys(program_of(kind)))
            except CompileError as error:
                wrong = error
        return several, wrong

    def choice(
        self,
        machine: str,
        hash: str,  # noqa: A002  as in the log
    ) -> tuple[Program | LifecycleProgram | None, Program | LifecycleProgram | None]:
        """The program that has a run's very definition, and the one that new runs are of.

        None where there is none; the second one also where several were imported, nobody says
        which is the present one, and one is the run's own.

        Raises:
            BadDefinition: the same, and none of them is the run's own.
        """
        found = self.find(machine, hash)
        exact = found if found is not None and found.machine.hash == hash else None
        said = machine in self._own or registry.present(machine) is not None
        current = self.find(machine) if said or exact is None else None
        return exact, current

    async def definition(self, store: Store, hash: str) -> Machine | None:  # noqa: A002  the same
        """A definition that some run followed; None when the store never saw it."""
        if hash not in self._known:
            kept = await store.definition(hash)
            self._known[hash] = None if kept is None else Machine.from_json(kept.ir)
        return self._known[hash]

    def types(self, machine: str, hash: str = "") -> Types | None:  # noqa: A002  as in the log
        """The classes that a machine's values may have."""
        found = self.find(machine, hash)
        return None if found is None else found.types


def mover_of(session: Session, program: Program | LifecycleProgram) -> Mover:
    """What moves a session, made once."""
    if session.mover is None:
        if isinstance(program, LifecycleProgram):
            session.mover = LifecycleRun(session, program)
        else:
            session.mover = WorkflowRun(session, program)
    return session.mover
