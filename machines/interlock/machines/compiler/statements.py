"""Statements: whole ones stay as they are, those around an await are taken apart."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from interlock.machines.compiler.builder import Builder
from interlock.machines.compiler.check import suppressed
from interlock.machines.compiler.expressions import awaited_call, has_await, lower
from interlock.machines.compiler.leaves import leaf
from interlock.machines.compiler.loops import lower_for, lower_while
from interlock.machines.compiler.matching import lower_match
from interlock.machines.compiler.refusals import WITH_AROUND_AWAIT
from interlock.machines.compiler.syntax import holds, load, placed, short
from interlock.machines.compiler.tries import lower_try


def visit(b: Builder, node: ast.stmt) -> None:
    """Write one statement of the author."""
    if isinstance(node, ast.AsyncFunctionDef):
        return  # its calls are compiled
    if has_await(node) or _returns_through_finally(b, node):
        _EXPLODED[type(node)](b, node)
    else:
        for statement in leaf(b, node):
            b.emit(statement, node)


def _returns_through_finally(b: Builder, node: ast.stmt) -> bool:
    """Whether a compound statement has to be taken apart because a `return` leaves a `finally`."""
    compound = isinstance(node, (ast.For, ast.While, ast.Try, ast.If, ast.Match))
    return compound and b.leaves_finally() and holds(node, ast.Return)


def _expression(b: Builder, node: ast.Expr) -> None:
    if isinstance(node.value, ast.Await):
        call = awaited_call(b, node.value)
        b.pause(b.sites.of(node.value), call, None, node.value)
    else:
        b.emit(ast.Expr(lower(b, node.value)), node)


def _assign(b: Builder, node: ast.Assign) -> None:
    target = node.targets[0]
    if len(node.targets) == 1 and isinstance(target, ast.Name):
        _assign_name(b, target, node.value)
        return
    value = lower(b, node.value)
    if any(has_await(t) for t in node.targets) and not isinstance(value, ast.Constant):
        value = b.temporary(value)
    if not any(has_await(t) for t in node.targets):
        b.emit(ast.Assign(node.targets, value), node)
        return
    for target in node.targets:
        _store(b, target, value, node)


def _store(b: Builder, target: ast.expr, value: ast.expr, at: ast.AST) -> None:
    """Assign to one target, which may await; unpacking assigns its parts one after another."""
    if isinstance(target, (ast.Tuple, ast.List)) and has_await(target):
        names = [b.fresh("part") for _ in target.elts]
        parts: list[ast.expr] = []
        for name, element in zip(names, target.elts, strict=True):
            plain: ast.expr = ast.Name(name, ast.Store())
            starred = isinstance(element, ast.Starred)
            parts.append(ast.Starred(plain, ast.Store()) if starred else plain)
        b.emit(ast.Assign([ast.Tuple(parts, ast.Store())], value), at)
        for name, element in zip(names, target.elts, strict=True):
            inner = element.value if isinstance(element, ast.Starred) else element
            _store(b, inner, placed(load(name), at), at)
        return
    b.emit(ast.Assign([lower(b, target)], value), at)


def _assign_name(b: Builder, target: ast.Name, value: ast.expr) -> None:
    if isinstance(value, ast.Await):
        call = awaited_call(b, value)
        b.pause(b.sites.of(value), call, target, value)
    else:
        b.emit(ast.Assign([target], lower(b, value)), value)


def _annotated(b: Builder, node: ast.AnnAssign) -> None:
    assert node.value is not None
    if isinstance(node.target, ast.Name):
        _assign_name(b, node.target, node.value)
    else:
        value = b.temporary(lower(b, node.value))
        _store(b, node.target, value, node)


def _augmented(b: Builder, node: ast.AugAssign) -> None:
    if isinstance(node.target, ast.Name):
        name = node.target.id
        b.emit(ast.Expr(load(name)), node)  # unbound is an error before the await, as in Python
        value = lower(b, node.value)
        b.emit(ast.AugAssign(node.target, node.op, value), node)
        return
    target = lower(b, node.target)
    if not has_await(node.value):
        b.emit(ast.AugAssign(_as_store(target), node.op, node.value), node)
        return
    pieces = _settled(b, target)
    before = b.temporary(_with_context(pieces, ast.Load()), "before")
    value = lower(b, node.value)
    store = ast.Name(before.id, ast.Store())
    b.emit(ast.AugAssign(store, node.op, value), node)
    b.emit(ast.Assign([_with_context(pieces, ast.Store())], load(before.id)), node)


def _as_store(target: ast.expr) -> ast.Name | ast.Attribute | ast.Subscript:
    assert isinstance(target, (ast.Name, ast.Attribute, ast.Subscript))
    return target


def _settled(b: Builder, target: ast.expr) -> ast.Attribute | ast.Subscript:
    """A target whose parts are names or constants, so that reading them twice is reading once."""

    def settle(part: ast.expr) -> ast.expr:
        simple = isinstance(part, (ast.Name, ast.Constant))
        return part if simple else b.temporary(part)

    if isinstance(target, ast.Attribute):
        return placed(ast.Attribute(settle(target.value), target.attr, ast.Load()), target)
    assert isinstance(target, ast.Subscript)
    value = settle(target.value)
    index = target.slice
    if isinstance(index, ast.Slice):
        index = b.temporary(ast.Call(load(".slice"), _bounds(index), []))
    return placed(ast.Subscript(value, settle(index), ast.Load()), target)


def _bounds(node: ast.Slice) -> list[ast.expr]:
    return [part or ast.Constant(None) for part in (node.lower, node.upper, node.step)]


def _with_context(
    node: ast.Attribute | ast.Subscript, context: ast.expr_context
) -> ast.Attribute | ast.Subscript:
    if isinstance(node, ast.Attribute):
        return placed(ast.Attribute(node.value, node.attr, context), node)
    return placed(ast.Subscript(node.value, node.slice, context), node)


def _return(b: Builder, node: ast.Return) -> None:
    value = None if node.value is None else lower(b, node.value)
    for statement in b.leave("return", value, node):
        b.emit(statement, node)


def _raise(b: Builder, node: ast.Raise) -> None:
    if node.exc is not None and node.cause is not None:
        pair = lower(b, placed(ast.Tuple([node.exc, node.cause], ast.Load()), node))
        assert isinstance(pair, ast.Tuple)
        b.emit(ast.Raise(pair.elts[0], pair.elts[1]), node)
    else:
        b.emit(ast.Raise(lower(b, node.exc) if node.exc else None, None), node)


def _assert(b: Builder, node: ast.Assert) -> None:
    if not __debug__:
        return
    fails, after = b.block(), b.block()
    b.branch(lower(b, node.test), after, fails, node, short(node.test))
    b.begin(fails)
    message = lower(b, node.msg) if node.msg else None
    b.emit(ast.Assert(placed(ast.Constant(value=False), node), message), node)
    b.begin(after)


def _delete(b: Builder, node: ast.Delete) -> None:
    for target in node.targets:
        b.emit(ast.Delete([lower(b, target)]), node)


def _if(b: Builder, node: ast.If) -> None:
    then, other, after = b.block(), b.block(), b.block()
    b.branch(lower(b, node.test), then, other, node.test, short(node.test))
    for block, statements in ((then, node.body), (other, node.orelse)):
        b.begin(block)
        b.body(statements)
        b.jump(after, node)
    b.begin(after)


def _with(b: Builder, node: ast.With) -> None:
    """A `with` that holds nothing around awaits, or awaits in the items of another one."""
    if any(has_await(child) for child in node.body):
        b.body(_without_items(b, node))
        return
    items: list[ast.withitem] = []
    for index, item in enumerate(node.items):
        if any(has_await(other.context_expr) for other in node.items[index:]):
            if index:
                inner = placed(ast.With(node.items[index:], node.body, None), node)
                raise b.source.refuse(
                    WITH_AROUND_AWAIT, inner, name=short(node.items[0].context_expr)
                )
            item = ast.withitem(lower(b, item.context_expr), item.optional_vars)
        items.append(item)
    whole = placed(ast.With(items, node.body, None), node)
    for statement in leaf(b, whole):
        b.emit(statement, node)


def _without_items(b: Builder, node: ast.With) -> list[ast.stmt]:
    """`contextlib.suppress(...)` as a `try`, `phase(...)` as nothing at all."""
    item, rest = node.items[0], node.items[1:]
    body: list[ast.stmt] = []
    if item.optional_vars is not None:
        body.append(ast.Assign([item.optional_vars], ast.Constant(None)))
    body += _without_items(b, ast.With(rest, node.body, None)) if rest else node.body
    classes = suppressed(item, b.scope)
    if classes is None:
        return [placed(statement, item.context_expr) for statement in body]
    types = ast.Tuple(list[ast.expr](classes), ast.Load())
    made = ast.Try(body, [ast.ExceptHandler(types, None, [ast.Pass()])], [], [])
    return [placed(made, item.context_expr)]


_EXPLODED: dict[type[ast.stmt], Callable[[Builder, Any], None]] = {
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.Assert: _assert,
    ast.Delete: _delete,
    ast.If: _if,
    ast.While: lower_while,
    ast.For: lower_for,
    ast.Try: lower_try,
    ast.With: _with,
    ast.Match: lower_match,
}
"""How each kind of statement is taken apart when an await is in it."""
