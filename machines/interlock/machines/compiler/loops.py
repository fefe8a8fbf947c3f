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
    sequence = b.fresh(f"for {text}")
    index = b.fresh(f"index {text}")
    b.emit(assign(sequence, call(".sequence", iterable)), iterable)
    b.emit(assign(index, const(0)), iterable)
    header, each, done, after = b.block(), b.block(), b.block(), b.block()
    b.jump(header, target)
    b.begin(header)
    test = ast.Compare(load(index), [ast.Lt()], [call(".len", load(sequence))])
    loop_text = f"for {text} in {short(iterable, 30)}"
    hidden = any(isinstance(n, ast.Name) and n.id[0] == "." for n in ast.walk(iterable))
    b.branch(placed(test, target), each, done, target, f"for {text}" if hidden else loop_text)
    b.begin(each)
    item = ast.Subscript(load(sequence), load(index), ast.Load())
    take = b.fresh(f"item {text}") if not isinstance(target, ast.Name) else target.id
    b.emit(assign(take, item), target)
    b.emit(ast.AugAssign(store(index), ast.Add(), const(1)), target)
    if not isinstance(target, ast.Name):
        b.emit(ast.Assign([lower(b, target)], load(take)), target)
    with b.inside(Loop(after, header)):
        body()
    b.jump(header, target)
    b.begin(done)
    if orelse is not None:
        orelse()
    b.jump(after, target)
    b.begin(after)


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
