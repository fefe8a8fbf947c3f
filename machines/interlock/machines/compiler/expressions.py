"""Awaits nested in expressions: moved out in front, in Python's order of evaluation."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from interlock.machines.compiler.builder import Builder
from interlock.machines.compiler.scope import COMPREHENSIONS
from interlock.machines.compiler.syntax import assign, call, holds, load, placed, short, walk_scope


def has_await(node: ast.AST) -> bool:
    """Whether there is an await at or below a node."""
    return holds(node, ast.Await)


def lower(b: Builder, node: ast.expr) -> ast.expr:
    """An expression of the same value without awaits; what comes before is written out."""
    if not has_await(node):
        return node
    special = SPECIAL.get(type(node))
    return special(b, node) if special is not None else _in_order(b, node)


@dataclass(frozen=True, slots=True)
class _Slot:
    """A place in a node where a part of it stands."""

    owner: ast.AST
    field: str
    index: int | None = None

    def get(self) -> ast.expr:
        held: Any = getattr(self.owner, self.field)
        found: ast.expr = held if self.index is None else held[self.index]
        return found

    def put(self, value: ast.expr) -> None:
        if self.index is None:
            setattr(self.owner, self.field, value)
        else:
            getattr(self.owner, self.field)[self.index] = value


def _list(owner: ast.AST, field: str) -> Iterator[_Slot]:
    for index, item in enumerate(getattr(owner, field)):
        if item is not None:
            yield _Slot(owner, field, index)


def _slots(node: ast.AST) -> Iterator[_Slot]:
    """The parts of a (freshly copied) node in the order in which Python evaluates them."""
    if isinstance(node, ast.Dict):
        for index, key in enumerate(node.keys):
            if key is not None:
                yield _Slot(node, "keys", index)
            yield _Slot(node, "values", index)
    elif isinstance(node, ast.Call):
        yield _Slot(node, "func")
        yield from _list(node, "args")
        for keyword in node.keywords:
            yield _Slot(keyword, "value")
    elif isinstance(node, COMPREHENSIONS):
        yield _Slot(node.generators[0], "iter")
    else:
        for field, value in ast.iter_fields(node):
            if isinstance(value, list):
                if all(isinstance(item, ast.expr) for item in value):  # pyright: ignore[reportUnknownVariableType]  # ast fields are untyped
                    yield from _list(node, field)
            elif isinstance(value, ast.expr):
                yield _Slot(node, field)


def duplicate(node: ast.expr) -> ast.expr:
    """A copy whose parts can be exchanged without changing the author's tree."""
    made = copy.copy(node)
    for field, value in ast.iter_fields(node):
        if isinstance(value, list):
            items: list[object] = [
                copy.copy(item) if isinstance(item, (ast.keyword, ast.comprehension)) else item
                for item in value  # pyright: ignore[reportUnknownVariableType]  # ast fields are untyped
            ]
            setattr(made, field, items)
    return made


def _in_order(b: Builder, node: ast.expr, *, skip: int = 0) -> ast.expr:
    made = duplicate(node)
    slots = list(_slots(made))[skip:]
    last = max((i for i, slot in enumerate(slots) if has_await(slot.get())), default=-1)
    for i, slot in enumerate(slots[: last + 1]):
        part = lower(b, slot.get())
        if i < last:
            later = [other.get() for other in slots[i + 1 : last + 1]]
            callee = isinstance(made, ast.Call) and slot.field == "func"
            part = _keep(b, part, later, callee=callee)
        slot.put(part)
    return made


def _keep(
    b: Builder, part: ast.expr, later: Sequence[ast.expr], *, callee: bool = False
) -> ast.expr:
    """A part whose value is settled before `later` parts are evaluated."""
    if isinstance(part, (ast.Constant, ast.Lambda)) or is_call_name(part):
        return part
    if is_made(part):  # what it is made of is settled; it is made when all of them are
        made = duplicate(part)
        for slot in list(_slots(made))[1:]:
            slot.put(_keep(b, slot.get(), later))
        return made
    if isinstance(part, ast.Name):
        rebound = any(part.id in _assigned(other) for other in later)
        return b.temporary(part) if rebound else part
    if isinstance(part, ast.Attribute):
        if callee or (_is_path(part) and (_is_global(b, part) or not _has_effect(later))):
            made = duplicate(part)
            assert isinstance(made, ast.Attribute)
            made.value = _keep(b, part.value, later, callee=callee and not _is_path(part))
            return made
        return b.temporary(part)
    if isinstance(part, ast.Starred):
        return placed(ast.Starred(b.temporary(ast.List([part], ast.Load())), ast.Load()), part)
    if isinstance(part, ast.Slice):
        made = duplicate(part)
        for slot in _slots(made):
            slot.put(_keep(b, slot.get(), later))
        return made
    if isinstance(part, ast.FormattedValue):
        text = b.temporary(placed(ast.JoinedStr([part]), part))
        return placed(ast.FormattedValue(text, -1, None), part)
    return b.temporary(part)


