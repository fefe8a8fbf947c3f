"""`try` around awaits: handlers are blocks, the completion of a `finally` is a variable."""

from __future__ import annotations

import ast

from interlock.machines.compiler.blocks import CAUGHT, Block, Jump, Label, Reraise
from interlock.machines.compiler.builder import Builder, Finally, Named, enter_finally
from interlock.machines.compiler.expressions import lower
from interlock.machines.compiler.syntax import (
    assign,
    call,
    const,
    either,
    forget,
    load,
    placed,
    short,
)


def lower_try(b: Builder, node: ast.Try) -> None:
    """A `try` statement of any form."""
    if not node.finalbody:
        _try_except(b, node)
    elif node.handlers:
        _try_finally(b, node, lambda: _try_except(b, node))
    else:
        _try_finally(b, node, lambda: b.body(node.body))


def _enter(b: Builder, at: ast.AST) -> None:
    """Begin a new block of the current region."""
    block = b.block()
    b.jump(block, at)
    b.begin(block)


def _try_except(b: Builder, node: ast.Try) -> None:
    error = b.fresh("handled")
    after = b.block()
    with b.region(b.handler, error):
        entry = b.block()
    with b.region(entry, b.active):
        _enter(b, node)
        b.body(node.body)
    _enter(b, node)
    b.body(node.orelse)
    b.jump(after, node)
    b.begin(entry)
    with b.region(b.handler, error):
        b.emit(assign(error, load(CAUGHT)), node)
        for handler in node.handlers:
            _handler(b, handler, error, after)
        b.emit(Reraise(error), node)
    b.begin(after)


def _handler(b: Builder, node: ast.ExceptHandler, error: str, after: Block) -> None:
    chosen, other = b.block(), b.block()
    if node.type is None:
        b.jump(chosen, node, Label("except"))
    else:
        text = f"except {short(node.type, 50)}"
        test = call(".matches", load(error), lower(b, node.type))
        yes, no = Jump(chosen, Label(text)), Jump(other)
        b.emit(either(placed(test, node), [yes], [no]), node)
    b.begin(chosen)
    if node.name is None:
        b.body(node.body)
    else:
        _named_handler(b, node, node.name, error)
    b.jump(after, node)
    b.begin(other)


def _named_handler(b: Builder, node: ast.ExceptHandler, name: str, error: str) -> None:
    b.emit(assign(name, load(error)), node)
    if b.handler is None:  # nothing could see the name when an exception leaves this handler
        with b.inside(Named(name)):
            b.body(node.body)
    else:
        raised = b.fresh("handled")
        with b.region(b.handler, raised):
            cleanup = b.block()
        with b.region(cleanup, error), b.inside(Named(name)):
            _enter(b, node)
            b.body(node.body)
        behind = b.block()
        b.jump(behind, node)
        b.begin(cleanup)
        for statement in (assign(raised, load(CAUGHT)), *forget(name), Reraise(raised)):
            b.emit(statement, node)
        b.begin(behind)
    for statement in forget(name):
        b.emit(statement, node)


def _try_finally(b: Builder, node: ast.Try, body: object) -> None:
    error, how, value = b.fresh("finally error"), b.fresh("finally"), b.fresh("finally value")
    with b.region(b.handler, error):
        entry, catch = b.block(), b.block()
    context = Finally(entry, how, value, error, b.active)
    after, at = b.block(), node.finalbody[0]
    with b.region(catch, b.active), b.inside(context):
        _enter(b, node)
        assert callable(body)
        body()
    for statement in enter_finally(context, "next"):
        b.emit(statement, at)
    b.begin(catch)
    b.emit(assign(error, load(CAUGHT)), at)
    b.emit(assign(how, const("raise")), at)
    b.jump(entry, at)
    b.begin(entry)
    with b.region(b.handler, error):
        b.body(node.finalbody)
        _dispatch(b, context, after, at)
    b.begin(after)


def _dispatch(b: Builder, context: Finally, after: Block, at: ast.AST) -> None:
    """Behind a `finally`: go on as its completion says."""

    def when(kind: str) -> ast.Compare:
        return ast.Compare(load(context.how), [ast.Eq()], [const(kind)])

    b.emit(either(when("raise"), [Reraise(context.error)], []), at)
    for kind in ("return", "break", "continue"):
        if kind in context.kinds:
            value = load(context.value) if kind == "return" else None
            b.emit(either(when(kind), b.leave(kind, value, at), []), at)
    b.jump(after, at)
