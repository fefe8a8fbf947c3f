"""What a lifecycle, or a workflow's inbox, would make of commands now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from interlock.projections.outline import Move
from interlock.projections.reasons.facts import Asked, Facts
from interlock.projections.reasons.worker import misfit, stopped
from interlock.projections.why import Offer

UNFIT = "its code was edited, and the run cannot go on under the new code"
HELD = "the run is held"
"""What is said of commands that a run knows, and cannot take."""


def offers(facts: Facts) -> tuple[Offer, ...]:
    """The commands that a run knows, and what would become of them now."""
    if facts.definition is None or facts.state.closed:
        return ()
    unfit = "" if not stopped(facts) else UNFIT if misfit(facts) else HELD
    if facts.state.lifecycle:
        found = [_offer(facts, edge) for edge in ways(facts)]
        return tuple(replace(one, accepted="no", said=unfit) if unfit else one for one in found)
    taken = [name for a in facts.state.pending.values() for name in a.commands if a.kind == "wait"]
    answer = Offer("", "kept", said=unfit) if unfit else Offer("", "yes", said="a wait takes it")
    found = [replace(answer, command=name) for name in dict.fromkeys(taken)]
    kept = (name for name in facts.definition.commands if name not in taken)
    found += [Offer(name, "kept", said="nothing waits for it yet") for name in kept]
    return tuple(found)


def ways(facts: Facts) -> Iterator[Move]:
    """The transitions of a lifecycle's active states, inner ones first, but for its timers."""
    definition = facts.definition
    if definition is None:
        return
    places: dict[str, None] = {}
    for state in reversed(facts.state.configuration):
        places |= dict.fromkeys(definition.upward(state))
    for place in places:
        for edge in definition.edges:
            asked_for = edge.event in definition.commands
            if edge.source == place and (asked_for or (edge.event == "always" and edge.guard)):
                yield edge


def _offer(facts: Facts, edge: Move) -> Offer:
    asked = _asked(facts, edge)
    return Offer(
        edge.event, asked.answer, edge.source, " and ".join(edge.targets), edge.guard,
        asked.said, asked.values,
    )  # fmt: skip


def _asked(facts: Facts, edge: Move) -> Asked:
    if not edge.guard:
        return Asked("yes")
    if facts.asked is not None and edge.id in facts.asked:
        return facts.asked[edge.id]
    return Asked("depends", facts.asks or "but its code is not here")
