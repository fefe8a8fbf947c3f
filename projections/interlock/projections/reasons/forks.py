"""Why a fork's call is not over: somebody has to say what becomes of it."""

from __future__ import annotations

from interlock.projections.answers import Said, answerable, answers
from interlock.projections.reasons.facts import Facts
from interlock.projections.reasons.making import wait
from interlock.projections.run import Activity
from interlock.projections.why import Action, Wait


def asked(facts: Facts, activity: Activity) -> Wait:
    """The answer for a call that a fork asks about."""
    name = answerable(facts.state, activity)
    said = f"it is a fork, and {name} is not called before somebody says so: {activity.asked}"
    undo = activity.kind == "undo"
    start = ("answer", facts.state.run, name)
    values = {"result": ("null" if undo else "JSON",), "error": ("TEXT",)}
    actions = [
        Action(_meant(word, undo=undo), (*start, f"--{word}", *values.get(word, ())), facts.module)
        for word in answers(activity)
    ]
    fork = facts.state.fork
    if fork is not None and fork.effects != "live":
        give_up = ("discard", facts.state.run)
        actions.append(Action("the fork is given up; nothing is undone", give_up, facts.module))
    return wait(facts, activity, "asked", said, actions)


def _meant(word: Said, *, undo: bool) -> str:
    return {
        "recorded": "it has the outcome that was recorded",
        "result": "it is taken as done" if undo else "it returns this",
        "error": "it raises this",
        "live": "it is really undone" if undo else "it is really called",
    }[word]
