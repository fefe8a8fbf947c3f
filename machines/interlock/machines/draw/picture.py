"""What every drawing shows: a machine's states, moves and marks, with identifiers for them."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from interlock.machines.ir import DONE, Edge, Machine, Node

Look = Literal["waiting", "final", "visited", "at"]
"""How a state is marked, from the weakest to the strongest."""

COLOURS: dict[Look, tuple[str, str]] = {
    "waiting": ("#fff4d6", "#b7791f"),
    "final": ("#e8ecf1", "#4a5568"),
    "visited": ("#d9f0e3", "#2f855a"),
    "at": ("#ffb347", "#9c4221"),
}
"""Fill and line of each look; text is black on all of them."""

_WORDS = (
    "as choice class classdef click default direction end fork graph digraph edge node strict "
    "subgraph hide history href join left note of right root scale start state style undo"
)
APART = "apart"
"""The identifier of the frame around how a workflow ends badly."""

APART_TITLE = "on failure or cancellation"

_RESERVED = frozenset(_WORDS.split())
_WAITING = ("approval", "sleep", "wait")


@dataclass(frozen=True)
class Picture:
    """A machine, and where a run is in it.

    Attributes:
        machine: what to draw.
        at: the state the run is in, or the states. One that the machine does not have (`failed`)
            is drawn too.
        visited: states the run has been in.
    """

    machine: Machine
    at: str | Collection[str] | None = None
    visited: Collection[str] = ()

    @cached_property
    def places(self) -> tuple[str, ...]:
        """The states the run is in."""
        at = self.at
        return () if at is None else (at,) if isinstance(at, str) else tuple(at)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The states to draw; a begin that is no state of its own only where a run is there."""
        known = self.machine.nodes
        shown = [node for node in known if node.kind != "initial" or node.id in self.places]
        shown += [Node(id=at, kind="final") for at in self.places if at not in self.machine.by_id]
        return tuple(shown)

    @cached_property
    def ids(self) -> dict[str, str]:
        """An identifier for each state: plain letters, unique, no word of a drawing language."""
        found: dict[str, str] = {}
        taken = {APART}
        for node in self.nodes:
            name = re.sub(r"[^A-Za-z0-9]+", "_", node.id).strip("_") or "state"
            if name[0].isdigit() or name.lower() in _RESERVED:
                name = f"s_{name}"
            number, unique = 2, name
            while unique.lower() in taken:
                unique, number = f"{name}_{number}", number + 1
            taken.add(unique.lower())
            found[node.id] = unique
        return found

    @property
    def begins(self) -> list[tuple[str, str]]:
        """The states entered first, each with what decides on it."""
        first = self.machine.by_id.get(self.machine.initial)
        if self.machine.more:
            return [(state, "") for state in (self.machine.initial, *self.machine.more)]
        if first is not None and (first.kind != "initial" or first.id in self.ids):
            return [(first.id, "")]
        return [
            (edge.target, self.label(edge))
            for edge in self.machine.edges
            if edge.source == self.machine.initial and self._is_drawn(edge)
        ]

    def begins_in(self, node: Node) -> list[tuple[str, str]]:
        """The states entered first inside of a state, each with what decides on it."""
        found: list[tuple[str, str]] = []
        for first in () if node.initial is None else (node.initial, *node.more):
            if first in self.ids:
                found.append((first, ""))
                continue
            edges = (edge for edge in self.machine.edges if edge.source == first)
            found += [(edge.target, self.label(edge)) for edge in edges if self._is_drawn(edge)]
        return found

    @property
    def arrows(self) -> dict[tuple[str, str], list[str]]:
        """What leads from a state to another: one arrow for each pair, with all that it says."""
        found: dict[tuple[str, str], list[str]] = {}
        for edge in self.machine.edges:
            if edge.source in self.ids and not edge.stays and self._is_drawn(edge):
                for target in edge.targets:
                    found.setdefault((edge.source, target), []).append(self.label(edge))
        return {ends: [*dict.fromkeys(filter(None, said))] for ends, said in found.items()}

    def label(self, edge: Edge) -> str:
        """What an arrow says; that a lifecycle's nested states are done is an event of its own."""
        done = "done " if self.machine.kind != "workflow" and edge.event == DONE else ""
        return f"{done}{edge_label(edge)}".rstrip()

    def _is_drawn(self, edge: Edge) -> bool:
        """Leave out what any state can do: fail somehow, be cancelled."""
        if edge.target not in self.ids:
            return False
        before_any_wait = self.machine.by_id[edge.source].kind == "initial"
        if before_any_wait and edge.event == "error" and edge.label.startswith("except TimedOut"):
            return False  # only code that raises it by itself could get there
        if edge.target not in self.apart or edge.source in self.apart:
            return True
        undoes = any(self.machine.by_id[state].kind != "final" for state in self.apart)
        where = self.machine.by_id[edge.target].kind
        explicit = edge.event == "error" and edge.label not in ("", "else")
        said = explicit or _raises(edge)
        return said and (where != "final" or not undoes)

    @cached_property
    def apart(self) -> frozenset[str]:
        """How a workflow ends badly: what is entered only by errors and by being cancelled."""
        if self.machine.kind != "workflow":
            return frozenset()
        found = {node.id for node in self.nodes if node.kind in ("atomic", "final")}
        found &= {edge.target for edge in self.machine.edges} - {"completed"}
        while True:
            entered = {
                edge.target
                for edge in self.machine.edges
                if not _fails(edge) and edge.source not in found
            }
            if not found & entered:
                return frozenset(found)
            found -= entered

    def internal(self, node: Node) -> list[str]:
        """What a state accepts without being left; for the undoing state, what it undoes."""
        if node.id in self.apart and node.kind != "final":
            steps = [step for step in reversed(self.machine.nodes) if step.compensated]
            stays = [step for step in self.machine.nodes if step.irreversible]
            return [f"undo {step.id}" for step in steps] + [f"{s.id} stays" for s in stays]
        if node.irreversible:
            return [f"irreversible: {node.irreversible}"]
        edges = [e for e in self.machine.edges if e.stays and e.source == node.id]
        return [label for label in map(self.label, edges) if label]

    def children(self, parent: str | None) -> list[Node]:
        """The states nested directly in `parent`, or those at the top that are not apart."""
        return [n for n in self.nodes if n.parent == parent and n.id not in self.apart]

    def looks(self, node: Node) -> list[Look]:
        """The marks of a state."""
        looks: list[Look] = []
        if node.kind in _WAITING:
            looks.append("waiting")
        if node.kind == "final":
            looks.append("final")
        if node.id in self.visited and node.id not in self.places:
            looks.append("visited")
        if node.id in self.places:
            looks.append("at")
        return looks


def title(node: Node) -> str:
    """What a state is called inside its parent."""
    if node.kind == "history":
        return "H*" if node.deep else "H"
    return node.id if node.parent is None else node.id.removeprefix(f"{node.parent}/")


def _raises(edge: Edge) -> bool:
    return edge.event == "raise" or edge.event.startswith("raise ")


def _fails(edge: Edge) -> bool:
    """Whether an edge is taken because of an exception, or a cancellation."""
    return edge.event in ("error", "cancel") or _raises(edge)


def edge_label(edge: Edge) -> str:
    """What an arrow says: the event (unless it is just `done`), the condition, the guard."""
    event = {"done": "", "always": "", "error": "on error", "cancel": "on cancel"}.get(
        edge.event, edge.event
    )
    label = edge.label
    if edge.event == "error" and label.startswith("except "):  # which error, not all but that one
        event, label = "", f"on {label.removeprefix('except ').replace(' or except ', ' or on ')}"
    said = ", ".join(part for part in (event, label) if part)
    guard = f"[{edge.guard}]" if edge.guard else ""
    return " ".join(f"{said} {guard}".split())
