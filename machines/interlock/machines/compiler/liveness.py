"""Which variables a later segment may still read: backward dataflow over the blocks."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from interlock.machines.compiler.blocks import CONTROL, Block, Jump, Pause, Reraise
from interlock.machines.compiler.scope import COMPREHENSIONS
from interlock.machines.compiler.syntax import NESTED, alias_of

Names = frozenset[str]
NOTHING: Names = frozenset()


def liveness(blocks: Sequence[Block], *, trusting: bool = False) -> dict[Block, Names]:
    """The variables that are live at the beginning of each block.

    Args:
        trusting: no `with` swallows an exception but `suppress`: not certain, and most likely.
    """
    live: dict[Block, Names] = dict.fromkeys(blocks, NOTHING)
    changed = True
    while changed:
        changed = False
        for block in reversed(blocks):
            found = _Flow(live, trusting=trusting).block(block)
            if found != live[block]:
                live[block] = found
                changed = True
    return live


def read_deleted(blocks: Sequence[Block], live: Mapping[Block, Names]) -> Names:
    """The variables that some path reads behind a `del` of them.

    Args:
        live: what is live at the beginning of each block, `with` being trusted.
    """
    flow = _Flow(live, trusting=True)
    for block in blocks:
        flow.block(block)
    return frozenset(flow.lost)


class _Flow:
    """One backward pass over the statements of a block.

    Attributes:
        lost: the variables that were found to be deleted where they are live.
    """

    def __init__(self, live: Mapping[Block, Names], *, trusting: bool = False) -> None:
        self.lost: set[str] = set()
        self._live = live
        self._trusting = trusting
        self._breaks: Names = NOTHING
        self._continues: Names = NOTHING

    def block(self, block: Block) -> Names:
        inside = self.body(block.statements, NOTHING)
        if block.active is not None and not _assigns(block, block.active):
            inside |= {block.active}  # whatever is raised in here gets it as its context
        if block.handler is not None:
            inside |= self._live[block.handler]
        return inside - CONTROL

    def body(self, statements: Sequence[ast.stmt], after: Names) -> Names:
        for statement in reversed(statements):
            after = self.statement(statement, after)
        return after

    def statement(self, node: ast.stmt, after: Names) -> Names:
        if isinstance(node, Jump):
            return self._live[node.target]
        if isinstance(node, Pause):
            where = NOTHING if node.where is None else self._live[node.where]
            return uses(node.call) | self._live[node.behind] | where
        if isinstance(node, Reraise):
            return frozenset({node.variable})
        if isinstance(node, ast.If):
            either = self.body(node.body, after) | self.body(node.orelse, after)
            return either | uses(node.test)
        if isinstance(node, (ast.For, ast.While)):
            return self._loop(node, after)
        if isinstance(node, ast.Try):
            return self._try(node, after)
        if isinstance(node, ast.With):
            inside = self.body(node.body, after)
            for item in reversed(node.items):
                if item.optional_vars is not None:
                    inside = (inside - binds(item.optional_vars)) | uses(item.optional_vars)
                inside |= uses(item.context_expr)
            swallows = not self._trusting or any(_suppresses(item) for item in node.items)
            return inside | after if swallows else inside
        if isinstance(node, ast.Match):
            return self._match(node, after)
        if isinstance(node, ast.Delete):
            gone = {target.id for target in node.targets if isinstance(target, ast.Name)}
            self.lost |= gone & after
        if isinstance(node, ast.Break):
            return self._breaks
        if isinstance(node, ast.Continue):
            return self._continues
        return _simple(node, after)

    def _match(self, node: ast.Match, after: Names) -> Names:
        """What a pattern captures is bound where its guard is asked and its body runs."""
        found = NOTHING if _takes_all(node.cases[-1]) else after
        for case in node.cases:
            inside = self.body(case.body, after)
            inside |= uses(case.guard) if case.guard else NOTHING
            found |= (inside - captures(case.pattern)) | uses(case.pattern)
        return found | uses(node.subject)

    def _loop(self, node: ast.For | ast.While, after: Names) -> Names:
        outer = self._breaks, self._continues
        done = NOTHING if _is_endless(node) else self.body(node.orelse, after)
        head: Names = done if isinstance(node, ast.For) else done | uses(node.test)
        while True:
            self._breaks, self._continues = after, head
            inside = self.body(node.body, head)
            if isinstance(node, ast.For):
                inside = (inside - binds(node.target)) | uses(node.target)
            wider = head | inside
            if wider == head:
                break
            head = wider
        self._breaks, self._continues = outer
        return head | uses(node.iter) if isinstance(node, ast.For) else head

    def _try(self, node: ast.Try, after: Names) -> Names:
        outer = self._breaks, self._continues
        final = self.body(node.finalbody, after)
        if node.finalbody:  # a jump out of the statement runs it as well
            everywhere = final | self.body(node.finalbody, outer[0] | outer[1])
            self._breaks, self._continues = outer[0] | everywhere, outer[1] | everywhere
        caught: Names = final if node.finalbody else NOTHING
        for handler in node.handlers:
            inside = self.body(handler.body, final)
            caught |= inside - ({handler.name} if handler.name else set())
            caught |= uses(handler.type) if handler.type else NOTHING
        inside = self.body(node.body, self.body(node.orelse, final))
        everything = caught | (self.body(node.finalbody, NOTHING) if node.finalbody else NOTHING)
        self._breaks, self._continues = outer
        return inside | everything


def _assigns(block: Block, name: str) -> bool:
    """Whether a block begins the handling of an exception."""
    first = block.statements[0] if block.statements else None
    return isinstance(first, ast.Assign) and name in binds(first.targets[0])


def _simple(node: ast.stmt, after: Names) -> Names:
    if isinstance(node, (ast.Return, ast.Raise)):
        return uses(node)
    if isinstance(node, ast.Assign):
        for target in reversed(node.targets):
            after = (after - binds(target)) | uses(target)
        return after | uses(node.value)
    if isinstance(node, ast.AnnAssign):
        if node.value is None:
            return after
        return (after - binds(node.target)) | uses(node.target) | uses(node.value)
    if isinstance(node, ast.AugAssign):
        own = frozenset({node.target.id}) if isinstance(node.target, ast.Name) else NOTHING
        return after | own | uses(node.target) | uses(node.value)
    if isinstance(node, ast.Delete):
        names = {target.id for target in node.targets if isinstance(target, ast.Name)}
        return after | names | uses(node)
    if isinstance(node, ast.FunctionDef):
        return (after - {node.name}) | uses(node)
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return after - {a.asname or a.name.partition(".")[0] for a in node.names}
    alias = alias_of(node)
    return (after | uses(node)) - ({alias} if alias else NOTHING)


def _is_endless(node: ast.For | ast.While) -> bool:
    """Whether only a jump leaves a loop."""
    test = node.test if isinstance(node, ast.While) else None
    return isinstance(test, ast.Constant) and bool(test.value)


def _takes_all(case: ast.match_case) -> bool:
    pattern = case.pattern
    return isinstance(pattern, ast.MatchAs) and pattern.pattern is None and case.guard is None


def _suppresses(item: ast.withitem) -> bool:
    call = item.context_expr
    name = call.func if isinstance(call, ast.Call) else call
    said = name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", "")
    return said in ("suppress", "raises")


def captures(pattern: ast.pattern) -> Names:
    """The names that a pattern has surely bound once it matches."""
    names = (
        getattr(part, "name" if not isinstance(part, ast.MatchMapping) else "rest", None)
        for part in ast.walk(pattern)
        if isinstance(part, (ast.MatchAs, ast.MatchStar, ast.MatchMapping))
    )
    return frozenset(name for name in names if name)


def binds(target: ast.expr) -> Names:
    """The names that an assignment to `target` surely binds."""
    if isinstance(target, ast.Name):
        return frozenset({target.id})
    if isinstance(target, (ast.Tuple, ast.List)):
        return NOTHING.union(*(binds(element) for element in target.elts))
    return binds(target.value) if isinstance(target, ast.Starred) else NOTHING


def uses(node: ast.AST) -> Names:
    """The names that evaluating a node may read, those read by functions made in it included."""
    found: set[str] = set()
    todo: list[ast.AST] = [node]
    while todo:
        part = todo.pop()
        if isinstance(part, ast.Name):
            if isinstance(part.ctx, ast.Load):
                found.add(part.id)
        elif isinstance(part, (*COMPREHENSIONS, *NESTED)):
            found |= _free(part)
        elif not isinstance(part, (Jump, Reraise)):
            todo.extend(ast.iter_child_nodes(part))
    return frozenset(found)


def _free(node: ast.AST) -> Names:
    """The names that an inner scope may take from around it."""
    if isinstance(node, ast.Lambda):
        args = node.args
        own = frozenset(arg.arg for arg in ast.walk(args) if isinstance(arg, ast.arg))
        defaults = [d for d in (*args.defaults, *args.kw_defaults) if d is not None]
        return (uses(node.body) - own).union(*(uses(default) for default in defaults))
    if isinstance(node, COMPREHENSIONS):
        targets = (n for g in node.generators for n in ast.walk(g.target))
        own = frozenset(n.id for n in targets if isinstance(n, ast.Name))
        parts: list[ast.expr] = [test for g in node.generators for test in g.ifs]
        parts += [g.iter for g in node.generators[1:]] + [g.target for g in node.generators]
        parts += [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        inner = NOTHING.union(*(uses(part) for part in parts))
        return (inner - own) | uses(node.generators[0].iter)
    names = (n for n in ast.walk(node) if isinstance(n, ast.Name))
    return frozenset(n.id for n in names if isinstance(n.ctx, ast.Load))
