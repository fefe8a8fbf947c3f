"""Why a fork's call is not over: somebody has to say what becomes of it."""

from __future__ import annotations

from interlock.projections.reasons.facts import Facts
from interlock.projections.reasons.making import called, wait
from interlock.projections.run import Activity
from interlock.projections.why import Action, Wait


def asked(facts: Facts, activity: Activity) -> Wait:
    """The answer for a call that a fork asks about."""
    name = called(facts, activity)
    if activity.kind == "undo":
        steps = (e.step for e in facts.state.stack if e.activity == activity.of)
        name = f"undo {next(steps, activity.name)}"
    elif activity.kind == "child":
        name = activity.name
    said = f"it is a fork, and {name} is not called before somebody says so: {activity.asked}"
    start = ("answer", facts.state.run, name)
    actions = [
        Action("it has the outcome that was recorded", (*start, "--recorded"), facts.module),
        Action("it returns this", (*start, "--result", "JSON"), facts.module),
        Action("it raises this", (*start, "--error", "TEXT"), facts.module),
        Action("it is really called", (*start, "--live"), facts.module),
    ]
    return wait(facts, activity, "asked", said, actions)
