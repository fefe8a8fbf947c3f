"""Places, and how they are drawn: those where a run pauses, and those of calls in a join."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from interlock.machines.compiler.blocks import Block
from interlock.machines.compiler.naming import call_names
from interlock.machines.compiler.rewrite import CALLS
from interlock.machines.compiler.sites import Site, Sites
from interlock.machines.compiler.source import Source
from interlock.machines.ir import Node, NodeKind
from interlock.machines.program import Place, PlaceKind

_KINDS: dict[PlaceKind, NodeKind] = {
    "step": "step", "approval": "approval", "sleep": "sleep", "wait": "wait", "received": "wait",
    "join": "parallel", "child": "child", "helper": "compound",
}  # fmt: skip
"""How places are drawn."""


def place_of(
    site: Site, state: str, live: tuple[str, ...] = (), calls: tuple[Place, ...] = ()
) -> Place:
    """What the engine sees of an await, or of a call."""
    program = None if site.helper is None else site.helper.program
    return Place(
        state, site.kind, site.line, live, site.step, site.commands, site.how, calls, program,
        site.child,
    )  # fmt: skip


def node_of(place: Place, site: Site) -> Node:
    """How a place is drawn."""
    step = place.step
    waits_for = step.name if step is not None else site.base.partition(":")[2]
    if place.commands:
        waits_for = ", ".join(command.__name__ for command in place.commands)
    elif place.child is not None:
        waits_for = place.child.name
    return Node(
        id=place.state,
        kind="wait" if place.how == "await" else _KINDS[place.kind],
        waits_for=site.text or waits_for,
        variables=place.live,
        line=place.line,
        compensated=step is not None and step.options.compensate is not None,
        timeout=site.timeout,
        initial=f"{place.state}/start" if place.program is not None else None,
        irreversible="" if step is None else step.options.irreversible,
    )


class CallPlaces:
    """The calls of one workflow that are not awaited on the spot.

    Attributes:
        names: of all of them, in order of the source: what compiled code says by number.
        places: of those that can be reached, by name.
    """

    def __init__(
        self, source: Source, sites: Sites, states: Mapping[Site, str], blocks: Sequence[Block]
    ) -> None:
        every = list(sites.calls.values())
        reached = {every[number] for number in _numbers(blocks)}
        joined = {call for site in states for call in site.calls}
        started = [call for call in every if call in reached and call not in joined]
        self.sites = call_names(source, states, started)
        self.names = tuple(self.sites.get(call, call.base) for call in every)
        self.places: dict[str, Place] = {}
        for call, name in self.sites.items():
            self.places.setdefault(name, place_of(call, name))

    def of(self, site: Site) -> tuple[Place, ...]:
        """The places of a join's calls, each once."""
        return tuple(self.places[name] for name in self._calls(site))

    def drawn(self, site: Site, state: str) -> Iterator[tuple[Place, Node]]:
        """What is drawn inside of a join, under its names there."""
        ends = site.how == "race" and any(call.kind == "sleep" for call in site.calls)
        for name, call in self._calls(site).items():
            inside = name if name.startswith(f"{state}/") else f"{state}/{name}"
            place = dataclasses.replace(self.places[name], state=inside, line=call.line)
            node = node_of(place, call)
            timeout = True if ends and node.timeout is False else node.timeout
            same = [one for one in site.calls if self.sites[one] == name]
            outrun = ends and all(_is_outrun(one, site.calls) for one in same)
            yield (
                place,
                msgspec.structs.replace(node, parent=state, timeout=timeout, outrun=outrun),
            )

    def _calls(self, site: Site) -> dict[str, Site]:
        found: dict[str, Site] = {}
        for call in site.calls:
            found.setdefault(self.sites[call], call)
        return found


def _is_outrun(wait: Site, calls: Sequence[Site]) -> bool:
    """Whether a wait of a race with sleeps is over before it could time out."""
    if wait.kind not in ("wait", "approval"):
        return False
    if wait.timeout is False:
        return True
    naps = [one.limit for one in calls if one.kind == "sleep" and one.limit is not None]
    return wait.limit is not None and bool(naps) and min(naps) < wait.limit


def _numbers(blocks: Sequence[Block]) -> set[int]:
    """The calls that the code of these blocks makes."""
    found: set[int] = set()
    for block in blocks:
        for statement in block.statements:
            for node in ast.walk(statement):
                if isinstance(node, ast.Subscript) and _is_name(node.value):
                    assert isinstance(node.slice, ast.Constant)
                    assert isinstance(node.slice.value, int)
                    found.add(node.slice.value)
    return found


def _is_name(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == CALLS
