"""Where an exception can begin, as far as a drawing needs to know: the quiet code apart."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence

from interlock.machines.compiler.blocks import Block, Jump, Pause
from interlock.machines.compiler.expressions import is_call_name, is_made
from interlock.machines.compiler.liveness import Names
from interlock.machines.compiler.syntax import walk_scope


def unsure(
    blocks: Sequence[Block], live: Mapping[Block, Names], parameters: Collection[str]
) -> frozenset[str]:
    """The variables that may be read unbound: deleted ones, those assigned on some paths."""
    nodes = walk_scope(*(statement for block in blocks for statement in block.statements))
    deleted = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Del)}
    return (live[blocks[0]] - set(parameters)) | deleted


def unassigned(
    live: Names, variables: Collection[str], parameters: Collection[str]
) -> frozenset[str]:
    """The author's variables that some path reads before it has assigned them.

    Args:
        live: what the first block reads, itself or behind it.
    """
    return frozenset(live & set(variables) - set(parameters))


class MayRaise:
    """Tells of blocks whether an exception can begin in them (one thrown in at an await apart).

    Args:
        unsure: the variables that may be unbound where they are read.
    """

    def __init__(self, unsure: Collection[str]) -> None:
        self._unsure = unsure
        self._known: dict[Block, bool] = {}

    def begins(self, block: Block) -> bool:
        """Whether one can begin in there."""
        if block not in self._known:
            self._known[block] = any(self._raises(node) for node in block.statements)
        return self._known[block]

    def _raises(self, node: ast.stmt) -> bool:
        if isinstance(node, (Jump, ast.Pass)):
            return False
        if isinstance(node, Pause):
            values = [*node.call.args, *(k.value for k in node.call.keywords)]
            return not all(self._is_quiet_argument(value) for value in values)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            return not self._is_quiet(node.value) and not _internal(node)
        if isinstance(node, ast.If):
            quiet = self._is_quiet(node.test) or _internal(node.test)
            return not quiet or any(self._raises(child) for child in (*node.body, *node.orelse))
        if isinstance(node, ast.Return):
            return node.value is not None and not self._is_quiet(node.value)
        if isinstance(node, ast.AugAssign):
            return not _internal(node)
        return True

    def _is_quiet(self, node: ast.expr) -> bool:
        """Whether it is a constant, or a variable that is surely bound."""
        if isinstance(node, ast.Name):
            return node.id not in self._unsure
        return isinstance(node, ast.Constant)

    def _is_quiet_argument(self, node: ast.expr) -> bool:
        """Whether evaluating what is handed to an await surely raises nothing."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            values = [*node.args, *(keyword.value for keyword in node.keywords)]
            if is_made(node):
                return all(is_call_name(v) or self._is_quiet_argument(v) for v in values)
            return node.func.id == "timedelta" and all(isinstance(v, ast.Constant) for v in values)
        return isinstance(node, ast.Lambda) or self._is_quiet(node)


def _internal(node: ast.AST) -> bool:
    """Whether only variables of the compiler are read: the turns of a loop, a completion."""
    names = [n for n in walk_scope(node) if isinstance(n, ast.Name)]
    loads = [n.id for n in names if isinstance(n.ctx, ast.Load)]
    return bool(loads) and all(name.startswith(".") for name in loads)