def is_call_name(node: ast.expr) -> bool:
    """Whether it is the name of a call's place."""
    held = node.value if isinstance(node, ast.Subscript) else None
    return isinstance(held, ast.Name) and held.id == ".calls"


def is_made(node: ast.expr) -> bool:
    """Whether it makes a `Call`."""
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == ".made"
    )


def _is_path(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _is_global(b: Builder, node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and not (node.id[0] == "." or b.scope.is_local(node.id))


def _assigned(node: ast.AST) -> set[str]:
    found = (n.target for n in walk_scope(node) if isinstance(n, ast.NamedExpr))
    return {target.id for target in found}


def _has_effect(nodes: Sequence[ast.expr]) -> bool:
    """Whether evaluating could change an object: any call but an awaited one, any assignment."""
    awaited = {id(n.value) for node in nodes for n in walk_scope(node) if isinstance(n, ast.Await)}
    return any(
        isinstance(n, ast.NamedExpr) or (isinstance(n, ast.Call) and id(n) not in awaited)
        for node in nodes
        for n in walk_scope(node)
    )


def awaited_call(b: Builder, node: ast.Await) -> ast.Call:
    """The call of an await, its arguments free of awaits."""
    how = b.sites.of(node).how
    if how == "await":
        held = call(".handle", lower(b, node.value))
        return placed(call(".call", held), node)
    assert isinstance(node.value, ast.Call)
    made = _in_order(b, node.value, skip=1)
    assert isinstance(made, ast.Call)
    made.func = placed(load(".each" if how == "each" else ".call"), node)
    return made


def _await(b: Builder, node: ast.Await) -> ast.expr:
    site = b.sites.of(node)
    call = awaited_call(b, node)
    name = b.fresh("part")
    b.pause(site, call, ast.Name(name, ast.Store()), node)
    return placed(load(name), node)


def _conditional(b: Builder, node: ast.IfExp) -> ast.expr:
    if not has_await(node.body) and not has_await(node.orelse):
        return _in_order(b, node)
    then, other, after = b.block(), b.block(), b.block()
    text, name = short(node.test), b.fresh("part")
    b.branch(lower(b, node.test), then, other, node, text)
    for block, value in ((then, node.body), (other, node.orelse)):
        b.begin(block)
        b.emit(assign(name, lower(b, value)), value)
        b.jump(after, value)
    b.begin(after)
    return placed(load(name), node)


def _and_or(b: Builder, node: ast.BoolOp) -> ast.expr:
    if not any(has_await(value) for value in node.values[1:]):
        return _in_order(b, node)
    after, name = b.block(), b.fresh("part")
    for i, value in enumerate(node.values):
        b.emit(assign(name, lower(b, value)), value)
        if i == len(node.values) - 1:
            b.jump(after, node)
            break
        following, text = b.block(), short(value)
        yes, no = (following, after) if isinstance(node.op, ast.And) else (after, following)
        b.branch(placed(load(name), value), yes, no, value, text)
        b.begin(following)
    b.begin(after)
    return placed(load(name), node)


def _compare(b: Builder, node: ast.Compare) -> ast.expr:
    if not any(has_await(value) for value in node.comparators[1:]):
        return _in_order(b, node)
    after, name = b.block(), b.fresh("part")
    left = _keep(b, lower(b, node.left), node.comparators)
    for i, (op, right) in enumerate(zip(node.ops, node.comparators, strict=True)):
        following = b.block()
        right = lower(b, right)
        final = i == len(node.ops) - 1
        if not final:
            right = _keep(b, right, node.comparators[i + 1 :])
        b.emit(assign(name, placed(ast.Compare(left, [op], [right]), node)), node)
        if final:
            b.jump(after, node)
        else:
            b.branch(placed(load(name), node), following, after, node)
            b.begin(following)
        left = right
    b.begin(after)
    return placed(load(name), node)


def _walrus(b: Builder, node: ast.NamedExpr) -> ast.expr:
    if isinstance(node.value, ast.Await):
        site, call = b.sites.of(node.value), awaited_call(b, node.value)
        b.pause(site, call, node.target, node)
    else:
        b.emit(ast.Assign([node.target], lower(b, node.value)), node)
    return placed(load(node.target.id), node)


def _comprehension(b: Builder, node: ast.ListComp | ast.SetComp | ast.DictComp) -> ast.expr:
    from interlock.machines.compiler.comprehensions import lower_comprehension  # it lowers parts

    parts: list[ast.AST] = [*node.generators[0].ifs, *node.generators[1:]]
    parts += [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    if any(has_await(part) for part in parts):
        return lower_comprehension(b, node)
    return _in_order(b, node)


SPECIAL: dict[type[ast.expr], Callable[[Builder, Any], ast.expr]] = {
    ast.Await: _await,
    ast.IfExp: _conditional,
    ast.BoolOp: _and_or,
    ast.Compare: _compare,
    ast.NamedExpr: _walrus,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
}
"""How expressions are lowered that do not evaluate all of their parts in order."""
