"""The awaits of a workflow: what each one calls, decided when it is compiled."""

from __future__ import annotations

import ast
import asyncio
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any, Literal, cast

from interlock.machines import waits
from interlock.machines.command import Command
from interlock.machines.compiler import refusals
from interlock.machines.compiler.calls import changed, check_call
from interlock.machines.compiler.helper import Helper
from interlock.machines.compiler.helpers import Helpers, is_helper, why_no_helper
from interlock.machines.compiler.nested import find
from interlock.machines.compiler.noted import Token, token_of
from interlock.machines.compiler.refusals import Refusal
from interlock.machines.compiler.scope import COMPUTED, LOCAL, MISSING, Scope, Unknown
from interlock.machines.compiler.source import Source
from interlock.machines.compiler.syntax import holds, short
from interlock.machines.errors import CompileError
from interlock.machines.step import Step


class NotYetDefined(CompileError):
    """A name that is awaited is not defined yet: it may be, further down in the module."""


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """One await in the source.

    Attributes:
        kind: what is awaited.
        base: its state's name, if that is unique.
        line: line of the await.
        named: whether the author chose the name.
        step: the step that is called.
        commands: the command types that a wait accepts.
        timeout: whether an approval or a wait can end by a timeout; None where that is not told.
        helper: the coroutine function that is called.
        phase: what the names of its phases put before its own.
    """

    kind: Literal["step", "approval", "sleep", "wait", "helper"]
    base: str
    line: int
    named: bool = False
    step: Step[..., Any] | None = None
    commands: tuple[type[Command], ...] = ()
    timeout: bool | None = None
    helper: Helper | None = None
    phase: str = ""


class Sites:
    """Finds out, once for each await, what it calls.

    Attributes:
        given: calls of nested functions, and the variables that each is given besides.
        phases: line of each phase, by its full name.
        phase: names of the phases that are being looked at, each with a slash behind it.
    """

    def __init__(self, source: Source, scope: Scope, helpers: Helpers) -> None:
        self._source = source
        self._scope = scope
        self._helpers = helpers
        self._known: dict[tuple[int, int], Site] = {}
        self.given: dict[Token, tuple[str, ...]] = {}
        self.phases: dict[str, int] = {}
        self.phase = ""

    def of(self, node: ast.Await) -> Site:
        """The site of an await (copies of a node have the same).

        Raises:
            CompileError: it is not a call of a step or a wait.
        """
        key = (node.lineno, node.col_offset)
        if key not in self._known:
            site, phase = self._find(node), self.phase
            if isinstance(node.value, ast.Call):
                check_call(self._source, node.value, site.kind, site.step)
            self._known[key] = replace(site, base=phase + site.base, phase=phase)
        return self._known[key]

    def step_of(self, node: ast.expr) -> Step[..., Any] | None:
        """The step that an expression in front of call parentheses means, if any."""
        return _step(self.target(node))

    def target(self, node: ast.expr) -> object:
        """What is called: a value, or an `Unknown`."""
        if not isinstance(node, ast.Call):
            return self._scope.meaning(node)
        if not isinstance(node.func, ast.Attribute) or node.func.attr not in ("named", "with_"):
            return COMPUTED
        found = self.target(node.func.value)
        base = _step(found)
        if base is None:
            return found
        options = [*node.args, *(keyword.value for keyword in node.keywords)]
        for option in options:
            value = self._scope.evaluate(option)
            if value is MISSING:
                return MISSING
            if isinstance(value, Unknown):
                raise self._source.refuse(refusals.NOT_FIXED, node, name=short(node))
        args = [self._scope.evaluate(arg) for arg in node.args]
        kwargs = {k.arg: self._scope.evaluate(k.value) for k in node.keywords if k.arg}
        change: Callable[..., object] = getattr(base, node.func.attr)
        return changed(self._source, node, change, args, kwargs)

    def helper(self, called: ast.Call) -> Site | None:
        """The site of a call of a coroutine function that is part of the workflow, if it is one.

        Raises:
            CompileError: it cannot be compiled, awaits itself, or cannot take these arguments.
        """
        name = called.func.id if isinstance(called.func, ast.Name) else ""
        nested = find(name, self._scope)
        if nested is not None:
            helper = self._helpers.nested(nested, self._scope, called)
            self.given[token_of(called)] = helper.captured
        else:
            target = self.target(called.func)
            if not is_helper(target) or concurrency(target) is not None:
                return None
            helper = self._helpers.of(cast("FunctionType", target), self._source, called)
        return Site("helper", helper.name, called.lineno, helper=helper)

    def _find(self, node: ast.Await) -> Site:
        called = node.value
        if not isinstance(called, ast.Call):
            raise self._source.refuse(refusals.NOT_A_CALL, node, name=short(called))
        helper = self.helper(called)
        if helper is not None:
            return helper
        target = self.target(called.func)
        name = short(called.func)
        if target is MISSING:
            refusal = refusals.UNKNOWN_NAME
            raise NotYetDefined(
                refusal.code, self._source.file, node.lineno,
                refusal.what.format(name=name), refusal.instead,
            )  # fmt: skip
        if target is LOCAL or target is COMPUTED:
            raise self._source.refuse(refusals.NOT_A_CALL, node, name=short(called))
        step = _step(target)
        if step is not None:
            base = step.label or step.name
            return Site("step", base, node.lineno, step.label is not None, step)
        if target is waits.approval:
            base, timed = self._approval(called), _times_out(called)
            return Site("approval", base, node.lineno, timeout=timed)
        if target is waits.sleep:
            return Site("sleep", "sleep", node.lineno)
        if target is waits.wait_for:
            command = self._command(called)
            self._check_where(called)
            state = f"wait:{command.__name__}"
            timed = _times_out(called)
            return Site("wait", state, node.lineno, commands=(command,), timeout=timed)
        raise self._source.refuse(why_not(target), node, name=name)

    def _approval(self, called: ast.Call) -> str:
        name = _argument(called, 0, "name")
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            return f"approval:{name.value}"
        return "approval"

    def _command(self, called: ast.Call) -> type[Command]:
        argument = _argument(called, 0, "command")
        found = COMPUTED if argument is None else self._scope.meaning(argument)
        if isinstance(found, type) and issubclass(found, Command):
            return found
        raise self._source.refuse(refusals.COMMAND_TYPE, called)

    def _check_where(self, called: ast.Call) -> None:
        where = _argument(called, 9, "where")
        if where is not None and holds(where, ast.Await, ast.NamedExpr):
            raise self._source.refuse(refusals.AWAIT_IN_WHERE, where)


