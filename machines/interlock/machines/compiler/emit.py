"""From blocks back to Python: one plain function that goes on in any block."""

from __future__ import annotations
import __future__ as features

import ast
import builtins
from collections.abc import Mapping, Sequence
from types import CellType, CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from interlock.machines.compiler import support
from interlock.machines.compiler.blocks import (
    CAUGHT,
    Block,
    Jump,
    Pause,
    Reraise,
    control,
)
from interlock.machines.compiler.liveness import Names
from interlock.machines.compiler.noted import GROWERS, is_noted, token_of
from interlock.machines.compiler.scope import Scope
from interlock.machines.compiler.source import Source
from interlock.machines.compiler.syntax import (
    assign,
    call,
    const,
    either,
    function_arguments,
    function_of,
    in_place,
    inner_code,
    load,
    located,
    placed,
    store,
)
from interlock.machines.segment import start
from interlock.machines.tasks import TaskGroup

if TYPE_CHECKING:  # it needs this module
    from interlock.machines.compiler.frames import Frames

RETURNED, RAISED, BOUNCED = -1, -2, -3
"""What the compiled function answers with; 0 and more is the number of a pause."""

_DEPTH = 12  # blocks written inside one another; Python's own nesting limits are far above
_FLAGS = sum(getattr(features, name).compiler_flag for name in features.all_feature_names)
_PARAMETERS = (".n", ".frame", ".value", ".error", ".bounced", ".writes")
_HELPERS: dict[str, object] = {
    ".locals": builtins.locals,
    ".len": builtins.len,
    ".slice": builtins.slice,
    ".set": builtins.set,
    ".call": support.call,
    ".matches": support.matches,
    ".exception": builtins.BaseException,
    ".unbound": builtins.NameError,
    ".sequence": support.sequence,
    ".wrote": support.wrote,
    ".inplace": support.inplace,
    ".peek": support.peek,
    ".grown": support.grown,
    ".captured": support.captured,
    ".made": support.made,
    ".each": support.each,
    ".handle": support.handle,
    ".start": start,
    ".seconds": support.seconds,
    ".tasks": TaskGroup,
}


