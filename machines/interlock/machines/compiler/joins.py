"""Joins: awaits of several calls, or of one that was started before."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from interlock.machines import fanout
from interlock.machines.compiler import refusals
from interlock.machines.compiler.helpers import is_helper
from interlock.machines.compiler.noted import token_of
from interlock.machines.compiler.scope import LOCAL, Scope
from interlock.machines.compiler.syntax import short, walk_scope
from interlock.machines.compose import parallel, race, settle
from interlock.machines.program import Join
from interlock.machines.step import Step
from interlock.machines.workflow import Workflow

if TYPE_CHECKING:  # which asks here what a join is
    from interlock.machines.compiler.sites import Site, Sites

_HOW: dict[int, Join] = {
    id(parallel): "parallel", id(settle): "settle", id(race): "race",
    id(fanout.each): "each", id(asyncio.gather): "gather",
}  # fmt: skip
_TAKING = frozenset({"pop", "popleft", "get"})
_DISPLAYS = (ast.List, ast.Tuple, ast.Set)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp)
_LISTING: tuple[object, ...] = (list, tuple, set)
_LONGEST = 60


def how(target: object) -> Join | None:
    """What a function does with its calls, if it is one that joins."""
    return _HOW.get(id(target))


def takes_handle(called: ast.Call, scope: Scope) -> bool:
    """Whether a call takes something out of a container of the author's: `handles.pop()`."""
    function = called.func
    return (
        isinstance(function, ast.Attribute)
        and function.attr in _TAKING
        and scope.meaning(function.value) is LOCAL
    )


def is_held(node: ast.expr, scope: Scope) -> bool:
    """Whether an expression is a value that the workflow holds, as far as can be seen."""
    names = [n.id for n in walk_scope(node) if isinstance(n, ast.Name)]
    return any(scope.is_local(name) or name in scope.inner for name in names)


