"""Why a wait is not over: for a command, for time, for a child, for calls of a join."""

from __future__ import annotations

from interlock.projections.instants import ago, both, since
from interlock.projections.reasons.ahead import timeout, wakes
from interlock.projections.reasons.facts import Facts
from interlock.projections.reasons.forks import asked
from interlock.projections.reasons.making import called, due, wait
from interlock.projections.run import Activity
from interlock.projections.why import Action, Then, Wait, Why


def command(facts: Facts, activity: Activity) -> Wait:
    """The answer for a wait for commands."""
    state, names = facts.state, " or ".join(activity.commands)
    if activity.status == "done":
        return due(facts, activity, f"{names} has come, and the run is to go on")
    came = state.match(activity)
    if came is not None:
        said = f"{came.command} has come from {came.actor.id or 'somebody'}, and is to be looked at"
        return due(facts, activity, said)
    if activity.due is not None and activity.due <= facts.now:
        late = ago(activity.due, facts.now)
        return due(facts, activity, f"the wait for {names} timed out {late}")
    actions = [
        Action(f"send {one}", ("send", state.run, one, "JSON", "--by", "NAME"), facts.module)
        for one in activity.commands
    ]
    where = called(facts, activity)
    place = "" if where == activity.name else f" ({where})"
    said = f"it waits for {names}{place}, since {since(activity.since, facts.now)}"
    refused = [one for one in state.inbox if one.id in activity.declined]
    if refused:
        came_in = ", ".join(f"{one.command} from {one.actor.id or 'somebody'}" for one in refused)
        said += f"; its where= said no to what came: {came_in}{_line(facts, activity)}"
        return wait(facts, activity, "declined", said, actions, timeout(facts, activity))
    others = [one.command for one in state.inbox if one.command not in activity.commands]
    if others:
        said += f"; kept for later, for other waits: {', '.join(dict.fromkeys(others))}"
    return wait(facts, activity, "command", said, actions, timeout(facts, activity))


def _line(facts: Facts, activity: Activity) -> str:
    if facts.definition is None:
        return ""
    file, line = facts.definition.place(activity.state)
    return f" ({file.rpartition('/')[2]}:{line})" if line else ""


def sleep(facts: Facts, activity: Activity) -> Wait:
    """The answer for a sleep."""
    until = activity.due
    if until is None or activity.status == "done" or until <= facts.now:
        late = "" if until is None else f" {ago(until, facts.now)}"
        return due(facts, activity, f"its sleep ended{late}, and the run is to go on")
    said = f"it sleeps until {since(until, facts.now)}"
    return wait(facts, activity, "sleep", said, (), wakes(facts, activity))


def join(facts: Facts, activity: Activity) -> Wait | None:
    """The answer for a join; None where those of its calls are all there is to say."""
    joined = activity.join
    if joined is None or joined.active:
        return None
    name = activity.state.rpartition("/")[2]
    if joined.paused and activity.due is not None and activity.due > facts.now:
        said = f"the next batch of {name} begins {both(activity.due, facts.now)}"
        brings = f"the next batch of {name} begins"
        then = Then(activity.due, "begins", brings, facts.state.run, activity.id)
        return wait(facts, activity, "batch", said, (), [then])
    return due(facts, activity, f"{name} is to go on")


def branch(facts: Facts, activity: Activity) -> Wait | None:
    """The answer for a branch; None where that of what its code waits for is enough."""
    thread = facts.state.threads.get(activity.id)
    if thread is not None and thread.current in facts.state.pending:
        return None
    return due(facts, activity, f"branch {called(facts, activity)} is to begin")


def child(facts: Facts, activity: Activity) -> Wait:
    """The answer for a run that this one waits for, or has undone."""
    if activity.status == "asked":
        return asked(facts, activity)
    found = facts.children.get(activity.child)
    if activity.status == "done":
        return due(facts, activity, f"child {activity.child} has ended, and the run is to go on")
    if found is None:
        return due(facts, activity, f"child {activity.child} is to be started")
    if found.ended and not (activity.kind == "undo" and found.cause == "completed"):
        said = f"child {activity.child} is {found.status}, and this run is to be told"
        return due(facts, activity, said)
    if found.ended:
        return due(facts, activity, f"child {activity.child} is to undo what it did")
    said = f"it waits for its child {_lineage(found)}: {_root(found).said}"
    return wait(facts, activity, found.cause, said, found.actions, found.then, found)


def _root(why: Why) -> Why:
    """The answer for the run that the cause is in."""
    below = why.waits[0].child
    return why if below is None else _root(below)


def _lineage(why: Why) -> str:
    """A child, and those below it that lead to the cause."""
    return ", which waits for ".join(why.chain)
