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
    undo = activity.kind == "undo"
    answers = [
        ("it has the outcome that was recorded", "--recorded"),
        ("it is taken as done" if undo else "it returns this", "--result"),
        ("it raises this", "--error"),
        ("it is really undone" if undo else "it is really called", "--live"),
    ]
    if undo:  # the rule: its parent undid nothing, so that nothing is recorded
        answers.insert(0, answers.pop(1))
    values = {"--result": ["null" if undo else "JSON"], "--error": ["TEXT"]}
    actions = [
        Action(meant, (*start, word, *values.get(word, ())), facts.module)
        for meant, word in answers
        if not (undo and word == "--error")  # an undo does not fail by an answer
    ]
    fork = facts.state.fork
    if fork is not None and fork.effects != "live":
        give_up = ("discard", facts.state.run)
        actions.append(Action("the fork is given up; nothing is undone", give_up, facts.module))
    return wait(facts, activity, "asked", said, actions)
