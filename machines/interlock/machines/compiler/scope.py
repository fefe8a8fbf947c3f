"""Names: which are the function's own, and what the others mean when it is compiled."""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Iterator
from types import CellType, ModuleType
from typing import Final

from interlock.machines.compiler.source import Source
from interlock.machines.compiler.syntax import NESTED, walk_scope

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
"""Expressions with a scope of their own."""


class Unknown:
    """What an expression means that cannot be told when compiling."""

    def __init__(self, why: str) -> None:
        self.why = why


LOCAL: Final = Unknown("local")
"""It depends on a local variable."""
MISSING: Final = Unknown("missing")
"""It mentions a name that is not defined (yet)."""
COMPUTED: Final = Unknown("computed")
"""It is not a name, an attribute of a module, or a call of `.named` or `.with_`."""


class Scope:
    """The names of one function.

    Attributes:
        source: its text.
        around: the scope of the function that it is defined in, for a nested one.
        parameters: its parameters, in order, and what it is given of the functions around it.
        functions: the `async def`s in it, by name.
        bindings: how often each of its names is bound.
        variables: all its own variables by first appearance, parameters first.
        inner: names that its comprehensions bind, each for itself.
    """

    def __init__(self, source: Source, around: Scope | None = None) -> None:
        self.source = self._source = source
        self.around = around
        self.parameters = (*_parameters(source.tree.args), *source.captured)
        nodes = walk_scope(*source.tree.body)
        self.functions = {n.name: n for n in nodes if isinstance(n, ast.AsyncFunctionDef)}
        self.bindings = Counter([*self.parameters, *_bound(source.tree.body)])
        own = dict.fromkeys(self.bindings)
        self.variables = tuple(own)
        self._own = frozenset(own)
        self.inner = frozenset(_inner(source.tree.body))
        self._cells = source.cells

    def is_local(self, name: str) -> bool:
        """Whether a name is a variable of the function."""
        return name in self._own

    def owner(self, name: str) -> Scope | None:
        """The scope, this one or one around it, that a variable belongs to, if there is one."""
        if self.is_local(name) or self.around is None:
            return self if self.is_local(name) else None
        return self.around.owner(name)

    def meaning(self, node: ast.expr) -> object:
        """What a name or a dotted name stands for outside of the function, or an `Unknown`."""
        if isinstance(node, ast.Name):
            return LOCAL if self.is_local(node.id) else self._global(node.id)
        if isinstance(node, ast.Attribute):
            base = self.meaning(node.value)
            if isinstance(base, Unknown):
                return base
            return getattr(base, node.attr, MISSING if isinstance(base, ModuleType) else COMPUTED)
        return COMPUTED

    def evaluate(self, node: ast.expr) -> object:
        """The value of an expression that mentions no variable of the function, or an `Unknown`."""
        for child in ast.walk(node):
            if isinstance(child, ast.Name) and self.is_local(child.id):
                return LOCAL
            if isinstance(child, ast.Name) and isinstance(self._global(child.id), Unknown):
                return MISSING
            if isinstance(child, (ast.Await, ast.NamedExpr)):
                return COMPUTED
        code = compile(ast.Expression(node), self._source.file, "eval")
        names = {n: c.cell_contents for n, c in self._cells.items() if _filled(c)}
        return eval(code, self._source.namespace, names)

    def _global(self, name: str) -> object:
        if name in self._cells:
            cell = self._cells[name]
            return cell.cell_contents if _filled(cell) else MISSING
        found = self._source.namespace.get(name, MISSING)
        return getattr(builtins, name, MISSING) if found is MISSING else found


def _filled(cell: CellType) -> bool:
    try:
        _ = cell.cell_contents
    except ValueError:  # not assigned yet
        return False
    return True


def _parameters(args: ast.arguments) -> Iterator[str]:
    for arg in (*args.posonlyargs, *args.args):
        yield arg.arg
    if args.vararg:
        yield args.vararg.arg
    for arg in args.kwonlyargs:
        yield arg.arg
    if args.kwarg:
        yield args.kwarg.arg


def _inner(body: list[ast.stmt]) -> Iterator[str]:
    """Names that comprehensions bind."""
    for node in walk_scope(*body):
        if isinstance(node, ast.comprehension):
            yield from (n.id for n in ast.walk(node.target) if isinstance(n, ast.Name))


def _bound(body: list[ast.stmt]) -> Iterator[str]:
    """Names that statements bind in their own scope."""
    inner: set[int] = set()  # targets of comprehensions: names of another scope
    for node in walk_scope(*body):
        if isinstance(node, COMPREHENSIONS):
            targets = (generator.target for generator in node.generators)
            inner.update(id(name) for target in targets for name in ast.walk(target))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            if id(node) not in inner:
                yield node.id
        elif isinstance(node, NESTED) and not isinstance(node, ast.Lambda):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0]
        elif (isinstance(node, ast.ExceptHandler) and node.name) or (
            isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name
        ):
            yield node.name
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield node.rest
