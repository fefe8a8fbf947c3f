"""What is tested: a workflow, with what its tests were told about values, and what may go wrong."""

from __future__ import annotations

import ast
import builtins
import inspect
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from interlock.machines.command import Command
from interlock.machines.errors import TimedOut
from interlock.machines.place import place_of
from interlock.machines.places_of import places_of
from interlock.machines.program import Program
from interlock.machines.resource import needs_of
from interlock.machines.step import Step
from interlock.machines.steps_of import steps_of
from interlock.machines.workflow import Workflow
from interlock.projections.parsing import parse
from interlock.testing.asked import hints_of
from interlock.testing.errors import NoPayload, NotTestable
from interlock.testing.payloads import Payloads, payload
from interlock.testing.subject import Weights
from interlock.testing.tour import sampled

_UNEXPECTED = RuntimeError("it broke")
"""What any step may raise."""


_FEW = 3
"""Values that are tried where they may decide what follows."""


@dataclass(frozen=True)
class FlowSubject:
    """A workflow under test.

    Attributes:
        flow: the workflow.
        payloads: see `workflow_tests`.
        weights: how often each kind of move is drawn.
        invariants: what has to hold of every end.
        people: who is tried for approvals, besides those whom they name.
        kept: what was found out once, by name.
    """

    flow: Workflow[..., Any]
    payloads: Payloads = field(default_factory=dict[Any, Any])
    weights: Weights = field(default_factory=dict[Any, int])
    invariants: Sequence[Callable[..., Any]] = ()
    people: Sequence[str] = ()
    kept: dict[str, Any] = field(default_factory=dict[str, Any], compare=False, repr=False)

    def __post_init__(self) -> None:
        if not is_workflow(self.flow):
            message = f"{self.flow!r} is no workflow; for a lifecycle write machine_tests(…)"
            raise NotTestable(message)

    @property
    def program(self) -> Program:
        """What it compiled to."""
        return self.flow.program

    def programs(self) -> list[Program]:
        """Its own, and those of the workflows that it starts."""
        found: list[Program] = []
        todo = [self.program]
        while todo:
            program = todo.pop()
            if program not in found:
                found.append(program)
                children = (place.child for place in places_of(program))
                todo += (child.program for child in children if child is not None)
        return found

    def steps(self) -> list[Step[..., Any]]:
        """Every step that may be called."""
        return [step for program in self.programs() for step in steps_of(program)]

    def resources(self) -> dict[Any, Any]:
        """Something in the place of each resource: no step is called that could use it."""
        functions: list[Any] = []
        for step in self.steps():
            undo: Any = step.options.compensate
            functions += [step.function, getattr(undo, "function", undo), step.options.verify]
        needs = [need for one in functions if one is not None for need in needs_of(one)]
        return {need.key: _Nothing() for need in needs}

    def inputs(self) -> st.SearchStrategy[dict[str, Any]]:
        """Its arguments, by name."""
        parts: dict[str, st.SearchStrategy[Any]] = {}
        for name, hint in self._arguments().items():
            parts[name] = self.payload(hint, f"{self.flow.name}.{name}")
        return st.fixed_dictionaries(parts)

    def _arguments(self) -> dict[str, Any]:
        """The annotations of those that are drawn: the others have a default."""
        hints = hints_of(self.flow.function)
        parameters = inspect.signature(self.flow.function).parameters
        return {n: hints.get(n, Any) for n, one in parameters.items() if one.default is one.empty}

    def drawn(self) -> dict[str, Any]:
        """The annotations of arguments and of what steps return, by place."""
        found = {f"{self.flow.name}.{name}": hint for name, hint in self._arguments().items()}
        return found | {one.name: hints_of(one.function).get("return") for one in self.steps()}

    def payload(self, hint: Any, place: str = "") -> st.SearchStrategy[Any]:
        """Values of a type; made once for each place."""
        if place in self.payloads:
            return self.payloads[place]
        key = f"payload {place} {hint!r}"
        if key not in self.kept:
            self.kept[key] = payload(hint, self.payloads)
        made: st.SearchStrategy[Any] = self.kept[key]
        return made

    def results(self, label: str) -> st.SearchStrategy[Any]:
        """What a step may return, by its annotation; an undo returns nothing."""
        step = self.named(label)
        if step is None:
            return st.none()
        return self.payload(hints_of(step.function).get("return"), step.name)

    def simplest(self, label: str) -> Any:
        """What a step returns when all goes well."""
        key = f"simplest {label}"
        if key not in self.kept:
            try:
                self.kept[key] = next(iter(sampled(self.results(label), 1)), None)
            except NoPayload as error:
                raise NoPayload(label, f"what {label} returns") from error
        return self.kept[key]

    def others(self, label: str) -> list[Any]:
        """A few of the values that a step may return."""
        key = f"others {label}"
        if key not in self.kept:
            self.kept[key] = sampled(self.results(label), _FEW)
        found: list[Any] = self.kept[key]
        return found

    def several_of(self, name: str) -> list[Command]:
        """A few of the commands of a class."""
        key = f"several {name}"
        if key not in self.kept:
            self.kept[key] = sampled(self.payload(self.commands()[name]), _FEW)
        found: list[Command] = self.kept[key]
        return found

    def simplest_of(self, kind: type[Command]) -> Command:
        """A command, where nobody says which."""
        key = f"command {kind.__name__}"
        if key not in self.kept:
            self.kept[key] = sampled(self.payload(kind), 1)[0]
        made: Command = self.kept[key]
        return made

    def commands(self) -> dict[str, type[Command]]:
        """The command types that it, or a child, waits for, by name."""
        if "commands" not in self.kept:
            found: dict[str, type[Command]] = {}
            for program in self.programs():
                kinds = (kind for place in places_of(program) for kind in place.commands)
                found.update((kind.__name__, kind) for kind in kinds)
            self.kept["commands"] = found
        made: dict[str, type[Command]] = self.kept["commands"]
        return made

    def named(self, label: str) -> Step[..., Any] | None:
        """The step of a name; None for an undo."""
        return next((step for step in self.steps() if step.name == label), None)

    def errors(self, label: str) -> list[Exception]:
        """What a step may raise: what it declares, what the code catches, and anything else."""
        key = f"errors {label}"
        if key not in self.kept:
            self.kept[key] = [*self._errors(label)]
        found: list[Exception] = self.kept[key]
        return found

    def _errors(self, label: str) -> Iterator[Exception]:
        yield _UNEXPECTED
        step = self.named(label)
        if step is None:
            return
        if step.options.timeout is not None:
            yield TimedOut(f"{label} took longer than {step.options.timeout}")
        kinds = [kind for kind in step.options.raises if issubclass(kind, Exception)]
        for kind in dict.fromkeys([*kinds, *caught(self.flow.function)]):
            made = _error(kind, self.payloads)
            if made is not None:
                yield made

    def weight(self, what: str) -> int:
        """How often a kind of move is drawn beside the others."""
        return self.weights.get(what, 1)


