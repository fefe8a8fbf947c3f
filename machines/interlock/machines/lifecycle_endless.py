"""A lifecycle must come to rest: no `always` without a guard may lead back to itself."""

from __future__ import annotations

from interlock.machines.ir import Machine
from interlock.machines.kernel import endless
from interlock.machines.lifecycle_check import refuse
from interlock.machines.lifecycle_declared import Declared


def check_endless(machine: Machine, top: Declared) -> None:
    """Raise for a chain that never ends.

    Raises:
        BadDefinition: with the file and line of one of its transitions.
    """
    edge = endless(machine)
    if edge is None:
        return
    what = (
        f"{edge.id!r} follows by itself for ever: it is always taken again; "
        "give one of the `always` on its way a guard"
    )
    name = edge.id.rpartition(".")[2]
    for level in top.levels():
        if name in level.methods and edge.source.startswith(level.parent or ""):
            raise refuse(level.methods[name], what, edge.line)
    raise refuse(top.owner, what)
