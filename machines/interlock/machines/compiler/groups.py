"""`async with asyncio.TaskGroup() as group:` whose block makes tasks and awaits nothing."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from interlock.machines.compiler import joins, refusals
from interlock.machines.compiler.scope import Scope
from interlock.machines.compiler.syntax import NESTED, call, load, placed, short, store, walk_scope

if TYPE_CHECKING:  # which asks here
    from interlock.machines.compiler.sites import Site, Sites

GROUP = ".tasks"
"""Makes what a group is in a run."""


def is_group(node: ast.With | ast.AsyncWith, scope: Scope) -> bool:
    """Whether a block is that of a group."""
    called = node.items[0].context_expr
    return isinstance(called, ast.Call) and scope.meaning(called.func) is asyncio.TaskGroup


def site(sites: Sites, node: ast.AsyncWith) -> Site:
    """The site of the wait at the end of the block; its calls become known to `sites`.

    Raises:
        CompileError: the block does more than to make tasks.
    """
    target = node.items[0].optional_vars
    name = target.id if isinstance(target, ast.Name) else ""
    made = list(_made(node.body, name))
    why = _why_not(node, name, made)
    if why is not None:
        what = f"{short(node.items[0])}` {why}"
        raise sites.refuse(refusals.TASK_GROUP, node, name=what, group=name or "group")
    calls = [sites.member(task) for task in made]
    return joins.joined("tasks", node.lineno, calls)


def _made(body: Sequence[ast.stmt], name: str) -> Iterator[ast.Call]:
    """The calls that are handed to `create_task`."""
    for node in walk_scope(*body):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            group, given = node.func.value, node.args
            named = isinstance(group, ast.Name) and group.id == name
            if named and node.func.attr == "create_task" and len(given) == 1:
                yield from (task for task in given if isinstance(task, ast.Call))


def _why_not(node: ast.AsyncWith, name: str, made: Sequence[ast.Call]) -> str | None:
    """What is in the way, None for nothing."""
    inside = list(walk_scope(*node.body))
    used = [n for child in node.body for n in ast.walk(child) if _is_name(n, name)]
    if len(node.items) > 1 or not name:
        return "is not written by itself, with `as` and a name"
    if not made:
        return "makes no task of a call"
    if any(isinstance(n, (ast.Await, ast.AsyncWith, ast.AsyncFor)) for n in inside):
        return "awaits something in its block"
    if any(isinstance(n, ast.Return) for n in inside) or _jumps(node.body):
        return "is left by a return, break or continue"
    if len(used) > len(made):
        return f"uses {name} for something else than `{name}.create_task(f(x))`"
    return None


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _jumps(body: Sequence[ast.stmt]) -> bool:
    """Whether a statement leaves the block for the next turn, or the end, of a loop around it."""
    for node in body:
        if isinstance(node, (ast.Break, ast.Continue)):
            return True
        if isinstance(node, (ast.For, ast.While)):
            if _jumps(node.orelse):
                return True
            continue
        if not isinstance(node, NESTED) and any(map(_jumps, _blocks(node))):
            return True
    return False


def _blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    for part in ("body", "orelse", "finalbody"):
        yield getattr(node, part, [])
    for part in ("handlers", "cases"):
        yield from (inner.body for inner in getattr(node, part, ()))


def written(node: ast.AsyncWith) -> list[ast.stmt]:
    """The block, and behind it an await of the calls at the place of the whole."""
    target = node.items[0].optional_vars
    assert isinstance(target, ast.Name)

    def method(name: str) -> ast.Call:
        return ast.Call(ast.Attribute(load(target.id), name, ast.Load()), [], [])

    wait = ast.Await(call(GROUP, ast.Starred(method("take"), ast.Load())))
    outcomes = ast.Attribute(load(target.id), "outcomes", ast.Store())
    made: list[ast.stmt] = [
        ast.Assign([store(target.id)], call(GROUP)),
        ast.With([ast.withitem(load(target.id), None)], node.body, None),
        ast.Assign([outcomes], wait),
        ast.Expr(method("end")),
    ]
    return [placed(statement, node) for statement in made]
