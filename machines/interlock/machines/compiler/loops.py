"""Loops around awaits: `for` keeps its sequence and an index, `while` its test."""

from __future__ import annotations

import ast
from collections.abc import Callable

from interlock.machines.compiler.builder import Builder, Loop
from interlock.machines.compiler.expressions import lower
from interlock.machines.compiler.syntax import assign, call, const, load, placed, short, store


def iterate(
    b: Builder,
    target: ast.expr,
    iterable: ast.expr,
    body: Callable[[], None],
    orelse: Callable[[], None] | None = None,
) -> None:
    """Run `body` for each item; the very list is kept, so one that grows is followed."""
    text = short(target, 30)
    hidden = any(isinstance(n, ast.Name) and n.id[0] == "." for n in ast.walk(iterable))
    label = f"for {text}" if hidden else f"for {text} in {short(iterable, 30)}"
    counted = _enumerated(b, iterable)
    sequence, index = b.fresh(f"for {text}"), b.fresh(f"index {text}")
    b.emit(assign(sequence, call(".sequence", counted or iterable)), iterable)
    b.emit(assign(index, const(0)), iterable)
    header, each, done, after = b.block(), b.block(), b.block(), b.block()
    b.jump(header, target)
    b.begin(header)
    test = ast.Compare(load(index), [ast.Lt()], [call(".len", load(sequence))])
    b.branch(placed(test, target), each, done, target, label)
    b.begin(each)
    item: ast.expr = ast.Subscript(load(sequence), load(index), ast.Load())
    if counted is not None:
        item = ast.Tuple([load(index), item], ast.Load())
    _take(b, target, item, index)
    with b.inside(Loop(after, header)):
        body()
    b.jump(header, target)
    b.begin(done)
    if orelse is not None:
        orelse()
    b.jump(after, target)
    b.begin(after)


def _enumerated(b: Builder, iterable: ast.expr) -> ast.expr | None:
    """What `enumerate(...)` counts, which is then kept in its place: it may grow, too."""
    if not isinstance(iterable, ast.Call) or len(iterable.args) != 1 or iterable.keywords:
        return None
    if b.scope.meaning(iterable.func) is not enumerate:
        return None
    return None if isinstance(iterable.args[0], ast.Starred) else iterable.args[0]


def _take(b: Builder, target: ast.expr, item: ast.expr, index: str) -> None:
    """Assign the next item, and count it."""
    count = ast.AugAssign(store(index), ast.Add(), const(1))
    if isinstance(target, ast.Name):
        b.emit(assign(target.id, item), target)
        b.emit(count, target)
        return
    taken = b.fresh(f"item {short(target, 30)}")
    b.emit(assign(taken, item), target)
    b.emit(count, target)
    b.emit(ast.Assign([lower(b, target)], load(taken)), target)


def lower_for(b: Builder, node: ast.For) -> None:
    """A `for` statement around an await."""
    iterable = lower(b, node.iter)
    iterate(b, node.target, iterable, lambda: b.body(node.body), lambda: b.body(node.orelse))


def lower_while(b: Builder, node: ast.While) -> None:
    """A `while` statement around an await; its test is evaluated on every turn."""
    header, each, done, after = b.block(), b.block(), b.block(), b.block()
    b.jump(header, node)
    b.begin(header)
    b.branch(lower(b, node.test), each, done, node.test, short(node.test))
    b.begin(each)
    with b.inside(Loop(after, header)):
        b.body(node.body)
    b.jump(header, node)
    b.begin(done)
    b.body(node.orelse)
    b.jump(after, node)
    b.begin(after)
