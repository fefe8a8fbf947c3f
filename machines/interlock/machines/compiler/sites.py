"""The awaits of a workflow: what each one calls, decided when it is compiled."""

from __future__ import annotations

import ast
import asyncio
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from types import FunctionType
from typing import Any, cast

from interlock.machines import outcome, segment, waits
from interlock.machines.command import Command
from interlock.machines.compiler import commands, groups, joins, refusals
from interlock.machines.compiler.calls import changed, check_call
from interlock.machines.compiler.concurrency import advised, concurrency
from interlock.machines.compiler.helper import Helper
from interlock.machines.compiler.helpers import Helpers, is_helper, why_no_helper
from interlock.machines.compiler.nested import Nested, find
from interlock.machines.compiler.noted import Token, token_of
from interlock.machines.compiler.refusals import Refusal
from interlock.machines.compiler.scope import COMPUTED, LOCAL, MISSING, Scope, Unknown
from interlock.machines.compiler.source import Source
from interlock.machines.compiler.syntax import holds, short
from interlock.machines.duration import duration
from interlock.machines.errors import BadDefinition, CompileError
from interlock.machines.program import Join, PlaceKind
from interlock.machines.step import Step
from interlock.machines.workflow import Workflow


class NotYetDefined(CompileError):
    """A name that is awaited is not defined yet: it may be, further down in the module."""


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """One await in the source, or one call whose result is not awaited on the spot.

    Attributes:
        kind: what is awaited.
        base: its state's name, if that is unique.
        line: line of the await.
        named: whether the author chose the name.
        step: the step that is called.
        commands: the command types that a wait accepts.
        timeout: whether an approval or a wait can end by a timeout; None where that is not told.
        limit: how long a sleep takes, or when a wait times out, as far as that is written there.
        helper: the coroutine function that is called.
        phase: what the names of its phases put before its own.
        how: what a join does with its calls.
        calls: the calls that are written in a join.
        child: the workflow that is run.
        collects: a join gives the errors of its calls as values.
        groups: a join may raise several errors as one group.
        text: what is waited for, as the author wrote it, where nothing above says so.
    """

    kind: PlaceKind
    base: str
    line: int
    named: bool = False
    step: Step[..., Any] | None = None
    commands: tuple[type[Command], ...] = ()
    timeout: bool | None = None
    limit: timedelta | None = None
    helper: Helper | None = None
    phase: str = ""
    how: Join | None = None
    calls: tuple[Site, ...] = ()
    child: Workflow[..., Any] | None = None
    collects: bool = False
    groups: bool = False
    text: str = ""