def _step(value: object) -> Step[..., Any] | None:
    return cast("Step[..., Any]", value) if isinstance(value, Step) else None


def _argument(called: ast.Call, place: int, name: str) -> ast.expr | None:
    for keyword in called.keywords:
        if keyword.arg == name:
            return keyword.value
    return called.args[place] if len(called.args) > place else None


def _times_out(called: ast.Call) -> bool | None:
    """Whether a wait is given a timeout; None if that is not written there."""
    given = _argument(called, 9, "timeout")
    if given is not None:
        return not (isinstance(given, ast.Constant) and given.value is None)
    return None if any(keyword.arg is None for keyword in called.keywords) else False


_BY_NAME: dict[str, Refusal] = {
    "sleep": refusals.ASYNCIO_SLEEP,
    "wait_for": refusals.ASYNCIO_TIMEOUT,
    "timeout": refusals.ASYNCIO_TIMEOUT,
    "timeout_at": refusals.ASYNCIO_TIMEOUT,
    "Timeout": refusals.ASYNCIO_TIMEOUT,
}
_LOCKS = frozenset(
    {"Lock", "Event", "Condition", "Semaphore", "BoundedSemaphore", "Barrier"}
    | {"Queue", "PriorityQueue", "LifoQueue"}
)


def concurrency(target: object) -> Refusal | None:
    """How a name of asyncio (or trio, anyio) is refused; None for anything else."""
    module = getattr(target, "__module__", None) or ""
    name = getattr(target, "__name__", "")
    if not isinstance(module, str) or module.partition(".")[0] not in ("asyncio", "anyio", "trio"):
        return None
    if isinstance(target, type) and issubclass(target, BaseException):
        return None
    if name in _LOCKS:
        return refusals.LOCKS
    return _BY_NAME.get(name, refusals.CONCURRENT)


def why_not(target: object) -> Refusal:
    """Why something that is not a step or a wait cannot be awaited."""
    refused = concurrency(target)
    if refused is not None:
        return refused
    if getattr(target, "is_workflow", False) is True:
        return refusals.CHILD_WORKFLOW
    if inspect.ismethod(target) and isinstance(target.__self__, asyncio.AbstractEventLoop):
        return refusals.CONCURRENT
    return why_no_helper(target) or refusals.NOT_A_STEP
