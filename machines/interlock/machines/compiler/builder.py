"""Building the control-flow graph: the current block, the region it is in, what encloses it."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from interlock.machines.approvers import Group
from interlock.machines.compiler.blocks import CONTROL, Block, Jump, Label, Pause
from interlock.machines.compiler.scope import Scope
from interlock.machines.compiler.sites import Site, Sites
from interlock.machines.compiler.source import Source
from interlock.machines.compiler.syntax import (
    assign,
    const,
    either,
    forget,
    holds,
    load,
    placed,
)


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """An enclosing loop: where `break` and `continue` go."""

    breaks: Block
    continues: Block


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """An enclosing `except ... as name`, which forgets the name when it is left."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Finally:
    """An enclosing `finally` that has yet to run.

    Attributes:
        entry: its first block.
        how: variable that says what goes on behind it: next, raise, return, break, continue.
        value: variable of the value to return.
        error: variable of the exception being handled in it (None for none).
        around: variable of the exception being handled around the statement.
        kinds: what of these occurs.
    """

    entry: Block
    how: str
    value: str
    error: str
    around: str | None
    kinds: set[str] = field(default_factory=set[str])


Context = Loop | Named | Finally


class Builder:
    """State of the translation of one function into blocks.

    Attributes:
        entry: the block that the function begins in.
        hidden: the compiler's own variables, in order of their making.
        order: the awaits, in order of the source.
        statements: the statement that each await stands in.
        belongs: the statement that each hidden variable belongs to.
    """

    def __init__(
        self, source: Source, scope: Scope, sites: Sites, visit: Callable[[Builder, ast.stmt], None]
    ) -> None:
        self.source = source
        self.scope = scope
        self.sites = sites
        self.hidden: list[str] = []
        self.order: list[Site] = []
        self.contexts: list[Context] = []
        self.handler: Block | None = None
        self.active: str | None = None
        self.entry = self.current = Block(None, None)
        self._visit = visit
        self._counts: dict[str, int] = {}
        self._taken: set[str] = set()
        self._statement: ast.stmt | None = None
        self.statements: dict[Site, ast.stmt | None] = {}
        self.belongs: dict[str, ast.stmt | None] = {}

    def fresh(self, hint: str) -> str:
        """A hidden variable; the leading dot keeps it apart from every name of an author."""
        hint = hint.replace("/", ":")  # which stands between a helper and its variables
        name = f".{hint}"
        while name in CONTROL or name in self._taken:
            self._counts[hint] = self._counts.get(hint, 1) + 1
            name = f".{hint} {self._counts[hint]}"
        self._taken.add(name)
        self.hidden.append(name)
        self.belongs[name] = self._statement
        return name

    def block(self) -> Block:
        """A new block of the current region."""
        return Block(self.handler, self.active)

    def begin(self, block: Block) -> None:
        """Go on writing in `block`."""
        self.current = block

    def emit(self, statement: ast.stmt, at: ast.AST) -> None:
        """Write a statement, at the line of `at` where it has none."""
        self.current.statements.append(placed(statement, at))

    def jump(self, target: Block, at: ast.AST, label: Label | None = None) -> None:
        """End the block by going on in another one."""
        self.emit(Jump(target, label), at)

    def branch(
        self, test: ast.expr, then: Block, other: Block, at: ast.AST, text: str = ""
    ) -> None:
        """End the block by going on in one of two."""
        if isinstance(test, ast.Constant):
            self.jump(then if test.value else other, at)
            return
        yes, no = Jump(then, Label(text)), Jump(other, Label(text, holds=False))
        if not text:
            yes, no = Jump(then), Jump(other)
        self.emit(either(test, [yes], [no]), at)

    def pause(self, site: Site, call: ast.Call, target: ast.expr | None, at: ast.AST) -> None:
        """End the segment at an await whose value goes to `target`."""
        self.order.append(site)
        self.statements[site] = self._statement
        behind, where = self.block(), None
        behind.resumes = site
        if site.kind == "wait":
            where = self._where(call, at)
        elif site.kind == "approval":
            where = self._rules(call, at)
        self.emit(Pause(site, call, behind, where), at)
        self.begin(behind)
        if target is not None:
            self.emit(ast.Assign([target], load(".value")), at)

    def _where(self, call: ast.Call, at: ast.AST) -> Block | None:
        """The block that evaluates a wait's condition, which is taken out of its call."""
        for keyword in call.keywords:
            if keyword.arg == "where":
                call.keywords = [k for k in call.keywords if k is not keyword]
                statement = placed(ast.Return(keyword.value), at)
                return Block(None, None, [statement], condition=True)
        return None

    def _rules(self, call: ast.Call, at: ast.AST) -> Block | None:
        """The block that finds an approval's functions again, when a decision comes.

        What the call itself is given says who may decide; only a function, which no log can hold,
        is looked for a second time.
        """
        names = ("approvers", "escalate")
        given = {k.arg: k.value for k in call.keywords if k.arg in names}
        if not any(map(self._may_be_function, given.values())):
            return None
        parts = [copy.deepcopy(given.get(name) or const(None)) for name in names]
        statement = placed(ast.Return(ast.Tuple(parts, ast.Load())), at)
        return Block(None, None, [statement], condition=True)

    def _may_be_function(self, value: ast.expr) -> bool:
        """Whether an expression may give or hold a function, and can be evaluated twice.

        One with an await or an assignment has been evaluated for good when the wait begins.
        """
        if isinstance(value, (ast.List, ast.Tuple, ast.Set)):
            return any(map(self._may_be_function, value.elts))
        if isinstance(value, ast.Call) and self.scope.meaning(value.func) is Group:
            return False
        return not isinstance(value, ast.Constant) and not holds(value, ast.Await, ast.NamedExpr)

    def temporary(self, value: ast.expr, hint: str = "part") -> ast.Name:
        """Keep a value in a hidden variable, and read it from there."""
        name = self.fresh(hint)
        self.emit(assign(name, value), value)
        return placed(load(name), value)

    def body(self, statements: Sequence[ast.stmt]) -> None:
        """Write the author's statements."""
        around = self._statement
        for statement in statements:
            self._statement = statement
            self._visit(self, statement)
        self._statement = around

    @contextmanager
    def region(self, handler: Block | None, active: str | None) -> Generator[None]:
        """Blocks made inside have this handler and this handled exception."""
        before = self.handler, self.active
        self.handler, self.active = handler, active
        yield
        self.handler, self.active = before

    @contextmanager
    def inside(self, context: Context) -> Generator[None]:
        """Statements written inside are enclosed by `context`."""
        self.contexts.append(context)
        yield
        self.contexts.pop()

    def leave(self, kind: str, value: ast.expr | None, at: ast.AST) -> list[ast.stmt]:
        """What `return`, `break` or `continue` does here, everything enclosing it respected."""
        out: list[ast.stmt] = []
        pending = [c for c in self.contexts if isinstance(c, Finally)] if kind == "return" else []
        if kind == "return" and not pending:
            return [placed(ast.Return(value), at)]
        if pending:
            out.append(assign(pending[-1].value, value or const(None)))
        for context in reversed(self.contexts):
            if isinstance(context, Named):
                out += forget(context.name)
            elif isinstance(context, Finally):
                out += enter_finally(context, kind)
                break
            elif kind != "return":
                out.append(Jump(context.breaks if kind == "break" else context.continues))
                break
        return [placed(statement, at) for statement in out]

    def leaves_finally(self) -> bool:
        """Whether a `return` written here has to run a `finally` of its own first."""
        return any(isinstance(context, Finally) for context in self.contexts)


def enter_finally(context: Finally, kind: str) -> list[ast.stmt]:
    """Run a `finally`, and then go on as `kind` says."""
    context.kinds.add(kind)
    around = const(None) if context.around is None else load(context.around)
    how, error = assign(context.how, const(kind)), assign(context.error, around)
    return [how, error, Jump(context.entry)]