class Sites:
    """Finds out, once for each await, what it calls.

    Attributes:
        given: calls of nested functions, and the variables that each is given besides.
        phases: line of each phase, by its full name.
        phase: names of the phases that are being looked at, each with a slash behind it.
        calls: the calls that are not awaited on the spot, by their places in the source; for
            `each(charge, orders)` that of `charge`.
        references: those of them that stand without their parentheses.
        starting: places of the functions that start a call, other than `start` itself.
    """

    def __init__(self, source: Source, scope: Scope, helpers: Helpers) -> None:
        self._source = source
        self._scope = scope
        self._helpers = helpers
        self._known: dict[tuple[int, int], Site] = {}
        self.given: dict[Token, tuple[str, ...]] = {}
        self.phases: dict[str, int] = {}
        self.phase = ""
        self.calls: dict[Token, Site] = {}
        self.references: set[Token] = set()
        self.starting: set[Token] = set()

    def of(self, node: ast.Await) -> Site:
        """The site of an await (copies of a node have the same).

        Raises:
            CompileError: it is nothing that a workflow can wait for.
        """
        key = (node.lineno, node.col_offset)
        if key not in self._known:
            site, phase = self._find(node), self.phase
            self._known[key] = replace(site, base=phase + site.base, phase=phase)
        return self._known[key]

    def known(self, node: ast.Await | ast.AsyncWith) -> Site | None:
        """The site of an await, or of a block of tasks, that was looked at before."""
        return self._known.get((node.lineno, node.col_offset))

    def group(self, node: ast.AsyncWith) -> None:
        """Know the wait at the end of the block of an `asyncio.TaskGroup`."""
        site = groups.site(self, node)
        key = (node.lineno, node.col_offset)
        self._known[key] = replace(site, base=self.phase + site.base, phase=self.phase)

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
            if isinstance(found, Unknown):
                return found
            raise self._source.refuse(refusals.NAMED_NO_STEP, node, name=short(node))
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
        nested = self._nested(called.func)
        if nested is not None:
            helper = self._helpers.nested(nested, self._scope, called)
            self.given[token_of(called)] = helper.captured
        else:
            target = self.target(called.func)
            if not is_helper(target) or concurrency(target) is not None:
                return None
            helper = self._helpers.of(cast("FunctionType", target), self._source, called)
        return Site("helper", helper.name, called.lineno, helper=helper)

    def _nested(self, node: ast.expr) -> Nested | None:
        """The function defined inside of the workflow that a name means."""
        return find(node.id, self._scope) if isinstance(node, ast.Name) else None

    def _find(self, node: ast.Await) -> Site:
        called = node.value
        if not isinstance(called, ast.Call) or joins.takes_handle(called, self._scope):
            return self._handle(called, node.lineno)
        target = self._known_target(called)
        how = joins.how(target)
        if how is not None:
            return joins.site(self, called, how)
        if target is segment.start_child or self._starts(target):
            text = short(called.args[0], 40) if called.args else short(called.func)
            return Site("join", f"join:{text}", called.lineno, how="await", text=text)
        return self.called(called, target)

    def _handle(self, value: ast.expr, line: int) -> Site:
        """An await of something that was started before."""
        if not joins.is_held(value, self._scope):
            raise self._source.refuse(refusals.NOT_A_CALL, line, name=short(value))
        text = short(value, 40)
        return Site("join", f"join:{text}", line, how="await", text=text)

    def _known_target(self, called: ast.Call) -> object:
        """What a call calls, which has to be known now."""
        if self._nested(called.func) is not None:
            return LOCAL
        target = self.target(called.func)
        name = short(called.func)
        if target is MISSING:
            refusal = refusals.UNKNOWN_NAME
            if joins.is_inner(called.func, self._scope):
                raise self._source.refuse(refusals.NOT_A_CALL, called, name=short(called))
            raise NotYetDefined(
                refusal.code, self._source.file, called.lineno,
                refusal.what.format(name=name), refusal.instead,
            )  # fmt: skip
        if target is LOCAL or target is COMPUTED:
            if isinstance(called.func, ast.Attribute) and called.func.attr == "run_in_executor":
                exact = advised(refusals.IN_THREAD, called, self)
                raise self.refuse(exact, called, name=name)
            raise self._source.refuse(refusals.NOT_A_CALL, called, name=short(called))
        return target

    def is_known(self, called: ast.Call) -> bool:
        """Whether a call is one of a workflow's, or looks like one that is refused."""
        if self._nested(called.func) is not None:
            return True
        target = self.target(called.func)
        if target is MISSING:
            return not joins.is_inner(called.func, self._scope)
        if isinstance(target, Unknown) or self._starts(target):
            return False
        if is_declared(target) or joins.how(target) is not None:
            return True
        return inspect.iscoroutinefunction(target) or concurrency(target) is not None

    def is_left(self, called: ast.Call) -> bool:
        """Whether a call makes a coroutine that only a workflow can wait for."""
        target = self.target(called.func)
        if target is outcome.attempt and called.args:
            target = self.target(called.args[0])
        known = is_declared(target) or any(target is w for w in _WAITS)
        return known or joins.how(target) not in (None, "gather")

    def _starts(self, target: object) -> bool:
        return any(target is function for function in _STARTING)

    def member(self, called: ast.Call) -> Site:
        """A call that is not awaited on the spot."""
        target = self._known_target(called)
        if joins.how(target) is not None:
            name = short(called.func)
            raise self._source.refuse(refusals.JOIN_IN_JOIN, called, name=name)
        if commands.where(called) is not None and target is waits.wait_for:
            raise self._source.refuse(refusals.WHERE_IN_CALL, called)
        site = self.calls[token_of(called)] = self.called(called, target)
        return site

    def named(self, node: ast.expr) -> Site | None:
        """What `each` is told to call, if it is named: a step, a helper or a workflow."""
        target = self.target(node)
        nested = self._nested(node) is not None
        if target is MISSING and not joins.is_inner(node, self._scope):
            self._known_target(ast.copy_location(ast.Call(node, [], []), node))
        if not nested and not is_declared(target) and not is_helper(target):
            return None
        call = ast.copy_location(ast.Call(node, [ast.Constant(None)], []), node)
        self.references.add(token_of(node))
        site = self.calls[token_of(node)] = self.called(call, target)
        return site

    def starts(self, node: ast.Call) -> Site | None:
        """The call that `start(...)` or `asyncio.create_task(...)` begins; None for other calls.

        Raises:
            CompileError: it is given something else than a call.
        """
        if not self._starts(self._scope.meaning(node.func)):
            return None
        if not node.args or not isinstance(node.args[0], ast.Call):
            raise self._source.refuse(refusals.NOT_STARTED, node, name=short(node))
        self.starting.add(token_of(node))
        return self.member(node.args[0])

    def called(self, called: ast.Call, target: object) -> Site:
        """The site of a call of a step, a wait, a helper or a workflow, if it can work.

        Raises:
            CompileError: it is something else, or is given what it cannot take.
        """
        site = self._called(called, target)
        if target is not asyncio.sleep:
            check_call(self._source, called, site.kind, site.step)
        return site

    def _called(self, called: ast.Call, target: object) -> Site:
        line = called.lineno
        step = _step(target)
        if step is not None:
            base = step.label or step.name
            return Site("step", base, line, step.label is not None, step)
        if isinstance(target, Workflow):
            child = cast("Workflow[..., Any]", target)
            return Site("child", child.name, line, child=child)
        if target is waits.approval:
            base, timed = self._approval(called), _times_out(called)
            return Site(
                "approval", base, line, timeout=timed, limit=_limit(_argument(called, 9, "timeout"))
            )
        if target is waits.sleep or (target is asyncio.sleep and _only_seconds(called)):
            return Site(
                "sleep", "sleep", line, limit=_limit(called.args[0] if called.args else None)
            )
        if target is waits.wait_for:
            taken = self._commands(called)
            self._check_where(called)
            timed = _times_out(called)
            base, limit = commands.state("wait", taken), _limit(_argument(called, 9, "timeout"))
            return Site("wait", base, line, commands=taken, timeout=timed, limit=limit)
        if target is waits.received:
            taken = self._commands(called)
            return Site("received", commands.state("received", taken), line, commands=taken)
        helper = self.helper(called)
        if helper is not None:
            return helper
        raise self.refuse(advised(why_not(target), called, self), called, name=short(called.func))

    def _approval(self, called: ast.Call) -> str:
        name = _argument(called, 0, "name")
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            return f"approval:{name.value}"
        return "approval"

    def _commands(self, called: ast.Call) -> tuple[type[Command], ...]:
        found = commands.accepted(called, self._scope)
        if not found:
            name = short(called.func)
            raise self._source.refuse(refusals.COMMAND_TYPE, called, name=name)
        return found

    def _check_where(self, called: ast.Call) -> None:
        where = commands.where(called)
        if where is not None and holds(where, ast.Await, ast.NamedExpr):
            raise self._source.refuse(refusals.AWAIT_IN_WHERE, where)

    def refuse(self, refusal: Refusal, at: ast.AST, **words: object) -> CompileError:
        """The error that refuses a construct."""
        return self._source.refuse(refusal, at, **words)


