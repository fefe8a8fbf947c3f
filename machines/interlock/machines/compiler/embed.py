"""A helper's machine as a part of its caller's: nested states, named below the caller's own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from interlock.machines.compiler.naming import ENDS
from interlock.machines.compiler.source import Source
from interlock.machines.ir import Edge, Node, Text
from interlock.machines.program import Place


@dataclass(frozen=True, slots=True)
class Part:
    """What a helper adds to its caller's machine."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    commands: tuple[str, ...]
    texts: tuple[Text, ...]


def embedded(place: Place, source: Source) -> Part:
    """The states and moves of the helper at a place, below that place.

    How it ends badly is said by the edges that leave the place as a whole.

    Args:
        place: where it is awaited.
        source: of the caller.
    """
    assert place.program is not None
    machine, state = place.program.machine, place.state
    gone = frozenset(ENDS[1:])
    file = "" if machine.file == source.file else machine.file
    nodes = tuple(_below(node, state, file) for node in machine.nodes if node.id not in gone)
    edges = tuple(_moved(edge, state) for edge in machine.edges if edge.target not in gone)
    own = Text(machine.file, machine.line, machine.source)
    texts = machine.helpers if machine.source in source.text else (own, *machine.helpers)
    return Part(nodes, edges, machine.commands, texts)


def _below(node: Node, state: str, file: str) -> Node:
    return msgspec.structs.replace(
        node,
        id=f"{state}/{node.id}",
        file=node.file or file,
        parent=state if node.parent is None else f"{state}/{node.parent}",
        initial=None if node.initial is None else f"{state}/{node.initial}",
    )


def _moved(edge: Edge, state: str) -> Edge:
    how = edge.id.removeprefix(f"{edge.source} -> {edge.target}")
    source, target = f"{state}/{edge.source}", f"{state}/{edge.target}"
    identity = f"{source} -> {target}{how}"
    return msgspec.structs.replace(edge, id=identity, source=source, target=target)


def combined(body: str, places: Sequence[Place], values: Mapping[str, str] | None = None) -> str:
    """The digest of a function, of all the helpers that it awaits, and of classes of values."""
    parts = [f"{p.state}={p.program.machine.body}" for p in places if p.program is not None]
    parts += [f"{name}: {shape}" for name, shape in (values or {}).items()]
    if not parts:
        return body
    return hashlib.sha256(";".join([body, *parts]).encode()).hexdigest()[:16]
