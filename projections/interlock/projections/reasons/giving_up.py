"""How a person ends a run that nobody can go on with."""

from __future__ import annotations

from interlock.projections.reasons.facts import Facts
from interlock.projections.why import Action

_WHO = ("--reason", "WHY", "--by", "NAME")


def give_up(facts: Facts, *, told: bool = False) -> tuple[Action, ...]:
    """The commands that end a run that its worker cannot move.

    Args:
        told: its code may hear of a cancellation yet, and undo what it did.
    """
    state = facts.state
    if state.lifecycle or state.ended is not None:
        return leave(facts)
    cancel = ("cancel", state.run, *_WHO)
    undone = bool(state.stack) or state.compensation is not None
    children = any(activity.child for activity in state.pending.values())
    if not undone and (state.cancel is None or not children):
        return (Action("give the run up, if that does not come back", cancel),)
    if told and undone and state.cancel is None and state.compensation is None:
        return (Action("cancel it: what it did is undone once it can go on", cancel),)
    return leave(facts)


def leave(facts: Facts) -> tuple[Action, ...]:
    """The command that ends a run at once, whatever it did."""
    state = facts.state
    if state.ended is not None:
        return ()
    done = ", ".join(dict.fromkeys(entry.step for entry in reversed(state.stack)))
    what = f"give the run up at once: {done} is not undone" if done else "give the run up at once"
    return (Action(what, ("cancel", state.run, "--without-undo", *_WHO)),)