_STARTING = (segment.start, asyncio.create_task, asyncio.ensure_future)
_WAITS = (waits.approval, waits.sleep, waits.wait_for, waits.received)


def is_declared(value: object) -> bool:
    """Whether it is a step or a workflow."""
    return isinstance(value, Step | Workflow)


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


def _limit(given: ast.expr | None) -> timedelta | None:
    """How long a wait or a sleep takes, where that is written as a text, or as seconds."""
    value = given.value if isinstance(given, ast.Constant) else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return timedelta(seconds=value)  # of `asyncio.sleep`
    try:
        return duration(value) if isinstance(value, str) else None
    except BadDefinition:
        return None


def _only_seconds(called: ast.Call) -> bool:
    """Whether `asyncio.sleep` is called for nothing but the time."""
    given = [*called.args, *(keyword.value for keyword in called.keywords)]
    return len(given) == 1 and not isinstance(given[0], ast.Starred)


def why_not(target: object) -> Refusal:
    """Why something that is not a step or a wait cannot be awaited."""
    refused = concurrency(target)
    if refused is not None:
        return refused
    if inspect.ismethod(target) and isinstance(target.__self__, asyncio.AbstractEventLoop):
        return refusals.IN_THREAD if target.__name__ == "run_in_executor" else refusals.CONCURRENT
    return why_no_helper(target) or refusals.NOT_A_STEP
