"""A machine from an SCXML document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeVar, get_args

import msgspec

from interlock.machines.interchange.identities import named_edges
from interlock.machines.interchange.leftover import LeftOut, hand_over
from interlock.machines.interchange.reserved import is_internal
from interlock.machines.interchange.scxml_edges import Transitions
from interlock.machines.interchange.scxml_places import Document, State, bad, ours
from interlock.machines.interchange.scxml_timers import timers
from interlock.machines.interchange.scxml_words import OURS, unpack
from interlock.machines.interchange.xml_items import Item, read_xml
from interlock.machines.ir import Edge, Machine, Node, NodeKind, Unhandled

_KINDS: tuple[NodeKind, ...] = get_args(NodeKind)
T = TypeVar("T")
_POLICIES: tuple[Unhandled, ...] = get_args(Unhandled)


def from_scxml(
    text: str,
    *,
    unhandled: Unhandled = "ignore",
    rename: Mapping[str, str] | None = None,
    left_out: list[LeftOut] | None = None,
) -> Machine:
    """The machine that an SCXML document describes, as far as its structure goes.

    States, parallel and final states, histories, transitions, events, conditions that are names
    of guards, delayed events of a state (which become `after`), and `done.state` events. An
    event descriptor stands for the events that the document names: `order` for `order.paid` too.

    Args:
        text: the document. One with a document type declaration is refused.
        unhandled: what happens to a command that no transition waits for. SCXML drops it.
        rename: other names for events, by the name that they have.
        left_out: gets what cannot be carried over: data, scripts, services, executable content.
            A condition that is an expression is listed too: its text is the guard's name.

    Raises:
        BadDocument: it is no SCXML, or names states that it does not have.
        NotCarriedOver: something cannot be carried over, and `left_out` is None.
        Unconvertible: an event is called as one that a machine makes itself (`done`, `always`).
    """
    document = Document(read_xml(text))
    root = document.root
    reader = Transitions(document, timers(document), rename or {})
    edges = _placed_edges(list(reader.edges()))
    nodes = _placed([(_node(document, s), s.item) for s in document.states.values()])
    initial = document.named(root, "initial") or tuple(document.states)[:1]
    if not initial:
        raise bad(root, "the document has no states")
    name = ours(root, "name") or root.attributes.get("name") or "machine"
    commands = dict.fromkeys(edge.event for edge in edges if not is_internal(edge.event))
    listed = root.attributes.get(f"{OURS} commands")
    hand_over(f"the document {name!r}", document.left_out, left_out)
    return Machine(
        name=name,
        kind="workflow" if ours(root, "kind") == "workflow" else "lifecycle",
        initial=initial[0],
        more=initial[1:],
        nodes=nodes,
        edges=edges,
        unhandled=_policy(root) or unhandled,
        commands=tuple(commands) if listed is None else unpack(listed),
        raises=unpack(ours(root, "raises")),
        body=ours(root, "body"),
    )


def _node(document: Document, state: State) -> Node:
    item = state.item
    first = _first(document, state)
    return Node(
        id=state.id,
        kind=_kind(state),
        parent=state.parent,
        initial=first[0] if first else None,
        more=first[1:],
        deep=item.tag == "history" and item.attributes.get("type") == "deep",
        entering=unpack(ours(item, "entering")),
        exiting=unpack(ours(item, "exiting")),
        unhandled=_policy(item),
        waits_for=ours(item, "waits-for"),
        variables=unpack(ours(item, "variables")),
        line=item.line,
        compensated=ours(item, "compensated") == "true",
        timeout={"true": True, "false": False}.get(ours(item, "timeout")),
    )


def _kind(state: State) -> NodeKind:
    written = ours(state.item, "kind")
    for kind in _KINDS:
        if kind == (written or state.item.tag):
            return kind
    return "compound" if state.children else "atomic"


def _policy(item: Item) -> Unhandled | Literal[""]:
    written = ours(item, "unhandled")
    for policy in _POLICIES:
        if policy == written:
            return policy
    return ""


def _first(document: Document, state: State) -> tuple[str, ...]:
    """What is entered with a state: of a history, while it remembers nothing."""
    item = state.item
    if item.tag == "history":
        if ours(item, "default") == "parent":
            return ()
        return _targets(document, item)
    if item.tag == "parallel" or not state.children:
        return ()
    for initial in document.parts(item, "initial"):
        return _targets(document, initial)
    return document.named(item, "initial") or tuple(state.children[:1])


def _targets(document: Document, item: Item) -> tuple[str, ...]:
    """The targets of the transition in an `initial` or a `history`."""
    found: tuple[str, ...] = ()
    for transition in document.parts(item, "transition"):
        found = document.named(transition, "target")
        for content in transition.children:
            document.leave_out("ILK188", content, f"in <{item.tag}>")
    return found


def _placed_edges(edges: list[tuple[Edge, Item]]) -> tuple[Edge, ...]:
    """The edges with their names, and the order that was written."""
    named = named_edges(edge for edge, _ in edges)
    found: list[tuple[Edge, Item]] = []
    for edge, (_, item) in zip(named, edges, strict=True):
        order = _number(item, "order")
        found.append((edge if order is None else msgspec.structs.replace(edge, order=order), item))
    return _placed(found)


def _placed(parts: list[tuple[T, Item]]) -> tuple[T, ...]:
    """The parts in the order of the machine that was written, else of the document."""
    places = [_number(item, "place") for _, item in parts]
    numbered = [place for place in places if place is not None]
    if len(numbered) < len(parts):
        return tuple(part for part, _ in parts)
    order = sorted(range(len(parts)), key=numbered.__getitem__)
    return tuple(parts[number][0] for number in order)


def _number(item: Item, name: str) -> int | None:
    written = ours(item, name)
    if not written:
        return None
    if not written.isdecimal():
        raise bad(item, f"{name}={written!r} is not a number")
    return int(written)
