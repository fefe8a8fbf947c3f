"""`with phase("research"):` around awaits: the states of the block are named and drawn together."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

import msgspec

from interlock.machines.compiler import refusals
from interlock.machines.compiler.scope import Scope
from interlock.machines.ir import Node
from interlock.machines.phase import phase


def phase_of(item: ast.withitem, scope: Scope) -> str | None:
    """The name of the phase that an item of a `with` statement begins; None for another one.

    Raises:
        CompileError: its name is not written there, or holds a slash.
    """
    called = item.context_expr
    if not isinstance(called, ast.Call) or scope.meaning(called.func) is not phase:
        return None
    given = [*called.args, *(k.value for k in called.keywords)]
    name = given[0].value if len(given) == 1 and isinstance(given[0], ast.Constant) else None
    if not isinstance(name, str) or not name.strip() or "/" in name:
        raise scope.source.refuse(refusals.PHASE_NAME, called)
    return name


def grouped(nodes: Sequence[Node], phases: Mapping[str, int]) -> list[Node]:
    """The states of a workflow, those of a phase in a state of its own.

    Args:
        nodes: in order of the source.
        phases: line of each phase, by its full name.
    """
    found: list[Node] = []
    made: set[str] = set()
    for node in nodes:
        parts = node.id.split("/")
        paths = ["/".join(parts[:count]) for count in range(1, len(parts))]
        inside = [path for path in paths if path in phases]
        if node.parent is not None or not inside:
            found.append(node)
            continue
        for above, path in zip((None, *inside), inside, strict=False):
            if path not in made:
                line, first = phases[path], node.id
                found.append(Node(id=path, kind="compound", parent=above, initial=first, line=line))
                made.add(path)
        found.append(msgspec.structs.replace(node, parent=inside[-1]))
    return found
