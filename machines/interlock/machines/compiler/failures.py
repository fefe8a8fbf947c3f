"""What can leave a workflow as an exception, as far as it is declared or written."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from interlock.machines.compiler.check import suppressed
from interlock.machines.compiler.scope import Scope, Unknown
from interlock.machines.compiler.sites import Site, Sites
from interlock.machines.compiler.syntax import NESTED
from interlock.machines.errors import TimedOut

Error = type[BaseException]


class Failures:
    """Follows the declared errors of steps and the explicit raises through the handlers."""

    def __init__(self, scope: Scope, sites: Sites) -> None:
        self._scope = scope
        self._sites = sites

    def of(self, body: Sequence[ast.stmt]) -> dict[Error, None]:
        """The classes that can leave a body, in order of their first appearance."""
        found: dict[Error, None] = {}
        for node in body:
            found |= self._node(node, {})
        return found

    def _node(self, node: ast.AST, handled: dict[Error, None]) -> dict[Error, None]:
        if isinstance(node, ast.Try):
            return self._try(node, handled)
        if isinstance(node, NESTED):
            return {}
        if isinstance(node, ast.AsyncWith):  # of a task group, whatever is raised in it
            return {ExceptionGroup: None}
        found: dict[Error, None] = {}
        if isinstance(node, ast.Raise):
            found |= handled if node.exc is None else self._raised(node.exc)
        elif isinstance(node, ast.Await):
            found |= self._awaited(node)
        for child in ast.iter_child_nodes(node):
            found |= self._node(child, handled)
        if isinstance(node, ast.With):
            for item in node.items:
                for caught in suppressed(item, self._scope) or []:
                    found = _left(found, self.classes(caught))
        return found

    def _try(self, node: ast.Try, handled: dict[Error, None]) -> dict[Error, None]:
        inside: dict[Error, None] = {}
        for statement in node.body:
            inside |= self._node(statement, handled)
        left = inside
        beyond: dict[Error, None] = {}
        for handler in node.handlers:
            classes = self.classes(handler.type) if handler.type else (BaseException,)
            staying = _left(left, classes)
            caught = {error: None for error in left if error not in staying}
            left = staying
            for statement in handler.body:
                beyond |= self._node(statement, caught)
                beyond |= _raises_name(statement, handler.name, caught)
        for statement in (*node.orelse, *node.finalbody):
            beyond |= self._node(statement, handled)
        return left | beyond

    def classes(self, node: ast.expr) -> tuple[Error, ...]:
        """The exception classes that an expression names."""
        parts = node.elts if isinstance(node, ast.Tuple) else [node]
        found: list[Error] = []
        for part in parts:
            meaning = self._scope.meaning(part)
            values: tuple[object, ...] = meaning if isinstance(meaning, tuple) else (meaning,)  # pyright: ignore[reportUnknownVariableType]  # of anything
            found += [v for v in values if isinstance(v, type) and issubclass(v, BaseException)]
        return tuple(found)

    def _raised(self, node: ast.expr) -> dict[Error, None]:
        return dict.fromkeys(self.classes(node.func if isinstance(node, ast.Call) else node))

    def _awaited(self, node: ast.Await) -> dict[Error, None]:
        site = self._sites.of(node)
        if site.collects:
            return {}
        found = self._called(site)
        for call in site.calls:
            found |= self._called(call)
        if site.groups:
            found[ExceptionGroup] = None
        return found

    def _called(self, site: Site) -> dict[Error, None]:
        found: dict[Error, None] = {}
        if site.step is not None:
            found |= dict.fromkeys(site.step.options.raises)
            timed = site.step.options.timeout is not None
        elif site.helper is not None:
            return dict.fromkeys(site.helper.program.failures)
        else:
            timed = site.timeout is True
        return found | {TimedOut: None} if timed else found


def _left(errors: dict[Error, None], classes: Sequence[Error]) -> dict[Error, None]:
    """The errors that a handler of these classes does not surely catch."""
    return {error: None for error in errors if not issubclass(error, tuple(classes))}


def _is_name(node: ast.expr | None, name: str | None) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _raises_name(node: ast.stmt, name: str | None, caught: dict[Error, None]) -> dict[Error, None]:
    """`raise error` in `except ... as error` raises what was caught."""
    for child in ast.walk(node):
        if isinstance(child, ast.Raise) and _is_name(child.exc, name):
            return caught
    return {}


__all__ = ["Failures", "Unknown"]
