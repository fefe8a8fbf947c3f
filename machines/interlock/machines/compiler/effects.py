"""What the statements of one block may do to the objects that its variables refer to."""

from __future__ import annotations

import ast
import builtins
import logging
from enum import IntEnum

from interlock.machines.compiler.blocks import CAUGHT, Block, Jump, Pause, Reraise
from interlock.machines.compiler.emit import logged_target
from interlock.machines.compiler.liveness import uses
from interlock.machines.compiler.scope import COMPREHENSIONS, Scope

Roots = frozenset[tuple[str, str]]
"""Variables whose object a value may be (`same`), lie in (`part`) or refer to (`holds`)."""
NONE: Roots = frozenset()

_READERS = frozenset(
    id(f)
    for f in (
        builtins.len, builtins.isinstance, builtins.str, builtins.repr, builtins.int, bool,
        builtins.float, builtins.abs, builtins.round, builtins.hash, builtins.id, builtins.type,
        builtins.format, builtins.print, builtins.range, builtins.any, builtins.all,
        builtins.issubclass, builtins.bytes, builtins.ord, builtins.chr, builtins.divmod,
    )
)  # fmt: skip
_GATHERERS = frozenset(
    id(f)
    for f in (
        builtins.list, builtins.tuple, builtins.set, builtins.frozenset, builtins.dict,
        builtins.enumerate, builtins.zip, builtins.reversed, builtins.sorted, builtins.min,
        builtins.max, builtins.sum,
    )
)  # fmt: skip
_GROWERS = frozenset({"append", "extend"})


class Level(IntEnum):
    """How an object is treated: read, grown at its end, changed itself, or anywhere inside."""

    READ = 1
    GROWN = 2
    CHANGED = 3
    DEEP = 4


