"""Comprehensions that await: lowered to loops in a scope of their own."""

from __future__ import annotations

import ast
import copy

from interlock.machines.compiler.builder import Builder
from interlock.machines.compiler.expressions import has_await, lower
from interlock.machines.compiler.loops import iterate
from interlock.machines.compiler.scope import COMPREHENSIONS
from interlock.machines.compiler.syntax import assign, load, placed, short

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp


def lower_comprehension(b: Builder, node: Comprehension) -> ast.expr:
    """The hidden variable that holds what the comprehension made."""
    generators = node.generators
    names = {n.id: b.fresh(n.id) for g in generators for n in _targets(g.target)}
    renamed = copy.deepcopy(node)
    inner = _Rename(names)
    for index, generator in enumerate(renamed.generators):
        generator.target = inner.visit(generator.target)
        generator.ifs = [inner.visit(test) for test in generator.ifs]
        if index:
            generator.iter = inner.visit(generator.iter)
    if isinstance(renamed, ast.DictComp):
        parts = [inner.visit(renamed.key), inner.visit(renamed.value)]
    else:
        parts = [inner.visit(renamed.elt)]
    kind = {ast.ListComp: "list", ast.SetComp: "set", ast.DictComp: "dict"}[type(node)]
    made = b.fresh(kind)
    empty: ast.expr = {
        "list": ast.List([], ast.Load()),
        "dict": ast.Dict([], []),
        "set": ast.Call(load(".set"), [], []),
    }[kind]
    iterable = lower(b, renamed.generators[0].iter)
    if len(generators) > 1 or has_await(iterable):
        iterable = b.temporary(iterable)
    b.emit(assign(made, empty), node)
    _loop(b, renamed.generators, iterable, made, parts)
    return placed(load(made), node)


def _loop(
    b: Builder,
    generators: list[ast.comprehension],
    iterable: ast.expr,
    made: str,
    parts: list[ast.expr],
) -> None:
    generator = generators[0]

    def body() -> None:
        skip = b.block()
        for test in generator.ifs:
            hold = b.block()
            text = short(test)
            b.branch(lower(b, test), hold, skip, test, text)
            b.begin(hold)
        if len(generators) > 1:
            _loop(b, generators[1:], lower(b, generators[1].iter), made, parts)
        else:
            _add(b, made, parts)
        b.jump(skip, generator.target)
        b.begin(skip)

    iterate(b, generator.target, iterable, body)


def _add(b: Builder, made: str, parts: list[ast.expr]) -> None:
    if len(parts) == 2:
        pair = lower(b, placed(ast.Tuple(parts, ast.Load()), parts[0]))
        assert isinstance(pair, ast.Tuple)
        key = b.temporary(pair.elts[0]) if has_call(pair.elts[0]) else pair.elts[0]
        target = ast.Subscript(load(made), key, ast.Store())
        b.emit(ast.Assign([target], pair.elts[1]), parts[0])
        return
    value = lower(b, parts[0])
    method = "append" if made.startswith(".list") else "add"
    added = ast.Call(ast.Attribute(load(made), method, ast.Load()), [value], [])
    b.emit(ast.Expr(added), parts[0])


def has_call(node: ast.expr) -> bool:
    """Whether evaluating it could do anything but read variables."""
    return not isinstance(node, (ast.Constant, ast.Name))


def _targets(target: ast.expr) -> list[ast.Name]:
    return [n for n in ast.walk(target) if isinstance(n, ast.Name) and _stores(n)]


def _stores(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


class _Rename(ast.NodeTransformer):
    """Gives the variables of a comprehension their hidden names, inner scopes respected."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        args = node.args
        every = [*args.posonlyargs, *args.args, *args.kwonlyargs]
        every += [a for a in (args.vararg, args.kwarg) if a]
        args.defaults = [self.visit(d) for d in args.defaults]
        args.kw_defaults = [d and self.visit(d) for d in args.kw_defaults]
        node.body = self._without({a.arg for a in every}).visit(node.body)
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if not isinstance(node, COMPREHENSIONS):
            return super().generic_visit(node)
        first = node.generators[0]
        first.iter = self.visit(first.iter)
        inner = self._without({n.id for g in node.generators for n in _targets(g.target)})
        for index, generator in enumerate(node.generators):
            generator.ifs = [inner.visit(test) for test in generator.ifs]
            if index:
                generator.iter = inner.visit(generator.iter)
        for part in ("elt", "key", "value"):
            if hasattr(node, part):
                setattr(node, part, inner.visit(getattr(node, part)))
        return node

    def _without(self, names: set[str]) -> _Rename:
        return _Rename({name: new for name, new in self._names.items() if name not in names})
