"""What happens when nothing comes: timeouts, ends of sleeps, timers of lifecycles."""

from __future__ import annotations

from interlock.projections.address import node_of
from interlock.projections.reasons.facts import Facts
from interlock.projections.run import Activity, RunState
from interlock.projections.why import Then

AFTER = "after:"
"""How the timers of a lifecycle's `after` transitions are called, before the edge."""


def timeout(facts: Facts, activity: Activity) -> list[Then]:
    """What the deadline of an approval or a wait brings."""
    if activity.due is None:
        return []
    state, definition = facts.state, facts.definition
    named = "the wait for" if activity.kind == "wait" else activity.kind
    what = f"{named} {activity.name} times out"
    if definition is None:
        said = f"{what}: TimedOut is raised"
        return [Then(activity.due, "times out", said, state.run, activity.id)]
    node = node_of(state, activity)
    file, line = definition.place(node)
    at = f" at {file.rpartition('/')[2]}:{line}" if line else ""
    caught = definition.catches(node)
    leads: tuple[str, ...] = ()
    if activity.alone and not activity.thread:
        leads = definition.after_timeout(node)
    if not activity.alone:
        said = f"{what}: this call ends with TimedOut{at}"
    elif caught is not None:
        said = f"{what}: TimedOut is raised{at}, and caught in line {caught.line} ({caught.text})"
    else:
        said = f"{what}: TimedOut is raised{at}, and nothing there catches it"
    if caught is None or not activity.alone:
        beyond, leads = _beyond(facts, activity, leads)
        said += beyond
    if leads:
        said += f"; then: {' or '.join(leads)}"
    return [
        Then(
            activity.due, "times out", said, state.run, activity.id, leads, line,
            0 if caught is None else caught.line,
        )
    ]  # fmt: skip


def _beyond(
    facts: Facts, activity: Activity, leads: tuple[str, ...]
) -> tuple[str, tuple[str, ...]]:
    """What becomes of a `TimedOut` that leaves a call, or the branch that it is raised in.

    Returns:
        what is to be said of the joins that raise it again, and the states that the run itself
        may come to then; nothing from where on it depends on other calls.
    """
    state, definition, said = facts.state, facts.definition, ""
    while definition is not None and (join := _join_of(state, activity)) is not None:
        joined, node = join.join, node_of(state, join)
        if joined is None or joined.collect or joined.how not in _RAISING:
            return said, ()
        file, line = definition.place(node)
        at = f" at {file.rpartition('/')[2]}:{line}" if line else ""
        caught = definition.catches(node)
        own = not join.thread
        if caught is not None:
            said += f"; raised again{at}, and caught in line {caught.line} ({caught.text})"
            return said, definition.after_timeout(node) if own else ()
        said += f"; raised again{at}, and nothing there catches it"
        if own:
            return said, definition.after_timeout(node)
        activity = join
    return said, leads


_RAISING = ("parallel", "gather", "each")
"""The joins that raise what a call of theirs raised."""


def _join_of(state: RunState, activity: Activity) -> Activity | None:
    """The join that is told of a call's error: its own, or that of the branch which it leaves."""
    within = activity.within
    if within is not None and not within.join and within.thread:
        branch = state.pending.get(within.thread)
        within = None if branch is None else branch.within
    return None if within is None else state.pending.get(within.join)


def wakes(facts: Facts, activity: Activity) -> list[Then]:
    """What the end of a sleep brings."""
    if activity.due is None:
        return []
    state, definition = facts.state, facts.definition
    leads: tuple[str, ...] = ()
    line = 0
    if definition is not None:
        node = node_of(state, activity)
        line = definition.place(node)[1]
        if activity.alone and not activity.thread:
            leads = definition.after_done(node)
    then = f"; then: {' or '.join(leads)}" if leads else ""
    said = f"the sleep ends, and the run goes on{then}"
    return [Then(activity.due, "wakes", said, state.run, activity.id, leads, line)]


def timers(facts: Facts) -> list[Then]:
    """The timers of a lifecycle's states."""
    definition = facts.definition
    edges = {} if definition is None else {edge.id: edge for edge in definition.edges}
    found: list[Then] = []
    for timer in facts.timers:
        if not timer.name.startswith(AFTER):
            continue
        edge = edges.get(timer.name.removeprefix(AFTER))
        if edge is None:
            said = f"the timer {timer.name.removeprefix(AFTER)} is due"
            found.append(Then(timer.due, "moves", said, facts.state.run))
            continue
        targets = " and ".join(edge.targets)
        guard = f", if {edge.guard} lets it" if edge.guard else ""
        said = f"{edge.event}: {edge.source} → {targets}{guard}"
        found.append(Then(timer.due, "moves", said, facts.state.run, "", edge.targets, edge.line))
    return found
