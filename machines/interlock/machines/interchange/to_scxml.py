"""A machine as SCXML, the W3C's language for statecharts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import msgspec

from interlock.machines.duration import duration
from interlock.machines.interchange.conditions import read_condition
from interlock.machines.interchange.identities import named_edges
from interlock.machines.interchange.leftover import LeftOut, Unconvertible, hand_over
from interlock.machines.interchange.reserved import is_internal, is_timer
from interlock.machines.interchange.scxml_words import (
    OURS,
    SCXML,
    Words,
    from_delay,
    pack,
    to_delay,
    writable,
)
from interlock.machines.ir import ALWAYS, DONE, Edge, Machine, Node

_TAGS = {"final": "final", "parallel": "parallel", "history": "history"}


def to_scxml(machine: Machine, *, left_out: list[LeftOut] | None = None) -> str:
    """The document that describes a machine; `from_scxml` reads the same machine back.

    States, transitions, events, guards by name, histories, parallel and final states are in the
    W3C's words, `after` as the delayed event of a state (sent on entry, cancelled on exit). What
    SCXML has no word for stands in attributes of a namespace of its own, which other programs
    pass over; with them the machine that is read back has the same hash. Places in source files
    are not written.

    Args:
        machine: of any kind.
        left_out: gets what other programs will not know: which branch a workflow's code takes,
            what waits and effects do; and the transitions out of a final state, which are never
            taken and are not written.

    Raises:
        NotCarriedOver: there is such a thing, and `left_out` is None.
        Unconvertible: a name has characters that XML forbids, or names no state.
    """
    _all_known(machine)
    hand_over(f"the machine {machine.name!r}", _left_out(machine), left_out)
    final = {node.id for node in machine.nodes if node.kind == "final"}
    edges = tuple(edge for edge in machine.edges if edge.source not in final)
    root = _Writer(msgspec.structs.replace(machine, edges=edges)).document()
    indent(root, space="  ")
    return tostring(root, encoding="unicode") + "\n"


def _all_known(machine: Machine) -> None:
    for node in machine.nodes:
        first = (node.initial, *node.more) if node.initial is not None else ()
        if not machine.by_id.keys() >= {*first, *([node.parent] if node.parent else [])}:
            text = f"{node.id!r} names a state that the machine {machine.name!r} does not have"
            raise Unconvertible(text)
    for edge in machine.edges:
        if not machine.by_id.keys() >= {edge.source, *edge.targets}:
            text = f"the edge {edge.id!r} joins a state that {machine.name!r} does not have"
            raise Unconvertible(text)


def _left_out(machine: Machine) -> Iterator[LeftOut]:
    for node in machine.nodes:
        if node.waits_for:
            yield LeftOut("ILK197", node.id, node.waits_for)
        for effect in (*node.entering, *node.exiting):
            yield LeftOut("ILK192", node.id, effect)
    for edge in machine.edges:
        for effect in edge.effects:
            yield LeftOut("ILK192", edge.id, effect)
        if edge.label:
            yield LeftOut("ILK193", edge.id, edge.label)
        if machine.by_id.get(edge.source, _NOWHERE).kind == "final":
            yield LeftOut("ILK196", edge.id, f"{edge.event} → {edge.target}")


_NOWHERE = Node(id="", kind="atomic")


@dataclass(frozen=True, slots=True)
class _Timer:
    """The delayed event of a state."""

    word: str
    delay: str


class _Writer:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._ids = Words()
        self._ids.add_all(node.id for node in machine.nodes)
        self._events = Words(prefixes=True)
        self._events.add_all(e.event for e in machine.edges if not is_internal(e.event))
        self._nodes = {None: list[Node]()} | {node.id: list[Node]() for node in machine.nodes}
        for node in machine.nodes:
            self._nodes[node.parent].append(node)
        self._leading: dict[str, list[Edge]] = {}
        for edge in sorted(machine.edges, key=lambda edge: edge.order):
            self._leading.setdefault(edge.source, []).append(edge)
        self._extra = self._identities()

    def document(self) -> Element:
        machine = self._machine
        name = machine.name if machine.name.isidentifier() else Words().add(machine.name)
        root = Element("scxml", {"xmlns": SCXML, "xmlns:ilk": OURS, "version": "1.0"})
        commands = dict.fromkeys(e.event for e in self._read_back() if not is_internal(e.event))
        _set(root, "name", name)
        _set(root, "ilk:name", machine.name if name != machine.name else "")
        _set(root, "initial", self._targets((machine.initial, *machine.more)))
        _set(root, "ilk:kind", machine.kind if machine.kind != "lifecycle" else "")
        _set(root, "ilk:unhandled", machine.unhandled)
        if machine.commands != tuple(commands):
            root.set("ilk:commands", pack(machine.commands))
        _set(root, "ilk:raises", pack(machine.raises))
        _set(root, "ilk:body", machine.body)
        for node in self._nodes[None]:
            self._state(root, node)
        return root

    def _state(self, above: Element, node: Node) -> None:
        item = SubElement(above, _TAGS.get(node.kind, "state"))
        _set(item, "id", self._ids[node.id])
        _set(item, "ilk:name", node.id if self._ids[node.id] != node.id else "")
        children = self._nodes[node.id]
        if node.kind == "history":
            self._history(item, node)
        elif node.initial is not None:
            _set(item, "initial", self._targets((node.initial, *node.more)))
        nested = any(child.kind != "history" for child in children)
        if node.kind not in ("compound" if nested else "atomic", *_TAGS):
            item.set("ilk:kind", node.kind)
        self._particulars(item, node)
        self._timers(item, node)
        for edge in self._leading.get(node.id, ()):
            self._transition(item, edge)
        for child in children:
            self._state(item, child)

    def _particulars(self, item: Element, node: Node) -> None:
        """What SCXML has no word for."""
        _set(item, "ilk:unhandled", node.unhandled)
        _set(item, "ilk:waits-for", node.waits_for)
        _set(item, "ilk:variables", pack(node.variables))
        _set(item, "ilk:entering", pack(node.entering))
        _set(item, "ilk:exiting", pack(node.exiting))
        _set(item, "ilk:compensated", "true" if node.compensated else "")
        _set(item, "ilk:timeout", "" if node.timeout is None else str(node.timeout).lower())
        _set(item, "ilk:place", self._extra.get(f"node {node.id}", ""))

    def _history(self, item: Element, node: Node) -> None:
        item.set("type", "deep" if node.deep else "shallow")
        targets = (node.initial, *node.more)
        if node.initial is None:  # as its parent begins, which SCXML wants to be said
            parent = self._machine.by_id.get(node.parent or "", _NOWHERE)
            item.set("ilk:default", "parent")
            if parent.kind == "parallel":
                regions = self._nodes[parent.id]
                targets = tuple(region.id for region in regions if region.kind != "history")
            else:
                targets = (parent.initial, *parent.more)
        named = [target for target in targets if target is not None]
        if named:
            _set(SubElement(item, "transition"), "target", self._targets(named))

    def _timers(self, item: Element, node: Node) -> None:
        edges = [edge for edge in self._leading.get(node.id, ()) if is_timer(edge.event)]
        timers = {edge.event: self._timer(edge) for edge in edges}
        if not timers:
            return
        entry, leave = SubElement(item, "onentry"), SubElement(item, "onexit")
        for timer in timers.values():
            SubElement(entry, "send", {"event": timer.word, "delay": timer.delay, "id": timer.word})
            SubElement(leave, "cancel", {"sendid": timer.word})

    def _timer(self, edge: Edge) -> _Timer:
        words = edge.event.removeprefix("after ")
        delay = to_delay(words, duration(words).total_seconds())
        name = f"{edge.event}\0{edge.source}"  # no event of an edge
        return _Timer(self._events.add(name, f"after.{self._ids[edge.source]}.{delay}"), delay)

    def _transition(self, above: Element, edge: Edge) -> None:
        item = SubElement(above, "transition")
        self._event(item, edge)
        _set(item, "cond", edge.guard)
        if edge.guard and read_condition(edge.guard) != edge.guard:
            item.set("ilk:guard", edge.guard)
        if not edge.stays:
            _set(item, "target", self._targets(edge.targets))
            _set(item, "type", "internal" if edge.internal else "")
        _set(item, "ilk:label", edge.label)
        _set(item, "ilk:effects", pack(edge.effects))
        for part in ("id", "order", "place"):
            _set(item, f"ilk:{part}", self._extra.get(f"{part} {edge.id}", ""))

    def _event(self, item: Element, edge: Edge) -> None:
        event, machine = edge.event, self._machine
        if event == ALWAYS:
            return
        nested = machine.by_id.get(edge.source, _NOWHERE).kind in ("compound", "parallel")
        of = edge.source if event == DONE else event.removeprefix(f"{DONE} ")
        if is_timer(event):
            timer = self._timer(edge)
            _set(item, "event", timer.word)
            same = f"after {from_delay(timer.delay)}" == event
            _set(item, "ilk:event", "" if same else event)
        elif of in machine.by_id and of != event and (nested or event != DONE):
            _set(item, "event", f"done.state.{self._ids[of]}")
            _set(item, "ilk:event", event if event != DONE and of == edge.source else "")
        else:
            word = self._events.add(event)
            _set(item, "event", word)
            _set(item, "ilk:event", event if word != event or is_internal(event) else "")

    def _targets(self, names: Iterable[str]) -> str:
        return " ".join(
            self._ids[n] if n in self._machine.by_id else self._ids.add(n) for n in names
        )

    def _read_back(self) -> list[Edge]:
        """The edges in the order of the document, and then as they will be placed."""
        found = [edge for node in self._ordered() for edge in self._leading.get(node.id, ())]
        if any(key.startswith("place ") for key in self._extra):
            return list(self._machine.edges)
        return found

    def _ordered(self, parent: str | None = None) -> Iterator[Node]:
        for node in self._nodes[parent]:
            yield node
            yield from self._ordered(node.id)

    def _identities(self) -> dict[str, str]:
        """Names and numbers that a reader would not give by itself, by part and name."""
        machine, extra = self._machine, dict[str, str]()
        nodes = list(self._ordered())
        if nodes != list(machine.nodes):
            places = {node.id: str(number) for number, node in enumerate(machine.nodes)}
            extra |= {f"node {name}": place for name, place in places.items()}
        edges = [edge for node in nodes for edge in self._leading.get(node.id, ())]
        if edges != list(machine.edges):
            extra |= {f"place {e.id}": str(number) for number, e in enumerate(machine.edges)}
        bare = [msgspec.structs.replace(edge, id="") for edge in edges]
        named = dict(zip((edge.id for edge in edges), named_edges(bare), strict=True))
        if any(name != edge.id for name, edge in named.items()):
            extra |= {f"id {name}": name for name in named}
        extra |= {f"order {e.id}": str(e.order) for e in edges if named[e.id].order != e.order}
        return extra


def _set(item: Element, name: str, value: str) -> None:
    """Set an attribute; one without a value is left out."""
    if value:
        item.set(name, writable(value))
