"""Whether the states that a lifecycle is in are states that another definition can be in."""

from __future__ import annotations

from collections.abc import Mapping

from interlock.machines.advice import NOT_ACCEPTED
from interlock.machines.found import Found
from interlock.machines.held import Held
from interlock.machines.ir import Machine, Node


def look_at_lifecycle(old: Machine | None, new: Machine, held: Held, found: Found) -> None:
    """Collect what is in the way."""
    for state, was in held.active:
        node = new.by_id.get(state)
        before = None if old is None else old.by_id.get(was)
        if node is None:
            found.state(was, f"the new definition has no state {state!r}")
        elif before is not None and before.kind != node.kind:
            found.state(was, f"{state!r} was {_words(before)}, and is {_words(node)}")
    if not found.states:
        _legal(new, dict(held.active), found, whole=held.whole)
    for history, back in held.remembered.items():
        known = new.by_id.get(history)
        if known is None or known.kind != "history":
            continue  # nothing will ask what it remembers
        for state in back:
            if state not in new.by_id:
                found.state(state, f"{history!r} remembers {state!r}, which is gone")
    steps = {node.waits_for: node for node in new.calls}
    for doing in held.doing:
        if doing.kind == "step" and doing.name not in steps:
            found.state(doing.was, f"{doing.name} is under way, and the new definition lacks it")
    for command in held.deferred:
        if command not in new.commands:
            found.lost(held.active[-1][1], f"{command}{NOT_ACCEPTED}")


def _legal(new: Machine, active: Mapping[str, str], found: Found, *, whole: bool) -> None:
    """Whether the machine can be in these states at the same time, and in no fewer."""
    children: dict[str | None, list[str]] = {}
    for node in new.nodes:
        if node.kind not in ("initial", "history"):
            children.setdefault(node.parent, []).append(node.id)
    for state in (None, *active):
        inside = [child for child in children.get(state, ()) if child in active]
        all_of = whole and state is not None and new.by_id[state].kind == "parallel"
        wanted = len(children.get(state, ())) if all_of else min(1, len(children.get(state, ())))
        if len(inside) != wanted:
            where = "the run" if state is None else repr(state)
            was = next(iter(active.values())) if state is None else active[state]
            told = ", ".join(inside) or "nothing"
            found.state(was, f"{where} is in {told}, and has to be in {_choice(new, state)}")


def _choice(new: Machine, state: str | None) -> str:
    if state is not None and new.by_id[state].kind == "parallel":
        return "each of its regions"
    return "one of the states inside of it"


def _words(node: Node) -> str:
    return {
        "final": "a final state", "compound": "a state with others inside",
        "parallel": "a state with regions",
    }.get(node.kind, "a plain state")  # fmt: skip
