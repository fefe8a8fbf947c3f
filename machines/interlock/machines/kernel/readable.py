"""A configuration in words: `trial`, `active/paid`, `active(billing/paid, access/full)`."""

from __future__ import annotations

from collections.abc import Iterable

from interlock.machines.ir import Machine


def readable(machine: Machine, active: Iterable[str]) -> str:
    """The active states as one line: a state, then `/` and what is active in it, or its regions.

    Args:
        machine: the graph.
        active: names of the active states, the outer ones included; the inner ones would do.
    """
    by_id = machine.by_id
    wanted: dict[str, None] = {}
    for name in active:
        place: str | None = name
        while place is not None and place not in wanted:
            wanted[place] = None
            place = by_id[place].parent if place in by_id else None
    below: dict[str | None, list[str]] = {}
    for node in machine.nodes:
        if node.id in wanted:
            below.setdefault(node.parent, []).append(node.id)
    found = [_words(name, None, below) for name in below.get(None, ())]
    return ", ".join(found) or ", ".join(wanted)


def _words(name: str, parent: str | None, below: dict[str | None, list[str]]) -> str:
    own = name if parent is None else name.removeprefix(f"{parent}/")
    inner = [_words(child, name, below) for child in below.get(name, ())]
    if not inner:
        return own
    return f"{own}/{inner[0]}" if len(inner) == 1 else f"{own}({', '.join(inner)})"
