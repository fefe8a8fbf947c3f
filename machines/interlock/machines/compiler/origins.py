"""What the handles of a workflow were begun as, as far as its text shows."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from interlock.machines import segment
from interlock.machines.compiler.noted import token_of
from interlock.machines.compiler.places import CallPlaces
from interlock.machines.compiler.scope import COMPREHENSIONS, Scope
from interlock.machines.compiler.sites import Site, Sites
from interlock.machines.compiler.source import Source
from interlock.machines.compiler.syntax import walk_scope
from interlock.machines.workflow import Workflow

_PUTTING = frozenset({"append", "add", "insert", "extend", "appendleft", "setdefault", "update"})


@dataclass(frozen=True, slots=True)
class Held:
    """What the handles in an expression may be.

    Attributes:
        calls: names of the calls that they were begun as.
        children: the workflows whose runs they are.
        unsure: they may be something else, too.
        certain: every handle that was begun as one of these is in it.
    """

    calls: frozenset[str] = frozenset()
    children: tuple[Workflow[..., Any], ...] = ()
    unsure: bool = False
    certain: bool = False

    def __or__(self, other: Held) -> Held:
        """Either, or both."""
        children = tuple(dict.fromkeys((*self.children, *other.children)))
        certain = self.certain and other.certain
        return Held(self.calls | other.calls, children, self.unsure or other.unsure, certain)


_NONE = Held(certain=True)
_UNSEEN = Held(unsure=True)


class Origins:
    """Follows handles through the assignments of one function."""

    def __init__(self, source: Source, scope: Scope, sites: Sites, calls: CallPlaces) -> None:
        self._scope = scope
        self._sites = sites
        self._calls = calls
        self._nodes = [*walk_scope(*source.tree.body)]
        self._values: dict[str, list[ast.expr]] = {}
        for name, value in _assigned(self._nodes):
            self._values.setdefault(name, []).append(value)

    def of_join(self, node: ast.Await | ast.AsyncWith, site: Site) -> Held:
        """What the handles stand for that a join waits for."""
        if isinstance(node, ast.AsyncWith):
            return _NONE
        value = node.value
        if site.how == "await":
            found = self._of(value, ())
            seen = found.calls or found.children
            return found if seen or found.unsure else _UNSEEN
        assert isinstance(value, ast.Call)
        found = _NONE
        given = value.args[:1] if site.how == "each" else value.args
        options = () if site.how == "each" else value.keywords
        for part in (*given, *(keyword.value for keyword in options)):
            found |= self._member(part)
        return found

    def _member(self, part: ast.expr) -> Held:
        """Of an argument of a join: a handle, several, or calls written there."""
        inner = part.value if isinstance(part, ast.Starred) else part
        if isinstance(inner, (ast.List, ast.Tuple, ast.Set)):
            found = _NONE
            for one in inner.elts:
                found |= self._member(one)
            return found
        if isinstance(inner, (ast.Name, ast.Attribute, ast.Subscript)):
            if token_of(inner) in self._sites.references:
                return _NONE
            found = self._of(inner, ())
            return found if found.calls or found.children or found.unsure else _UNSEEN
        return self._of(inner, ())

    def cancelled(self) -> frozenset[str]:
        """The calls that are cancelled by their handles."""
        found = frozenset[str]()
        for node in self._nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if node.func.attr != "cancel" or node.args:
                    continue
                held = self._of(node.func.value, ())
                seen = held.calls or held.children
                found |= held.calls if seen and not held.unsure else {*self._calls.names}
        return found

    def children(self) -> tuple[Workflow[..., Any], ...]:
        """The workflows of `start_child`, those apart that are to go on by themselves."""
        found: dict[Workflow[..., Any], None] = {}
        for node in self._nodes:
            child = self._child(node)
            if child is not None and isinstance(node, ast.Call):
                said = {keyword.arg: keyword.value for keyword in node.keywords}
                how = said.get("on_cancel")
                if how is None or (isinstance(how, ast.Constant) and how.value == "cancel"):
                    found[child] = None
        return tuple(found)

    def _child(self, node: ast.AST) -> Workflow[..., Any] | None:
        if not isinstance(node, ast.Call) or not node.args:
            return None
        if self._scope.meaning(node.func) is not segment.start_child:
            return None
        meant = self._scope.meaning(node.args[0])
        return cast("Workflow[..., Any]", meant) if isinstance(meant, Workflow) else None

    def _of(self, node: ast.expr, asked: tuple[str, ...]) -> Held:
        if isinstance(node, ast.Call):
            return self._of_call(node, asked)
        if isinstance(node, ast.Name):
            return self._of_name(node.id, asked)
        if isinstance(node, (ast.Await, ast.Constant)):
            return _NONE if isinstance(node, ast.Constant) else Held()
        found = _NONE
        if isinstance(node, (ast.Attribute, ast.Subscript)):
            found = self._of(node.value, asked)
            return Held(found.calls, found.children, found.unsure)
        if isinstance(node, COMPREHENSIONS):
            parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            sure = not any(generator.ifs for generator in node.generators)
        else:
            parts = [n for n in ast.iter_child_nodes(node) if isinstance(n, ast.expr)]
            sure = isinstance(node, (ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Starred))
        for part in parts:
            found |= self._of(part, asked)
        return found if sure else Held(found.calls, found.children, found.unsure)

    def _of_call(self, node: ast.Call, asked: tuple[str, ...]) -> Held:
        if token_of(node) in self._sites.starting:
            assert isinstance(node.args[0], ast.Call)
            site = self._sites.calls[token_of(node.args[0])]
            name = self._calls.sites.get(site)
            return _NONE if name is None else Held(frozenset({name}), certain=True)
        if token_of(node) in self._sites.calls:
            return _NONE
        if self._scope.meaning(node.func) is segment.start_child:
            child = self._child(node)
            return _UNSEEN if child is None else Held(children=(child,), certain=True)
        found = _NONE
        inside = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        for part in (*inside, *node.args, *(keyword.value for keyword in node.keywords)):
            found |= self._of(part, asked)
        return Held(found.calls, found.children, found.unsure)

    def _of_name(self, name: str, asked: tuple[str, ...]) -> Held:
        """Of a variable: all that is ever put in it."""
        if name in asked:
            return _NONE
        values = self._values.get(name, [])
        if name in self._scope.parameters or (not values and self._scope.is_local(name)):
            return _UNSEEN
        found = _NONE
        for value in values:
            found |= self._of(value, (*asked, name))
        once = len(values) == 1 and self._scope.bindings[name] == 1
        return found if once else Held(found.calls, found.children, found.unsure)


def _assigned(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, ast.expr]]:
    """The variables, and what is put in them or in what they hold."""
    for node in nodes:
        targets: list[ast.expr] = []
        value: ast.expr | None = None
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)):
            targets, value = [node.target], node.value
        elif isinstance(node, (ast.For, ast.comprehension)):
            targets, value = [node.target], ast.Subscript(node.iter, ast.Constant(0), ast.Load())
        elif isinstance(node, ast.Call) and (put := _put(node)) is not None:
            targets, value = [put], node.args[-1]
        if value is not None:
            for target in targets:
                yield from _pairs(target, value)


def _put(node: ast.Call) -> ast.expr | None:
    """The container that a call puts something in."""
    method = node.func if node.args else None
    puts = isinstance(method, ast.Attribute) and method.attr in _PUTTING
    return method.value if puts and isinstance(method, ast.Attribute) else None


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Each variable of a target, with its part of the value where that is written apart."""
    parts = target.elts if isinstance(target, (ast.Tuple, ast.List)) else None
    values = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
    if parts is not None and len(parts) == len(values):
        for one, its in zip(parts, values, strict=True):
            yield from _pairs(one, its)
        return
    for one in parts or ():
        yield from _pairs(one, value)
    while isinstance(target, (ast.Attribute, ast.Subscript, ast.Starred)):
        target = target.value
    if isinstance(target, ast.Name):
        yield target.id, value