def is_inner(node: ast.expr, scope: Scope) -> bool:
    """Whether a name is one that a comprehension binds."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in scope.inner


def site(sites: Sites, called: ast.Call, how: Join) -> Site:
    """The site of an awaited join; its calls become known to `sites`."""
    named = any(keyword.arg for keyword in called.keywords)
    if how in ("parallel", "settle", "race") and called.args and named:
        raise sites.refuse(refusals.MIXED_CALLS, called, name=short(called.func))
    words: dict[str, None] = {}
    calls: list[Site] = []
    for name, argument in _arguments(called, how):
        found = _each(sites, argument) if how == "each" else list(members(sites, argument))
        calls += found
        text = short(argument, 30).lstrip("*")
        words |= dict.fromkeys([name] if name else [_word(c.base) for c in found] or [text])
    made = joined(how, called.lineno, calls, list(words))
    collects = how == "settle" or _collects(called)
    groups = how in ("parallel", "race") and _are_several(called)
    return replace(made, collects=collects, groups=groups)


def joined(how: Join, line: int, calls: Sequence[Site], words: Sequence[str] = ()) -> Site:
    """The site of a wait for these calls, called as they are unless there are other words."""
    from interlock.machines.compiler.sites import Site  # it asks here

    said = list(words) or list(dict.fromkeys(_word(found.base) for found in calls))
    base, text = f"{how}:{_joined(said)}", ", ".join(said)
    return Site("join", base, line, how=how, calls=tuple(calls), text=text, groups=how == "tasks")


def _are_several(called: ast.Call) -> bool:
    starred = any(isinstance(argument, ast.Starred) for argument in called.args)
    unpacked = any(keyword.arg is None for keyword in called.keywords)
    return starred or unpacked or len(called.args) + len(called.keywords) > 1


def _collects(called: ast.Call) -> bool:
    """Whether the errors of the calls are asked for as values."""
    asked = {"on_error": "collect", "return_exceptions": True}
    return any(
        keyword.arg in asked
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value == asked[keyword.arg]
        for keyword in called.keywords
    )


def _arguments(called: ast.Call, how: Join) -> Iterator[tuple[str, ast.expr]]:
    """The arguments that are calls, or hold some, with their keywords."""
    positional = called.args[:1] if how == "each" else called.args
    for argument in positional:
        yield "", argument
    for keyword in called.keywords if how in ("parallel", "settle", "race") else ():
        yield keyword.arg or "", keyword.value


def _each(sites: Sites, node: ast.expr) -> list[Site]:
    if isinstance(node, ast.Lambda) and isinstance(node.body, ast.Call):
        return [sites.member(node.body)]
    named = sites.named(node)
    if named is not None:
        return [named]
    found = list(members(sites, node))
    if isinstance(node, (ast.Lambda, ast.Call)) and not found:
        raise sites.refuse(refusals.EACH_OF, node)
    return found


def members(sites: Sites, node: ast.expr) -> Iterator[Site]:
    """The calls at the places of an expression that its value is made of."""
    if isinstance(node, ast.Call):
        if sites.is_known(node):
            yield sites.member(node)
            return
        for argument in node.args:
            passed = sites.target(argument)
            if isinstance(passed, Step | Workflow) or is_helper(passed):
                raise sites.refuse(refusals.STEP_AS_VALUE, node, name=short(argument))
    for part in _parts(sites, node):
        yield from members(sites, part)


def _parts(sites: Sites, node: ast.expr) -> Sequence[ast.expr]:
    if isinstance(node, ast.Call):
        listed = any(sites.target(node.func) is kind for kind in _LISTING)
        return node.args if listed else []
    if isinstance(node, _DISPLAYS):
        return node.elts
    if isinstance(node, _COMPREHENSIONS):
        return [node.elt]
    if isinstance(node, ast.Starred):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, ast.Dict):
        return node.values
    if isinstance(node, ast.DictComp):
        return [node.value]
    return []


def counted(
    sites: Sites, node: ast.Await | ast.AsyncWith, site: Site
) -> Iterator[tuple[Site, int, int]]:
    """The calls that a join makes: at most once or more often (2), and surely or not (0)."""
    if isinstance(node, ast.AsyncWith):
        for statement in node.body:
            yield from _made(sites, statement, 1, 1)
        return
    if site.how in (None, "await"):
        return
    assert isinstance(node.value, ast.Call)
    limits = [k.value for k in node.value.keywords if k.arg == "concurrency"]
    one = any(isinstance(limit, ast.Constant) and limit.value == 1 for limit in limits)
    most = 2 if site.how == "each" and not one else 1
    for _, argument in _arguments(node.value, site.how):
        yield from _made(sites, argument, most, 1)


def _made(sites: Sites, node: ast.AST, most: int, surely: int) -> Iterator[tuple[Site, int, int]]:
    token = token_of(node) if isinstance(node, ast.expr) else ()
    if token in sites.calls:
        yield sites.calls[token], most, surely
        return
    if isinstance(node, (ast.IfExp, ast.If)):
        branches: list[dict[Site, tuple[int, int]]] = []
        for branch in (node.body, node.orelse):
            made: dict[Site, tuple[int, int]] = {}
            for inner in branch if isinstance(branch, list) else [branch]:
                made |= {call: (m, s) for call, m, s in _made(sites, inner, most, surely)}
            branches.append(made)
        for call in {**branches[0], **branches[1]}:
            both = [branch[call] for branch in branches if call in branch]
            yield call, max(m for m, _ in both), 0
        return
    if isinstance(node, (*_COMPREHENSIONS, ast.DictComp, ast.For, ast.While)):
        most = 2
    for child in ast.iter_child_nodes(node):
        yield from _made(sites, child, most, surely)


def _word(base: str) -> str:
    """What a call is called in the name of its join."""
    kind, colon, rest = base.partition(":")
    return rest if colon and kind in ("wait", "approval", "received") else base


def _joined(words: Sequence[str]) -> str:
    """The words of a state's name, the last ones counted when they are too many."""
    for shown in range(len(words), 0, -1):
        left = len(words) - shown
        text = "+".join(words[:shown]) + (f"+{left} more" if left else "")
        if len(text) <= _LONGEST:
            return text
    return "+".join(words)[:_LONGEST]