class Emitter:
    """Writes the function."""

    def __init__(self, source: Source, scope: Scope, blocks: Sequence[Block], names: Sequence[str],
                 live: Mapping[Block, Names], pauses: Sequence[Pause],
                 calls: Sequence[str], frames: Frames) -> None:  # fmt: skip
        self._source = source
        self._scope = scope
        self._blocks = blocks
        self._names = names
        self._live = live
        self._calls = tuple(calls)
        self._frames = frames
        self._pauses = {pause: number for number, pause in enumerate(pauses)}
        self._entries = _entry_counts(blocks)
        self._written: set[int] = set()
        self._late: list[Block] = []
        self._handlers = [-1 if b.handler is None else b.handler.number for b in blocks]
        self._detours: dict[int, list[ast.stmt]] = {}

    def function(self) -> FunctionType:
        """The compiled function, in the globals and closure of the author's."""
        code = self._code()
        cells = dict(self._source.cells)
        own = {".handlers": tuple(self._handlers), ".calls": self._calls}
        for name, value in {**_HELPERS, **own}.items():
            cells[name] = CellType(value)
        closure = tuple(cells[name] for name in code.co_freevars)
        return FunctionType(code, self._source.namespace, self._source.tree.name, None, closure)

    def _code(self) -> CodeType:
        inner = self._definition()
        free = [*self._source.cells, *_HELPERS, ".handlers", ".calls"]
        outer = _function(".outer", [], [*(assign(n, const(None)) for n in free), inner])
        module = ast.Module([placed(outer, self._source.tree)], [])
        flags = self._source.code.co_flags & _FLAGS
        located(module)
        compiled: CodeType = compile(module, self._source.file, "exec", flags, dont_inherit=True)
        return inner_code(inner_code(compiled, ".outer"), self._source.tree.name)

    def _definition(self) -> ast.FunctionDef:
        body: list[ast.stmt] = [
            either(const(False), [ast.Pass(), *(assign(n, const(None)) for n in self._names)], [])
        ]
        if any(block.active for block in self._blocks):
            body.append(either(load(".bounced"), _restore([*self._names, CAUGHT]), []))
        dispatch = ast.While(const(True), [assign(".b", load(".n")), *self._dispatch()], [])
        failed = ast.ExceptHandler(load(".exception"), ".e", self._route())
        body.append(ast.Try([dispatch], [failed], [], []))
        return _function(self._source.tree.name, list(_PARAMETERS), body)

    def _route(self) -> list[ast.stmt]:
        """What follows an exception: its handler, under that exception; or the end."""
        number = ast.Subscript(load(".handlers"), load(".b"), ast.Load())
        test = ast.Compare(load(".n"), [ast.Lt()], [const(0)])
        return [
            assign(".n", number),
            either(test, [_answer(RAISED, load(".e"))], []),
            assign(CAUGHT, load(".e")),
            _answer(BOUNCED, load(".n"), load(".e"), call(".locals")),
        ]

    def _dispatch(self) -> list[ast.stmt]:
        heads = [b for b in self._blocks if not self._inlined(b)]
        codes: dict[int, list[ast.stmt]] = {}
        todo = list(heads)
        while todo:
            block = todo.pop(0)
            if block.number in self._written:
                continue
            codes[block.number] = self._block(block, 0)
            todo += self._late
            self._late = []
        for number, code in self._detours.items():
            codes[number] = [placed(s, self._source.tree) for s in code]
        return _tree(sorted(codes.items()))

    def _inlined(self, block: Block) -> bool:
        """Whether a block is written into the only one that goes to it."""
        entry = block.number == 0 or block.resumes is not None or block.condition
        return not entry and self._entries.get(block) == 1

    def _block(self, block: Block, depth: int) -> list[ast.stmt]:
        self._written.add(block.number)
        out: list[ast.stmt] = []
        site = block.resumes
        if site is not None:
            at = ast.Pass(lineno=site.line, col_offset=0)
            raised = either(
                ast.Compare(load(".error"), [ast.IsNot()], [const(None)]),
                [ast.Raise(load(".error"), None)],
                [],
            )
            restored = [*self._restored(block), *self._cleared(block), raised]
            out += [placed(statement, at) for statement in restored]
        elif block.number == 0:
            out += [*_restore(self._scope.parameters), *self._cleared(block)]
        elif block.condition:
            out += self._restored(block)
        writer = _Writer(self, block, depth)
        for statement in block.statements:
            made = writer.visit(statement)
            out += made if isinstance(made, list) else [made]
        return out or [ast.Pass()]

    def _restored(self, block: Block) -> list[ast.stmt]:
        return _restore([name for name in self._names if name in self._live[block]])

    def _cleared(self, block: Block) -> list[ast.stmt]:
        names = self._frames.cleared(block)
        return [ast.Assign([store(name) for name in names], const(None))] if names else []

    def goto(self, source: Block, target: Block, depth: int, *, nested: bool) -> list[ast.stmt]:
        """Go on in another block: written right here, or by number."""
        same = source.handler is target.handler and source.active == target.active
        if same and not nested and self._inlined(target) and depth < _DEPTH:
            return self._block(target, depth + 1)
        if self._inlined(target):
            self._late.append(target)
        moved: list[ast.stmt] = [assign(".n", const(target.number))]
        if source.active != target.active:
            here = const(None) if source.active is None else load(source.active)
            there = const(None) if target.active is None else load(target.active)
            other = ast.Compare(there, [ast.IsNot()], [here])
            bounce = _answer(BOUNCED, load(".n"), there, call(".locals"))
            if nested:  # a `finally` around may still change variables: go by way of a block
                number = len(self._handlers)
                self._handlers.append(self._handlers[source.number])
                self._detours[number] = [*moved, either(other, [bounce], []), ast.Continue()]
                return [assign(".n", const(number)), ast.Continue()]
            moved.append(either(other, [bounce], []))
        return [*moved, ast.Continue()]

    def pause(self, node: Pause) -> list[ast.stmt]:
        """Answer with the number of a pause, its arguments and the variables."""
        number, names = self._pauses[node], self._frames.of(node)
        if names is None:
            return [_answer(number, node.call, call(".locals"))]
        named = ast.Dict([const(name) for name in names], [load(name) for name in names])
        failed = ast.ExceptHandler(load(".unbound"), None, [assign(".bound", call(".locals"))])
        return [
            assign(".given", in_place(node.call, ".call")),
            ast.Try([assign(".bound", named)], [failed], [], []),
            _answer(number, load(".given"), load(".bound")),
        ]

    def reraise(self, source: Block, node: Reraise) -> list[ast.stmt]:
        """Hand an exception on; nothing is raised, so that its traceback stays as it is."""
        if source.handler is None:
            return [_answer(RAISED, load(node.variable))]
        moved = assign(".n", const(source.handler.number))
        return [assign(CAUGHT, load(node.variable)), moved, ast.Continue()]

    def is_own(self, name: str) -> bool:
        """Whether a variable belongs to the workflow, the compiler's own included."""
        return name.startswith(".") or self._scope.is_local(name)


