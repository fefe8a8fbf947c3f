"""What the statements of one block may do to the objects that its variables refer to."""

from __future__ import annotations

import ast
from enum import IntEnum

from interlock.machines.compiler import known
from interlock.machines.compiler.blocks import CAUGHT, Block, Jump, Pause, Reraise
from interlock.machines.compiler.emit import logged_target
from interlock.machines.compiler.given import GIVEN
from interlock.machines.compiler.known import Gives
from interlock.machines.compiler.liveness import uses
from interlock.machines.compiler.noted import GROWERS, Token, is_noted, token_of
from interlock.machines.compiler.scope import COMPREHENSIONS, Scope

Roots = frozenset[tuple[str, str]]
"""Variables whose object a value may be (`same`), lie in (`part`) or refer to (`holds`)."""
NONE: Roots = frozenset()


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
        asked: calls that are decided on when they run (see `noted`): what each may change then.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._inner: dict[str, str] = {}
        self._count = 0
        self.levels: dict[str, Level] = {}
        self.flows: set[tuple[str, str, str]] = set()
        self.asked: dict[Token, Roots] = {}

    def of(self, block: Block) -> Effects:
        """Read a block."""
        for statement in block.statements:
            self._statement(statement)
        return self

    @property
    def names(self) -> set[str]:
        """All variables that it has anything to say of."""
        flows = {name for target, origin, _ in self.flows for name in (target, origin)}
        asked = {name for roots in self.asked.values() for name, _ in roots}
        return self.levels.keys() | flows | asked

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
            self._value(node.value)
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
                self._touch(node.target.id, Level.READ)  # more when it runs: see `inplace`
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
        if isinstance(node.func, ast.Name) and node.func.id == GIVEN:
            return self._captured(node)  # read now; what the function does it says itself
        if isinstance(node.func, ast.Name) and node.func.id[0] == ".":
            given = self._given(node, None)
            return given if node.func.id == ".sequence" else NONE
        called = self._scope.meaning(node.func)
        kind = known.gives(called, node)
        if kind is None:
            return self._unknown(node)
        function = known.callback(called, node)
        given = self._given(node, function)
        if function is not None:
            given |= self._calls_back(function, given)
        return _result(kind, given)

    def _given(self, node: ast.Call, but: ast.expr | None) -> Roots:
        given = NONE
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            if argument is not but:
                given |= self._value(argument)
        return given

    def _unknown(self, node: ast.Call) -> Roots:
        """A call that may change all it is given, unless it is seen not to when it runs."""
        receiver = self._value(node.func)
        given = self._given(node, None)
        roots = receiver | given
        if not is_noted(node):
            self._change(roots, Level.DEEP)
            return parts(roots) | roots | holders(roots)
        assert isinstance(node.func, ast.Attribute)
        token = token_of(node)
        self.asked[token] = self.asked.get(token, NONE) | roots
        name = node.func.attr
        if name in GROWERS:
            for owner, _ in receiver:
                self._flow(owner, given, "holds")
            return parts(roots) | given
        return _result(known.result_of(name), roots)

    def _calls_back(self, function: ast.expr, given: Roots) -> Roots:
        """What a function gives that a known call calls with parts of what it was given."""
        if isinstance(function, ast.Lambda):
            args = function.args
            before = dict(self._inner)
            for arg in ast.walk(args):
                if isinstance(arg, ast.arg):
                    self._bind_inner(arg.arg, parts(given))
            for default in (*args.defaults, *args.kw_defaults):
                if default is not None:
                    self._change(self._value(default), Level.DEEP)
            roots = self._value(function.body)
            self._inner = before
            return roots
        roots = self._value(function)
        if not known.is_harmless(function, self._scope.meaning):
            self._change(roots | parts(given), Level.DEEP)
        return roots | parts(given)

    def _bind_inner(self, name: str, roots: Roots) -> None:
        self._count += 1
        self._inner[name] = f".inner {id(self)} {self._count}"
        self._flow(self._inner[name], roots)

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> Roots:
        before = dict(self._inner)
        for generator in node.generators:
            roots = parts(self._value(generator.iter))
            for target in ast.walk(generator.target):
                if isinstance(target, ast.Name):
                    self._bind_inner(target.id, roots)
            for test in generator.ifs:
                self._value(test)
        made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        roots = frozenset[tuple[str, str]]().union(*(self._value(part) for part in made))
        self._inner = before
        return holders(roots)

    def _captured(self, node: ast.AST) -> Roots:
        names = {self._inner.get(name, name) for name in uses(node)}
        return frozenset((name, "same") for name in names if self._own(name))


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


def _result(kind: Gives, given: Roots) -> Roots:
    """What the result of a call that changes nothing has to do with the variables."""
    if kind is Gives.NOTHING:
        return NONE
    return parts(given) | given if kind is Gives.PARTS else holders(given)
