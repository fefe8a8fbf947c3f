"""A machine from a user's `transitions` machine, read without running anything of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from transitions.core import Condition, Machine

from interlock.machines import ir
from interlock.machines.interchange.guards import Named, guard_text, is_name
from interlock.machines.interchange.hierarchy import Candidate, Place, Tree
from interlock.machines.interchange.identities import named_edges
from interlock.machines.interchange.leftover import LeftOut, Unconvertible, hand_over
from interlock.machines.interchange.reserved import command_name, is_internal, is_timer
from interlock.machines.interchange.unread import unread


def from_transitions(
    machine: Machine,
    *,
    name: str = "",
    auto: bool = False,
    rename: Mapping[str, str] | None = None,
    left_out: list[LeftOut] | None = None,
) -> ir.Machine:
    """The machine that a `transitions.Machine` describes: states, triggers, conditions by name.

    `conditions` and `unless` become guards by name (`paid and not frozen`); a transition without
    `dest` becomes an internal one; `ignore_invalid_triggers` becomes `unhandled`. Of a
    `HierarchicalMachine` the nesting and the parallel regions are read too, as a statechart has
    them. The machine is only read: it is neither run nor changed.

    Args:
        machine: of `transitions` 0.9.
        name: what to call the result; the machine's own name by default, else `machine`.
        auto: also take the `to_<state>` triggers that the library adds by itself.
        rename: other names for triggers, by the name that they have.
        left_out: gets what cannot be carried over: callbacks, features of states, the
            `final` of a state that can be left.

    Raises:
        NotCarriedOver: something cannot, and `left_out` is None.
        Unconvertible: it has no initial state, a condition without a name, or a trigger called
            as an event that a machine makes itself (`done`, `always`, `after ...`).
    """
    title = name or machine.name.removesuffix(": ") or "machine"
    tree = Tree(machine)
    taken = tuple(c for c in tree.candidates if auto or not _is_auto(machine, c))
    edges = tuple(named_edges(_edge(tree, candidate, rename or {}) for candidate in taken))
    entered = {edge.target for edge in edges if not edge.stays} | {*tree.initial}
    entered |= {first for place in tree.places.values() for first in place.initial}
    unhandled = _unhandled(ignores=machine.ignore_invalid_triggers)
    left = {edge.source for edge in edges}
    nodes = tuple(
        _node(place, _kind(place, left), entered, unhandled) for place in tree.places.values()
    )
    hand_over(f"the machine {title!r}", unread(machine, tree, taken), left_out)
    return ir.Machine(
        name=title,
        kind="lifecycle",
        initial=tree.initial[0],
        more=tree.initial[1:],
        nodes=nodes,
        edges=edges,
        unhandled=unhandled,
        commands=tuple(dict.fromkeys(e.event for e in edges if not is_internal(e.event))),
    )


def _node(place: Place, kind: ir.NodeKind, entered: set[str], unhandled: ir.Unhandled) -> ir.Node:
    ignores = cast("bool | None", place.state.ignore_invalid_triggers)  # None: as the machine
    own = unhandled if ignores is None else _unhandled(ignores=ignores)
    initial = place.initial[:1]
    if kind == "compound" and not initial:
        if place.id in entered:
            text = f"{place.id!r} has children and can be active without them; give it an initial="
            raise Unconvertible(text)
        initial = place.children[:1]  # never entered by itself, so any child will do
    return ir.Node(
        id=place.id,
        kind=kind,
        parent=place.parent,
        initial=initial[0] if kind == "compound" else None,
        unhandled="" if own == unhandled else own,
    )


def _kind(place: Place, left: set[str]) -> ir.NodeKind:
    if not place.children:
        return "final" if place.state.final and place.id not in left else "atomic"
    if len(place.initial) < 2:
        return "compound"
    if set(place.initial) != set(place.children):
        text = f"of the children of {place.id!r} only some are entered together: {place.initial}"
        raise Unconvertible(text)
    return "parallel"


def _edge(tree: Tree, candidate: Candidate, rename: Mapping[str, str]) -> ir.Edge:
    source, target = candidate.source, candidate.target
    event = candidate.event if is_timer(candidate.event) else command_name(candidate.event, rename)
    return ir.Edge(
        id="",
        source=source,
        target=source if target is None else target,
        event=event,
        guard=guard_text(_conditions(candidate)),
        internal=target is None or tree.inside(target, source),
    )


def _conditions(candidate: Candidate) -> Iterator[Named]:
    for condition in candidate.transition.conditions:
        yield Named(_name(condition, candidate), negated=not condition.target)


def _name(condition: Condition, candidate: Candidate) -> str:
    function: Any = condition.func
    name = function if isinstance(function, str) else getattr(function, "__name__", "")
    if is_name(name):
        return name
    text = (
        f"a condition of {candidate.event!r} in {candidate.source!r} has no name to be found by: "
        f"{function!r}; write a function with a name"
    )
    raise Unconvertible(text)


def _is_auto(machine: Machine, candidate: Candidate) -> bool:
    """Whether the library made this transition, as it does for every pair of states."""
    if not machine.auto_transitions or candidate.transition.conditions:
        return False
    attribute = machine.model_attribute
    prefix = "to_" if attribute == "state" else f"to_{attribute}_"
    return candidate.target is not None and candidate.event in (
        f"to_{candidate.target}",
        prefix + candidate.target,
    )


def _unhandled(*, ignores: bool | None) -> ir.Unhandled:
    return "ignore" if ignores else "refuse"