class Effects:
    """Collects the levels of variables, and how values flow between them.

    Attributes:
        levels: what happens to the object of each variable that is mentioned.
        flows: (to, from, kind) for assignments; see `touches`.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._inner: dict[str, str] = {}
        self._count = 0
        self.levels: dict[str, Level] = {}
        self.flows: set[tuple[str, str, str]] = set()

    def of(self, block: Block) -> Effects:
        """Read a block."""
        for statement in block.statements:
            self._statement(statement)
        return self

    def _own(self, name: str) -> bool:
        return name[0] == "." or self._scope.is_local(name)

    def _touch(self, name: str, level: Level) -> None:
        self.levels[name] = max(level, self.levels.get(name, Level.READ))

    def _change(self, roots: Roots, level: Level) -> None:
        for name, kind in roots:
            if kind == "same":
                self._touch(name, level)
            elif kind == "part" or level == Level.DEEP:
                self._touch(name, Level.DEEP)

    def _flow(self, target: str, roots: Roots, kind: str = "same") -> None:
        self._touch(target, Level.READ)
        for name, how in roots:
            self.flows.add((target, name, combined(how, kind)))

    # statements

    def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, (Jump, Reraise, ast.Pass, ast.Break, ast.Continue, ast.Import)):
            return
        if isinstance(node, Pause):
            for value in (*node.call.args, *(k.value for k in node.call.keywords)):
                self._value(value)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            self._assignment(node)
        elif isinstance(node, ast.AugAssign):
            self._augmented(node)
        elif isinstance(node, ast.Expr):
            self._expression(node.value)
        elif isinstance(node, ast.FunctionDef):
            self._change(self._captured(node), Level.DEEP)
            self._flow(node.name, self._captured(node))
        elif isinstance(node, ast.Delete):
            for target in node.targets:
                self._target(target, NONE)
        elif isinstance(node, ast.Raise):
            for raised in (node.exc, node.cause):
                if raised is not None:
                    self._flow(CAUGHT, self._value(raised))
        elif isinstance(node, ast.Match):
            self._match(node)
        else:
            self._compound(node)

    def _compound(self, node: ast.stmt) -> None:
        if isinstance(node, ast.For):
            self._target(node.target, parts(self._value(node.iter)))
        elif isinstance(node, ast.With):
            for item in node.items:
                roots = self._value(item.context_expr)
                self._change(roots, Level.DEEP)
                if item.optional_vars is not None:
                    self._target(item.optional_vars, roots)
        elif isinstance(node, ast.Try):
            for handler in node.handlers:
                if handler.name:
                    self._flow(handler.name, frozenset({(CAUGHT, "same")}))
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.expr) and field in ("test", "value", "msg"):
                self._value(value)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                self._statement(child)
            elif isinstance(child, ast.ExceptHandler):
                for statement in child.body:
                    self._statement(statement)

    def _match(self, node: ast.Match) -> None:
        roots = parts(self._value(node.subject))
        for case in node.cases:
            for part in ast.walk(case.pattern):
                name = getattr(part, "name", None) or getattr(part, "rest", None)
                if isinstance(name, str):
                    self._flow(name, roots)
            if case.guard is not None:
                self._value(case.guard)
            for statement in case.body:
                self._statement(statement)

    def _assignment(self, node: ast.Assign | ast.AnnAssign) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if node.value is None:
            return
        target = targets[0]
        pair = isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
        if pair and len(targets) == 1 and len(target.elts) == len(node.value.elts):  # type: ignore[attr-defined]  # both tuples
            for inner, value in zip(target.elts, node.value.elts, strict=True):  # type: ignore[attr-defined]  # both tuples
                self._target(inner, self._value(value))
            return
        roots = self._value(node.value)
        logged = logged_target(node, self._own)
        for target in targets:
            self._target(target, roots, logged=logged is not None)

    def _augmented(self, node: ast.AugAssign) -> None:
        roots = self._value(node.value)
        if isinstance(node.target, ast.Name):
            if self._own(node.target.id):
                grown = isinstance(node.op, ast.Add)
                self._touch(node.target.id, Level.GROWN if grown else Level.CHANGED)
                self._flow(node.target.id, roots, "holds")
            return
        logged = logged_target(node, self._own)
        self._target(node.target, roots, logged=logged is not None)

    def _target(self, node: ast.expr, roots: Roots, *, logged: bool = False) -> None:
        if isinstance(node, ast.Name):
            if self._own(node.id):
                self._flow(node.id, roots)
        elif isinstance(node, (ast.Tuple, ast.List)):
            for element in node.elts:
                self._target(element, parts(roots))
        elif isinstance(node, ast.Starred):
            self._target(node.value, roots)
        elif isinstance(node, (ast.Attribute, ast.Subscript)):
            inside = self._value(node.value)
            if isinstance(node, ast.Subscript):
                self._value(node.slice)
            self._change(inside, Level.READ if logged else Level.CHANGED)
            for name, _ in inside:
                self._flow(name, roots, "holds")

    def _expression(self, node: ast.expr) -> None:
        """An expression statement: `name.append(value)` only grows the object of the name."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Name) and self._own(owner.id) and _grows(node):
                self._touch(owner.id, Level.GROWN)
                self._flow(owner.id, self._value(node.args[0]), "holds")
                return
        self._value(node)

    # expressions

    def _value(self, node: ast.expr) -> Roots:
        """Read an expression; answers what its value may have to do with."""
        if isinstance(node, ast.Name):
            name = self._inner.get(node.id, node.id)
            if not self._own(name):
                return NONE
            self._touch(name, Level.READ)
            return frozenset({(name, "same")})
        if isinstance(node, ast.Constant):
            return NONE
        if isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
            roots = self._value(node.value)
            if isinstance(node, ast.Subscript):
                self._value(node.slice)
            return parts(roots)
        if isinstance(node, ast.NamedExpr):
            roots = self._value(node.value)
            self._flow(node.target.id, roots)
            return roots | {(node.target.id, "same")}
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Lambda):
            roots = self._captured(node)
            self._change(roots, Level.DEEP)
            return holders(roots)
        if isinstance(node, COMPREHENSIONS):
            return self._comprehension(node)
        roots = NONE
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                roots |= self._value(child)
        if isinstance(node, (ast.BoolOp, ast.IfExp)):
            return roots
        if isinstance(node, (ast.Compare, ast.JoinedStr, ast.FormattedValue)):
            return NONE
        return holders(roots)

    def _call(self, node: ast.Call) -> Roots:
        given = NONE
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            given |= self._value(argument)
        called = self._scope.meaning(node.func)
        lambdas = any(isinstance(a, ast.Lambda) for a in ast.walk(node))
        if isinstance(node.func, ast.Name) and node.func.id == ".sequence":
            return given
        if _only_logs(called) or (id(called) in _READERS and not lambdas):
            return NONE
        if isinstance(node.func, ast.Name) and node.func.id in (".len", ".matches", ".set"):
            return NONE
        if id(called) in _GATHERERS and not node.keywords:
            return parts(given) | holders(given)
        roots = given | self._value(node.func)
        self._change(roots, Level.DEEP)
        return parts(roots) | roots | holders(roots)

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> Roots:
        before = dict(self._inner)
        for generator in node.generators:
            roots = parts(self._value(generator.iter))
            for target in ast.walk(generator.target):
                if isinstance(target, ast.Name):
                    self._count += 1
                    self._inner[target.id] = f".inner {id(self)} {self._count}"
                    self._flow(self._inner[target.id], roots)
            for test in generator.ifs:
                self._value(test)
        made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        roots = frozenset[tuple[str, str]]().union(*(self._value(part) for part in made))
        self._inner = before
        return holders(roots)

    def _captured(self, node: ast.AST) -> Roots:
        names = {self._inner.get(name, name) for name in uses(node)}
        return frozenset((name, "same") for name in names if self._own(name))


def _grows(node: ast.Call) -> bool:
    """Whether it is a call of the form `….append(value)` or `….extend(values)`."""
    if not isinstance(node.func, ast.Attribute) or len(node.args) != 1 or node.keywords:
        return False
    return node.func.attr in _GROWERS and not isinstance(node.args[0], ast.Starred)


def combined(first: str, second: str) -> str:
    """How a value relates to an object through another one."""
    if "part" in (first, second):
        return "part"
    return "holds" if "holds" in (first, second) else "same"


def parts(roots: Roots) -> Roots:
    """What lies inside."""
    return frozenset((name, "part") for name, _ in roots)


def holders(roots: Roots) -> Roots:
    """A new object that refers to values with these roots."""
    return frozenset((name, "holds") for name, _ in roots)


def _only_logs(called: object) -> bool:
    """Whether a function is a method of a standard logger: it formats what it is given."""
    return isinstance(getattr(called, "__self__", None), logging.Logger)