class _Nothing:
    """Stands for a resource that nobody uses."""


def is_workflow(given: object) -> bool:
    """Whether it is a workflow."""
    return isinstance(given, Workflow)


def caught(function: Callable[..., Any]) -> list[type[Exception]]:
    """The classes that its `except` clauses name."""
    try:
        tree = parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError):
        return []
    found: list[type[Exception]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            for kind in kinds:
                cls = _meant(function, ast.unparse(kind))
                if inspect.isclass(cls) and issubclass(cls, Exception):
                    found.append(cls)
    return [one for one in found if not issubclass(one, _NEVER_RAISED)]


_NEVER_RAISED = (TimedOut, ExceptionGroup, StopIteration, StopAsyncIteration)
"""What a step does not raise by itself, or cannot."""


def _meant(function: Callable[..., Any], name: str) -> object:
    """What a name, with dots maybe, stands for in a function; None where that is not known."""
    first, *parts = name.split(".")
    code, cells = function.__code__, function.__closure__ or ()
    around = dict(zip(code.co_freevars, cells, strict=True))
    found: object = None
    if first in around:
        with suppress(ValueError):  # nothing was assigned yet
            found = around[first].cell_contents
    else:
        found = function.__globals__.get(first, getattr(builtins, first, None))
    for part in parts:
        found = getattr(found, part, None)
    return found


def _error(kind: type[BaseException], payloads: Payloads) -> Exception | None:
    """One of a class; None where nobody knows how to make it."""
    cls: Any = kind
    given: Any = payloads.get(kind)
    if given is not None:
        return next(iter(sampled(given, 1)), None)
    for arguments in (("generated",), ()):
        try:
            made = cls(*arguments)
        except Exception:
            continue
        return made if isinstance(made, Exception) else None
    return None


def where(flow: Workflow[..., Any]) -> tuple[str, int]:
    """File and line of a workflow."""
    return place_of(flow.function)
