"""What people call an activity of a run that does several things at once: `compliance/officer`."""

from __future__ import annotations

from interlock.projections.run import Activity, Joined, RunState


def address(state: RunState, activity: Activity) -> str:
    """The branches and items that lead to an activity, and its own name.

    Simply its name where the workflow's own code waits for it. Calls of a join that have the same
    one are told apart by their number: `boss[1]`.
    """
    return "/".join([*branches(state, activity), activity.name + _number(state, activity)])


def _number(state: RunState, activity: Activity) -> str:
    within = activity.within
    if within is None or not within.join or activity.kind == "helper":
        return ""
    join = _join(state, within.join)
    if join is None or join.names or join.how == "each":
        return ""
    place = join.calls[within.index].place
    alone = sum(call.place == place for call in join.calls) == 1
    return "" if alone else f"[{within.index}]"


def branches(state: RunState, activity: Activity) -> list[str]:
    """The names of the branches and items that an activity belongs to, outer ones first.

    A call that stands in a join without a name of its own is no branch.
    """
    within = activity.within
    if within is None:
        return []
    outer = state.pending.get(within.thread)
    above = [] if outer is None else branches(state, outer)
    if within.join and (member := _join(state, within.join)) is not None:
        named = bool(member.names) or member.how == "each" or activity.kind == "helper"
        return [*above, member_name(member, within.index)] if named else above
    return [*above, activity.name] if within.handle and activity.kind == "helper" else above


def member_name(join: Joined, index: int) -> str:
    """What one of a join's calls is called: its keyword or item, else what it calls.

    Calls that would be called the same are told apart by their number: `review[2]`.
    """
    if join.names:
        return join.names[index]
    if join.how == "each":
        return str(index)
    place = join.calls[index].place
    name = place.rpartition("/")[2] or join.calls[index].handle.partition("#")[0]
    alone = sum(call.place == place for call in join.calls) == 1
    return name if alone else f"{name}[{index}]"


def node_of(state: RunState, activity: Activity) -> str:
    """The machine's state that an activity belongs to: what a join calls is nested in the join."""
    within = activity.within
    if within is None:
        return activity.state
    join = state.pending.get(within.join)
    if join is not None:
        outside = join.state.rpartition("/")[0]
        return f"{node_of(state, join)}/{_below(activity.state, outside)}"
    branch = state.pending.get(within.thread)
    if branch is not None:
        return f"{node_of(state, branch)}/{_below(activity.state, branch.state)}"
    return activity.state


def _below(state: str, outer: str) -> str:
    return state[len(outer) + 1 :] if outer and state.startswith(f"{outer}/") else state


def _join(state: RunState, activity: str) -> Joined | None:
    found = state.pending.get(activity)
    return None if found is None else found.join
