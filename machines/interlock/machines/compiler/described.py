"""What a definition says beside its graph, so that it can be compared with another one later."""

from __future__ import annotations

import ast
import hashlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from interlock.machines.canonical import canonical_digest
from interlock.machines.compiler.builder import Builder
from interlock.machines.compiler.embed import embedded
from interlock.machines.compiler.places import CallPlaces, node_of
from interlock.machines.compiler.scope import Scope, Unknown
from interlock.machines.compiler.sites import Site, Sites
from interlock.machines.compiler.source import Source
from interlock.machines.compiler.syntax import walk_scope
from interlock.machines.ir import Node, Text
from interlock.machines.shapes import hints_of, signature_of, text_of
from interlock.machines.waits import Decision


@dataclass(frozen=True, slots=True)
class Described:
    """Describes the nodes of one function.

    Attributes:
        annotations: the types of its variables, as far as they are declared.
        builder: what compiled it.
        originals: the author's statements, by kind and place.
    """

    annotations: Mapping[str, Any]
    builder: Builder
    originals: Mapping[tuple[type[ast.stmt], int, int], ast.stmt]

    def node(self, node: Node, site: Site) -> Node:
        """A node with what its place says."""
        names = set(node.variables)
        texts = {name: text_of(self.annotations[name]) for name in self.annotations}
        return msgspec.structs.replace(
            called(node, site),
            typed={name: text for name, text in texts.items() if name in names},
            hidden={name: self._written(name) for name in node.variables if name[0] == "."},
            written="" if site.how is None else self._digest(self.builder.statements.get(site)),
        )

    def _written(self, hidden: str) -> str:
        return self._digest(self.builder.belongs.get(hidden))

    def _digest(self, statement: ast.stmt | None) -> str:
        if statement is None:
            return ""
        key = (type(statement), statement.lineno, statement.col_offset)
        head = _head(self.originals.get(key, statement))
        return hashlib.sha256(";".join(map(canonical_digest, head)).encode()).hexdigest()[:16]


def _head(statement: ast.stmt) -> list[ast.AST]:
    """What a statement says before its blocks; all of a `try`, whose blocks are taken together."""
    if isinstance(statement, (ast.For, ast.AsyncFor)):
        return [statement.target, statement.iter]
    if isinstance(statement, (ast.While, ast.If)):
        return [statement.test]
    if isinstance(statement, (ast.With, ast.AsyncWith)):
        return [*statement.items]
    return [statement.subject] if isinstance(statement, ast.Match) else [statement]


def described(source: Source, scope: Scope, sites: Sites, builder: Builder) -> Described:
    """What can be said of one function."""
    statements = [n for n in walk_scope(*source.tree.body) if isinstance(n, ast.stmt)]
    originals = {(type(n), n.lineno, n.col_offset): n for n in statements}
    return Described(_annotations(source, scope, sites), builder, originals)


def called(node: Node, site: Site) -> Node:
    """A node with the signature of the step that is called there, and with what it gives."""
    if site.step is None:
        gives = text_of(Decision) if site.kind == "approval" else _gives(site)
        return msgspec.structs.replace(node, gives=gives)
    takes, gives = signature_of(site.step.function)
    return msgspec.structs.replace(node, takes=takes, gives=gives)


def _gives(site: Site) -> str:
    hint = _result(site)
    return "" if hint is None else text_of(hint)


def _result(site: Site) -> Any:
    """The annotation of what awaiting a site gives; None where it has none."""
    if site.kind == "approval":
        return Decision
    function: Any = None
    if site.step is not None:
        function = inspect.unwrap(site.step.function)
    elif site.child is not None:
        function = site.child.function
    elif site.helper is not None:
        function = site.helper.function
    return None if function is None else hints_of(function).get("return")


def _annotations(source: Source, scope: Scope, sites: Sites) -> dict[str, Any]:
    """The types of a function's variables: of parameters, declarations and awaited results.

    A result counts where nothing else is ever assigned to its variable.
    """
    found: dict[str, list[Any]] = {}
    for node in walk_scope(*source.tree.body):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Await):
            target, hint = node.targets[0], _result(sites.of(node.value))
            if len(node.targets) == 1 and isinstance(target, ast.Name) and hint is not None:
                found.setdefault(target.id, []).append(hint)
    types = {
        name: hints[0]
        for name, hints in found.items()
        if scope.bindings[name] == len(hints) and len({*map(text_of, hints)}) == 1
    }
    hints = hints_of(source.function)
    types |= {name: hints[name] for name in scope.parameters if name in hints}
    for node in walk_scope(*source.tree.body):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            declared = scope.evaluate(node.annotation)
            if not isinstance(declared, Unknown):
                types[node.target.id] = declared
    return types


def call_nodes(calls: CallPlaces, source: Source) -> list[Node]:
    """The calls that are not awaited on the spot, as the log names them, with what is in them."""
    found: list[Node] = []
    for site, name in calls.sites.items():
        place = calls.places[name]
        found.append(called(node_of(place, site), site))
        if place.program is not None:
            found += embedded(place, source).nodes
            found += below(place.state, place.program.machine.calls)
    return list({node.id: node for node in found}.values())


def call_texts(calls: CallPlaces, source: Source) -> list[Text]:
    """The texts of the helpers among the calls that are not awaited on the spot."""
    places = (calls.places[name] for name in calls.sites.values())
    return [t for p in places if p.program is not None for t in embedded(p, source).texts]


def below(state: str, nodes: tuple[Node, ...]) -> list[Node]:
    """Nodes of a helper, as its caller names them."""
    return [msgspec.structs.replace(node, id=f"{state}/{node.id}") for node in nodes]
