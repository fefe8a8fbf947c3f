"""What holds up a run as a whole: it is held, nothing is left to wait for, or it is a lifecycle."""

from __future__ import annotations

from collections.abc import Sequence

from interlock.projections.held import held_cause
from interlock.projections.instants import ago, both, since
from interlock.projections.reasons.ahead import timers
from interlock.projections.reasons.facts import Facts
from interlock.projections.reasons.giving_up import give_up, leave
from interlock.projections.reasons.making import LATE, error_text
from interlock.projections.reasons.moves import offers
from interlock.projections.reasons.worker import obstacle, stopped
from interlock.projections.why import Action, Cause, Offer, Then, Wait


def whole(
    facts: Facts,
    cause: Cause,
    said: str,
    actions: Sequence[Action] = (),
    then: Sequence[Then] = (),
) -> Wait:
    """The answer for a run as a whole."""
    state = facts.state
    until = min((one.at for one in then), default=None)
    return Wait(
        "run", state.run, "", state.state, state.since, until, cause, said, tuple(actions),
        tuple(then),
    )  # fmt: skip


def held(facts: Facts) -> Wait:
    """The answer for a run that its worker could not move."""
    state = facts.state
    cause = held_cause(state.held)
    actions: list[Action] = []
    if cause == "code_missing":
        actions.append(Action("start a worker that has it", ("work", facts.module)))
    if cause == "error":
        actions.append(Action("see what happened", ("history", state.run)))
        actions.append(
            Action("once that is mended: start the worker again", ("work", facts.module))
        )
    actions += give_up(facts, told=cause != "definition_changed")
    if cause == "definition_changed":
        again = "once it is migrated, or its old code is back: start the worker again"
        actions.append(Action(again, ("work", facts.module)))
    when = "" if state.head.at is None else f" since {since(state.head.at, facts.now)}"
    return whole(facts, cause, f"it is held{when}: {state.held}", actions)


def unfit(facts: Facts, why: str) -> Wait:
    """The answer for a run that could not go on if something came: its code was edited."""
    again = Action(
        "once it is migrated, or its old code is back: start the worker again",
        ("work", facts.module),
    )
    ways = [*leave(facts)] if facts.state.lifecycle else []  # it would not take a cancellation
    actions = [again, *ways]
    return whole(facts, "definition_changed", f"it cannot go on, whatever comes: {why}", actions)


def due(facts: Facts, what: str) -> Wait:
    """Something is to be done about the run now."""
    hindered = obstacle(facts)
    if hindered is None:
        return whole(facts, "due", f"{what}: the worker is about to")
    return whole(facts, hindered.cause, f"{what}, but {hindered.said}", hindered.actions)


def ended(facts: Facts) -> Wait:
    """The answer for a run that is over."""
    state = facts.state
    when = "" if state.head.at is None else f" {ago(state.head.at, facts.now)}"
    causes: dict[str, Cause] = {
        "failed": "failed", "cancelled": "cancelled", "compensated": "compensated",
        "compensation failed": "compensation_failed",
    }  # fmt: skip
    cause = causes.get(state.status, "completed")
    if state.lifecycle and cause == "completed":
        said = f"it came to its end at {state.state}{when}"
        return whole(facts, cause, said)
    how, what = _ENDS.get(state.status, ("it ended", ""))
    said = f"{how}{when}{what}"
    if state.error is not None:
        said += f": {error_text(state.error)}"
    if state.status == "cancelled" and state.cancel:
        said += f": {state.cancel}"
    actions: list[Action] = []
    if state.compensation is not None and state.compensation.not_undone:
        said += f"; not undone: {', '.join(state.compensation.not_undone)}"
    if cause not in ("completed", "cancelled"):
        actions.append(Action("see what happened", ("history", state.run)))
    return whole(facts, cause, said, actions)


_ENDS = {
    "completed": ("it completed", ""),
    "failed": ("it failed", ""),
    "cancelled": ("it was cancelled", ""),
    "compensated": ("it failed", ", and what it did was undone"),
    "compensation failed": ("it failed", ", and not all that it did was undone"),
}


def lifecycle(facts: Facts) -> Wait:
    """The answer for a lifecycle: what would move it out of its states."""
    state, ahead = facts.state, () if stopped(facts) else timers(facts)
    late = [one for one in ahead if one.at <= facts.now]
    if late:
        return _late(facts, late[0])
    known = offers(facts)
    kept = list(dict.fromkeys(one.command for one in state.inbox))
    actions = [
        Action(f"send {one}", ("send", state.run, one, "JSON", "--by", "NAME"), facts.module)
        for one in dict.fromkeys(o.command for o in known if o.accepted != "no")
        if one != "always"
    ]
    if stopped(facts):
        said = f"it is at {state.state}, since {since(state.since, facts.now)}"
        return whole(facts, "command", f"{said}; no command is taken, and no timer")
    where = f"it is at {state.state}, since {since(state.since, facts.now)}"
    untaken = [one for one in kept if all(offer.command != one for offer in known)]
    if kept and not untaken:
        where += f"; {', '.join(kept)} was kept for later, since its guard said no"
    if untaken:
        said = f"{where}; {', '.join(untaken)} was kept for later: no transition takes it here"
        return whole(facts, "deferred", f"{said}; {_accepts(known)}", actions, ahead)
    if not known and facts.definition is not None:
        return _no_way(facts, where, ahead)
    if known and all(one.accepted == "no" for one in known):
        said = f"{where}; its guards refuse everything now: {_refusals(known)}"
        return whole(facts, "guard", said, (), ahead)
    if known and all(one.command == "always" for one in known):
        guards = ", ".join(one.guard for one in known)
        return whole(facts, "guard", f"{where}; only its guards keep it there: {guards}", (), ahead)
    return whole(
        facts, "command", f"{where}, and waits for a command: {_accepts(known)}", actions, ahead
    )


def _late(facts: Facts, timer: Then) -> Wait:
    what = f"a timer was due {both(timer.at, facts.now)} ({timer.said})"
    found = due(facts, what)
    if found.cause == "due" and facts.now - timer.at > LATE:
        return whole(facts, "overdue", f"{what}: the worker should have seen to it", (), [timer])
    return whole(facts, found.cause, found.said, found.actions, [timer])


def _no_way(facts: Facts, where: str, ahead: Sequence[Then]) -> Wait:
    if ahead:
        return whole(
            facts, "timer", f"{where}; no command is accepted, only time moves it", (), ahead
        )
    return whole(facts, "dead_end", f"{where}; no command, and no timer, leads out of there")


def _accepts(known: Sequence[Offer]) -> str:
    named = (
        f"{one.command} → {one.target}" + (f" if {one.guard}" if one.guard else "")
        for one in known
        if one.accepted != "no"
    )
    refused = _refusals(known)
    said = ", ".join(named) or "nothing is accepted now"
    return f"{said}; refused now: {refused}" if refused else said


def _refusals(known: Sequence[Offer]) -> str:
    return "; ".join(
        f"{one.command} ({one.guard}: {one.said or 'no'})" for one in known if one.accepted == "no"
    )
