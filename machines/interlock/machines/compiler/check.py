"""The first reading: refuses what a workflow cannot hold, before anything is compiled."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable

from interlock.machines import segment
from interlock.machines.compiler import refusals
from interlock.machines.compiler.calls import check_types
from interlock.machines.compiler.concurrency import advised, concurrency, timed
from interlock.machines.compiler.groups import is_group
from interlock.machines.compiler.helpers import is_helper
from interlock.machines.compiler.nested import find
from interlock.machines.compiler.noted import token_of
from interlock.machines.compiler.phases import phase_of
from interlock.machines.compiler.scope import Scope, Unknown
from interlock.machines.compiler.sites import NotYetDefined, Sites
from interlock.machines.compiler.source import Source
from interlock.machines.compiler.syntax import NESTED, holds, short

_FRAME = frozenset(
    id(f) for f in (builtins.locals, builtins.vars, builtins.exec, builtins.eval, builtins.dir)
)


class Check(ast.NodeVisitor):
    """Visits every node of the function once, in order of the source.

    A name that is awaited and not defined yet is remembered until everything else is checked.
    """

    def __init__(self, source: Source, scope: Scope, sites: Sites) -> None:
        self._source = source
        self._scope = scope
        self._sites = sites
        self._awaited: set[int] = set()
        self._called: set[int] = set()
        self._nested = 0
        self._undefined: NotYetDefined | None = None

    def run(self) -> None:
        """Check the whole body.

        Raises:
            CompileError: the first construct that is refused.
        """
        check_types(self._source, self._source.function, self._source.tree, "the workflow")
        for statement in self._source.tree.body:
            self.visit(statement)
        if self._undefined is not None:
            raise self._undefined

    def visit_Await(self, node: ast.Await) -> None:
        if self._nested:
            raise self._source.refuse(refusals.AWAIT_IN_SCOPE, node)
        self._look(node, lambda: self._sites.of(node))
        if isinstance(node.value, ast.Call):
            self._awaited.add(id(node.value))
        self.generic_visit(node)

    def _look(self, node: ast.AST, find: Callable[[], object]) -> None:
        """Find out what is called; what is not defined yet is taken to be right."""
        try:
            find()
        except NotYetDefined as error:
            self._undefined = self._undefined or error
            self._awaited.update(id(n) for n in ast.walk(node) if isinstance(n, ast.Call))

    def visit_Call(self, node: ast.Call) -> None:
        self._look(node, lambda: self._sites.starts(node))
        self._check_child(node)
        if id(node) in self._awaited or token_of(node) in self._sites.calls:
            self._called.add(id(node.func))
        else:
            self._check_call(node)
        self.generic_visit(node)

    def _check_child(self, node: ast.Call) -> None:
        """`start_child(archive(deal))` is what one would try first."""
        given = node.args[0] if node.args else None
        if self._scope.meaning(node.func) is segment.start_child and isinstance(given, ast.Call):
            apart = ", ".join(ast.unparse(n) for n in (given.func, *given.args, *given.keywords))
            raise self._source.refuse(refusals.CHILD_CALLED, node, call=short(given), instead=apart)

    def _check_call(self, node: ast.Call) -> None:
        if token_of(node) in self._sites.starting:
            return
        if self._sites.is_left(node):
            raise self._source.refuse(refusals.STEP_NOT_AWAITED, node, name=short(node.func))
        found = self._scope.meaning(node.func)
        if isinstance(found, Unknown):
            return
        refusal = concurrency(found)
        if refusal is None and is_helper(found):
            refusal = refusals.HELPER_NOT_AWAITED
        if refusal is not None:
            exact = advised(refusal, node, self._sites)
            raise self._source.refuse(exact, node, name=short(node.func))
        if id(found) in _FRAME and not self._nested and _reads_frame(node):
            raise self._source.refuse(refusals.FRAME_ACCESS, node, name=short(node.func))

    def visit_AsyncFor(self, node: ast.AsyncFor) -> None:
        words = {"target": short(node.target), "stream": short(node.iter)}
        raise self._source.refuse(refusals.ASYNC_FOR, node, **words)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        if node.is_async:
            words = {"target": short(node.target), "stream": short(node.iter)}
            raise self._source.refuse(refusals.ASYNC_FOR, node.target, **words)
        self.generic_visit(node)

    def visit_AsyncWith(self, node: ast.AsyncWith) -> None:
        if is_group(node, self._scope):
            self._look(node, lambda: self._sites.group(node))
            for statement in node.body:
                self.visit(statement)
            return
        self._refuse_concurrency(node)
        name = short(node.items[0])
        raise self._source.refuse(refusals.ASYNC_WITH, node, name=name)

    def _refuse_concurrency(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            called = item.context_expr
            if isinstance(called, ast.Call):
                refusal = concurrency(self._scope.meaning(called.func))
                if refusal is not None:
                    exact = timed(refusal, node, called, self._sites)
                    raise self._source.refuse(exact, node, name=short(called.func))

    def visit_With(self, node: ast.With) -> None:
        self._refuse_concurrency(node)
        awaits = any(holds(child, ast.Await, ast.AsyncWith) for child in node.body)
        if awaits and not self._suppresses(node):
            name = short(node.items[0].context_expr)
            raise self._source.refuse(refusals.WITH_AROUND_AWAIT, node, name=name)
        outer = self._sites.phase
        for item in node.items:
            self.visit(item)
            begun = phase_of(item, self._scope)
            if begun is not None:
                self._sites.phase += f"{begun}/"
                self._sites.phases.setdefault(self._sites.phase[:-1], node.lineno)
        for statement in node.body:
            self.visit(statement)
        self._sites.phase = outer

    def _suppresses(self, node: ast.With) -> bool:
        """Whether awaits may stand inside: nothing is held that a restart would lose."""
        return all(
            suppressed(item, self._scope) is not None or phase_of(item, self._scope) is not None
            for item in node.items
        )

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        inner = [node.elt, *node.generators[0].ifs, *node.generators[1:]]
        if any(holds(child, ast.Await) for child in inner):
            raise self._source.refuse(refusals.AWAIT_IN_SCOPE, node)
        self.generic_visit(node)

    def visit_Yield(self, node: ast.Yield) -> None:
        if not self._nested:
            raise self._source.refuse(refusals.GENERATOR, node)
        self.generic_visit(node)

    def visit_TryStar(self, node: ast.TryStar) -> None:
        kind = node.handlers[0].type
        name = "Exception" if kind is None else short(kind)
        raise self._source.refuse(refusals.EXCEPT_STAR, node, name=name)

    def visit_Global(self, node: ast.Global) -> None:
        name = f"global {', '.join(node.names)}"
        raise self._source.refuse(refusals.GLOBAL_NONLOCAL, node, name=name)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        name = f"nonlocal {', '.join(node.names)}"
        raise self._source.refuse(refusals.GLOBAL_NONLOCAL, node, name=name)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        if self._nested:
            why = "stands in a plain function"
            raise self._source.refuse(refusals.NESTED_ASYNC, node, name=node.name, why=why)
        find(node.name, self._scope)

    def visit_Name(self, node: ast.Name) -> None:
        """A nested function is only ever called, where the call is awaited."""
        if not isinstance(node.ctx, ast.Load) or id(node) in self._called:
            return
        if token_of(node) in self._sites.references:
            return
        nested = find(node.id, self._scope)
        if nested is not None:
            raise nested.refuse("is used otherwise than by awaiting a call of it", node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        raise self._source.refuse(refusals.CLASS_DEFINITION, node, name=node.name)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._nest(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._nest(node)

    def _nest(self, node: ast.AST) -> None:
        assert isinstance(node, NESTED)
        self._nested += 1
        self.generic_visit(node)
        self._nested -= 1


def _reads_frame(node: ast.Call) -> bool:
    """Whether a call of locals, vars, dir, eval or exec looks at the calling frame."""
    if isinstance(node.func, ast.Name) and node.func.id in ("vars", "dir"):
        return not node.args
    return True


def suppressed(item: ast.withitem, scope: Scope) -> list[ast.expr] | None:
    """The exception classes of a `contextlib.suppress(...)`; None for another context manager."""
    called = item.context_expr
    if not isinstance(called, ast.Call) or called.keywords:
        return None
    found = scope.meaning(called.func)
    if getattr(found, "__module__", "") != "contextlib":
        return None
    if getattr(found, "__name__", "") != "suppress":
        return None
    named = all(isinstance(arg, (ast.Name, ast.Attribute)) for arg in called.args)
    return list(called.args) if named else None