class _Writer(ast.NodeTransformer):
    """Rewrites the statements of one block: jumps, ends, and writes into containers."""

    def __init__(self, emitter: Emitter, block: Block, depth: int) -> None:
        self._emitter = emitter
        self._block = block
        self._depth = depth
        self._nesting = 0

    def visit_Jump(self, node: Jump) -> list[ast.stmt]:
        nested = self._nesting > 0
        made = self._emitter.goto(self._block, node.target, self._depth, nested=nested)
        return [placed(statement, node) for statement in made]

    def visit_Pause(self, node: Pause) -> list[ast.stmt]:
        self.generic_visit(node)
        return [placed(s, node) for s in self._emitter.pause(node)]

    def visit_Reraise(self, node: Reraise) -> list[ast.stmt]:
        return [placed(s, node) for s in self._emitter.reraise(self._block, node)]

    def visit_Return(self, node: ast.Return) -> ast.stmt:
        return placed(_answer(RETURNED, node.value or const(None)), node)

    def visit_With(self, node: ast.With) -> ast.stmt:
        return self._inside(node)

    def visit_Try(self, node: ast.Try) -> ast.stmt:
        return self._inside(node)

    def visit_For(self, node: ast.For) -> ast.stmt:
        return self._inside(node)

    def visit_While(self, node: ast.While) -> ast.stmt:
        return self._inside(node)

    def _inside(self, node: ast.stmt) -> ast.stmt:
        """Blocks are not written into statements that would catch or repeat what they do."""
        self._nesting += 1
        made = self.generic_visit(node)
        self._nesting -= 1
        assert isinstance(made, ast.stmt)
        return made

    def visit_Assign(self, node: ast.Assign) -> ast.stmt | list[ast.stmt]:
        self.generic_visit(node)
        target = logged_target(node, self._emitter.is_own)
        if target is None:
            return node
        kept: list[ast.stmt] = []
        if not isinstance(node.value, (ast.Constant, ast.Name)):
            kept.append(assign(".stored", node.value))
            node.value = load(".stored")
        return self._log(node, target, kept)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt | list[ast.stmt]:
        self.generic_visit(node)
        if isinstance(node.target, ast.Name) and self._emitter.is_own(node.target.id):
            name = node.target.id
            if name.startswith(".index"):
                return node  # a number
            noted = call(".inplace", load(".writes"), load(name), const(name))
            noted.keywords = [ast.keyword("adds", const(isinstance(node.op, ast.Add)))]
            return [placed(ast.Expr(noted), node), node]
        target = logged_target(node, self._emitter.is_own)
        return node if target is None else self._log(node, target, [])

    def _log(self, node: ast.stmt, target: ast.Subscript, before: list[ast.stmt]) -> list[ast.stmt]:
        container = target.value
        assert isinstance(container, ast.Name)
        if not isinstance(target.slice, (ast.Constant, ast.Name)):
            before.append(assign(".key", target.slice))
            target.slice = load(".key")
        key = load(target.slice.id) if isinstance(target.slice, ast.Name) else target.slice
        noted: list[ast.expr] = [load(".writes"), load(container.id), key]
        if isinstance(node, ast.AugAssign):
            noted.append(const(container.id))
        after = ast.Expr(call(".wrote", *noted))
        return [placed(statement, node) for statement in (*before, node, after)]

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Have a method call look at its receiver, see `noted`."""
        noted = is_noted(node)
        self.generic_visit(node)
        if noted and isinstance(node.func, ast.Attribute):
            token = placed(ast.Tuple([const(n) for n in token_of(node)], ast.Load()), node)
            if node.func.attr in GROWERS:
                node.func = placed(call(".grown", load(".writes"), node.func, token), node.func)
            elif not _is_internal(node.func.value):
                name = const(node.func.attr)
                seen = call(".peek", load(".writes"), node.func.value, name, token)
                node.func.value = placed(seen, node.func.value)
        return node


def _is_internal(node: ast.expr) -> bool:
    """Whether it is a call of the compiler's own."""
    named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return named and node.func.id[0] == "."  # type: ignore[attr-defined]  # just seen


def logged_target(node: ast.stmt, own: Any) -> ast.Subscript | None:
    """The target of `name[key] = v` or `name[key] op= v`, whose writes are noted one by one."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
    elif isinstance(node, ast.AugAssign):
        target = node.target
    else:
        return None
    if not isinstance(target, ast.Subscript) or isinstance(target.slice, (ast.Slice, ast.Tuple)):
        return None
    inner = target.value
    return target if isinstance(inner, ast.Name) and own(inner.id) else None


def _entry_counts(blocks: Sequence[Block]) -> dict[Block, int]:
    """How many jumps lead to each block; handlers count as entered from elsewhere."""
    counts: dict[Block, int] = {}
    for block in blocks:
        for node in control(block):
            if isinstance(node, Jump):
                counts[node.target] = counts.get(node.target, 0) + 1
    for block in blocks:
        if block.handler is not None:
            counts[block.handler] = 99
    return counts


def _item(name: str) -> ast.Subscript:
    return ast.Subscript(load(".frame"), const(name), ast.Load())


def _restore(names: Sequence[str]) -> list[ast.stmt]:
    """Bind the names that are bound in the frame."""
    out: list[ast.stmt] = []
    for name in names:
        bound = ast.Compare(const(name), [ast.In()], [load(".frame")])
        out.append(either(bound, [assign(name, _item(name))], []))
    return out


def _answer(code: int, *values: ast.expr) -> ast.Return:
    return ast.Return(ast.Tuple([const(code), *values], ast.Load()))


def _function(name: str, parameters: list[str], body: list[ast.stmt]) -> ast.FunctionDef:
    return function_of(name, function_arguments(*parameters), body)


def _tree(codes: list[tuple[int, list[ast.stmt]]]) -> list[ast.stmt]:
    """Find the code of a block by halves."""
    if len(codes) == 1:
        return codes[0][1]
    middle = len(codes) // 2
    test = ast.Compare(load(".b"), [ast.Lt()], [const(codes[middle][0])])
    return [either(test, _tree(codes[:middle]), _tree(codes[middle:]))]
