"""Mutation: small wrongs done to a machine, one at a time, to see whether its tests notice."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import io
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from hypothesis import settings as Settings  # noqa: N812  the argument has its name

from interlock.machines.guard import Check, Guard, Refuse
from interlock.machines.ir import Edge
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.lifecycle_program import LifecycleProgram, Parts
from interlock.machines.program import Program
from interlock.machines.step import Step
from interlock.machines.workflow import Workflow
from interlock.testing.errors import BadTests, NotTestable
from interlock.testing.flow_mutation import changed_programs
from interlock.testing.flow_subject import FlowSubject, is_workflow
from interlock.testing.machine_suite import MachineSuite
from interlock.testing.subject import Subject, is_lifecycle
from interlock.testing.suite import Suite

Test: TypeAlias = Callable[..., Any] | str | Path
"""A test: a function, async or not; what `machine_tests` made; or a file or folder for pytest."""


@dataclass(frozen=True)
class Mutant:
    """A machine with one wrong done to it.

    Attributes:
        text: which.
        applied: a context manager in which the machine's name stands for the mutant.
    """

    text: str
    applied: Callable[[], AbstractContextManager[None]]

    def __str__(self) -> str:
        """Which wrong."""
        return self.text


@dataclass(frozen=True)
class Mutation:
    """What tests made of the mutants.

    Attributes:
        killed: those that some test failed on, and which.
        survivors: those that no test noticed.
    """

    killed: Sequence[tuple[Mutant, str]]
    survivors: Sequence[Mutant]

    def __str__(self) -> str:
        """How many, and each survivor in a line."""
        whole = len(self.killed) + len(self.survivors)
        head = f"{len(self.killed)} of {whole} mutants were noticed"
        return "\n".join([head, *(f"  survived: {one}" for one in self.survivors)])


def mutants(machine: type[Lifecycle[Any, Any]] | Workflow[..., Any]) -> list[Mutant]:
    """The small wrongs that can be done to a machine.

    Of a lifecycle a transition is left out or leads elsewhere, a guard says the contrary or is not
    asked, a method leaves the data as they are, effects are left out. Of a workflow a condition
    says the contrary, an awaited call whose value nobody takes, a `raise` or a `return` is left
    out, an `except` catches nothing, the undo of a step is left out.

    Raises:
        NotTestable: it is neither.
    """
    if is_lifecycle(machine) and isinstance(machine, type):
        return [*_of_lifecycle(machine)]
    if is_workflow(machine) and not isinstance(machine, type):
        return [*_of_workflow(machine)]
    message = f"{machine!r} is neither a lifecycle nor a workflow"
    raise NotTestable(message)


def mutate(
    machine: type[Lifecycle[Any, Any]] | Workflow[..., Any],
    tests: Iterable[Test] = (),
    *,
    settings: Settings | None = None,
) -> Mutation:
    """Run tests against every mutant of a machine; `print(mutate(Order, [test_order]))`.

    Args:
        machine: the lifecycle or workflow.
        tests: those that should notice. By default the laws and invariants of a lifecycle.
        settings: of Hypothesis, for laws.

    Raises:
        BadTests: there are none, they fail on the machine as it is, or pytest cannot run them.
        NotTestable: it is neither.
    """
    found = mutants(machine)
    wanted = _checked(tests)
    if not wanted and is_lifecycle(machine):
        subject: Any = machine
        wanted = [_laws(MachineSuite(Subject(subject), None, settings, 30))]
    if not wanted:
        message = f"{machine.name} is a workflow: say which tests should notice, [test_it]"
        raise BadTests(message)
    failed = noticed(wanted, settings)
    if failed:
        message = f"on {machine.__name__} as it is, {failed}"
        raise BadTests(message)
    killed: list[tuple[Mutant, str]] = []
    survivors: list[Mutant] = []
    for mutant in found:
        with mutant.applied():
            by = noticed(wanted, settings)
        if by:
            killed.append((mutant, by))
        else:
            survivors.append(mutant)
    return Mutation(killed, survivors)


def _checked(tests: Any) -> list[Test]:
    """The tests that are asked for, each a function or what pytest can be given."""
    given: object = tests
    if isinstance(given, str | Path) or not isinstance(given, Iterable):
        message = f'tests={tests!r} are no list; write [test_order], or ["tests/test_order.py"]'
        raise BadTests(message)
    found: list[Test] = []
    for test in tests:
        one: Any = str(test) if isinstance(test, Path) else test
        if isinstance(one, str) and not Path(one.partition("::")[0]).exists():
            message = f"there is no file or folder {one.partition('::')[0]!r} in {Path.cwd()}"
            raise BadTests(message + _meant(Path(one.partition("::")[0])))
        if not isinstance(one, str) and not callable(one):
            message = f"{one!r} is no test; write a function, or the file of some"
            raise BadTests(message)
        found.append(one)
    return found


def _meant(path: Path) -> str:
    beside = {one.name: one for one in path.parent.glob("*.py")}
    near = get_close_matches(path.name, beside, 1)
    return f"; did you mean {beside[near[0]]}?" if near else ""


def _laws(suite: Suite[Any]) -> Callable[[], None]:
    def laws() -> None:
        fresh = suite.anew()
        for name in fresh.chosen:
            fresh.run(name)

    return laws


def noticed(tests: Iterable[Test], settings: Settings | None) -> str:
    """Which test fails, and how; "" for none."""
    for test in tests:
        name = getattr(test, "__name__", "a test") if callable(test) else str(test)
        try:
            _run(test, settings)
        except (KeyboardInterrupt, SystemExit, BadTests):
            raise
        except BaseException as error:  # pytest's own failures are no exceptions
            said = str(error).strip().splitlines() or [type(error).__name__]
            return f"{name} fails: {said[0]}"
    return ""


def _run(test: Test, settings: Settings | None) -> None:
    if not callable(test):
        _pytest(str(test))
        return
    suite: Suite[Any] | None = getattr(test, "suite", None)
    if suite is not None:
        _laws(suite.anew(settings))()
        return
    answer = test()
    if inspect.isawaitable(answer):
        asyncio.run(_awaited(answer))


async def _awaited(answer: Any) -> None:
    await answer


def _pytest(path: str) -> None:
    import pytest

    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", path])
    if code == pytest.ExitCode.TESTS_FAILED:
        lines = [line for line in said.getvalue().splitlines() if line.startswith("FAILED")]
        raise AssertionError((lines or ["a test of it"])[0])
    if code != pytest.ExitCode.OK:
        message = f"pytest cannot run {path}: {said.getvalue().strip()[-500:]}"
        raise BadTests(message)


def _of_lifecycle(kind: type[Lifecycle[Any, Any]]) -> Iterator[Mutant]:
    program = kind.program()
    for edge in program.machine.edges:
        way = f"{edge.source} --{edge.event}--> {' and '.join(edge.targets)}"
        yield _mutant(kind, f"{way} is left out", _without(program, edge))
        for target in _elsewhere(program, edge):
            moved = msgspec.structs.replace(edge, target=target, internal=False)
            yield _mutant(kind, f"{way} leads to {target}", _with_edge(program, edge, moved))
        for number, guard in enumerate(program.guards(edge.id)):
            said = f"{way}: {guard.__name__}"
            changed = _with_guard(program, edge, number, _negated(guard))
            yield _mutant(kind, f"{said} says the contrary", changed)
            unasked = _with_guard(program, edge, number, _granted(guard))
            yield _mutant(kind, f"{said} is not asked", unasked)
        idle: Mapping[str, Any] = {**program.parts.handlers, edge.id: _unchanged}
        yield _mutant(kind, f"{way} leaves the data as they are", _again(program, handlers=idle))
    for when, place in program.parts.acting:
        rest = {key: one for key, one in program.parts.acting.items() if key != (when, place)}
        yield _mutant(kind, f"{when} {place} has no effects", _again(program, acting=rest))


def _mutant(kind: type[Lifecycle[Any, Any]], text: str, program: LifecycleProgram) -> Mutant:
    @contextmanager
    def applied() -> Generator[None]:
        before = kind.program()
        setattr(kind, "_program", program)  # noqa: B010  it is put back below
        try:
            yield
        finally:
            setattr(kind, "_program", before)  # noqa: B010  see above

    return Mutant(text, applied)


def _again(
    program: LifecycleProgram, edges: Sequence[Edge] = (), **changed: Any
) -> LifecycleProgram:
    machine = msgspec.structs.replace(program.machine, edges=tuple(edges or program.machine.edges))
    parts: Parts = replace(program.parts, **changed)
    return LifecycleProgram(machine, program.data_type, program.commands, program.types, parts)


def _without(program: LifecycleProgram, edge: Edge) -> LifecycleProgram:
    rest = [one for one in program.machine.edges if one.id != edge.id]
    delays = {name: delay for name, delay in program.parts.delays.items() if name != edge.id}
    return _again(program, rest, delays=delays) if rest else _again(program, delays=delays)


def _with_edge(program: LifecycleProgram, edge: Edge, moved: Edge) -> LifecycleProgram:
    return _again(program, [moved if one.id == edge.id else one for one in program.machine.edges])


def _elsewhere(program: LifecycleProgram, edge: Edge) -> list[str]:
    """Two other states beside the target, the source among them."""
    known = program.machine.by_id
    if edge.more or edge.target not in known:
        return []
    beside = [
        node.id
        for node in program.machine.nodes
        if node.parent == known[edge.target].parent
        and node.kind != "history"
        and node.id != edge.target
        and known[edge.target].kind != "history"
    ]
    return sorted(beside, key=lambda name: name != edge.source)[:2]


def _with_guard(
    program: LifecycleProgram, edge: Edge, number: int, guard: Guard
) -> LifecycleProgram:
    guards = [*program.guards(edge.id)]
    guards[number] = guard
    return _again(program, guards={**program.parts.guards, edge.id: tuple(guards)})


def _negated(guard: Guard) -> Guard:
    def contrary(data: Any, command: Any) -> Check:
        return Refuse("the contrary") if guard(data, command) is True else True

    return contrary


def _granted(guard: Guard) -> Guard:
    def granted(data: Any, command: Any) -> Check:
        return True

    return granted


def _unchanged(data: Any, *_: object) -> Any:
    return data


def _of_workflow(flow: Workflow[..., Any]) -> Iterator[Mutant]:
    for text, program in changed_programs(flow):
        yield Mutant(text, _with_program(flow, program))
    done: set[str] = set()
    for step in FlowSubject(flow).steps():
        if step.options.compensate is not None and step.name not in done:
            done.add(step.name)
            yield Mutant(f"{step.name} is not undone", _uncompensated(flow, step.name))


def _with_program(
    flow: Workflow[..., Any], program: Program
) -> Callable[[], AbstractContextManager[None]]:
    @contextmanager
    def applied() -> Generator[None]:
        before = flow.program
        setattr(flow, "_program", program)  # noqa: B010  it is put back below
        try:
            yield
        finally:
            setattr(flow, "_program", before)  # noqa: B010  see above

    return applied


def _uncompensated(
    flow: Workflow[..., Any], name: str
) -> Callable[[], AbstractContextManager[None]]:
    @contextmanager
    def applied() -> Generator[None]:
        changed: list[tuple[Step[..., Any], Any]] = []
        for step in FlowSubject(flow).steps():
            if step.name == name:
                changed.append((step, step.options))
                step.options = replace(step.options, compensate=None)
        try:
            yield
        finally:
            for step, options in changed:
                step.options = options

    return applied
