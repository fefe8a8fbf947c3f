"""Why a call is not over: of a step, or of an undo."""

from __future__ import annotations

from collections.abc import Callable

from interlock.projections.instants import ago, both
from interlock.projections.reasons.facts import Facts
from interlock.projections.reasons.forks import asked
from interlock.projections.reasons.making import called, due, error_text, wait
from interlock.projections.reasons.worker import obstacle
from interlock.projections.run import Activity
from interlock.projections.why import Action, Cause, Then, Wait
from interlock.store.board import Board, UnderWay


def call(facts: Facts, activity: Activity) -> Wait:
    """The answer for a step or an undo."""
    kind = _BY_STATUS.get(activity.status)
    if kind is not None:
        return kind(facts, activity)
    if activity.status in ("retrying", "postponed") and not _is_due(facts, activity):
        return (_retrying if activity.status == "retrying" else _postponed)(facts, activity)
    return _under_way(facts, activity)


def _is_due(facts: Facts, activity: Activity) -> bool:
    if _unwanted(facts, activity):
        return True
    return activity.due is not None and activity.due <= facts.now


def _name(facts: Facts, activity: Activity) -> str:
    return f"{activity.kind} {called(facts, activity)}"


def _under_way(facts: Facts, activity: Activity) -> Wait:
    board = _board(facts)
    who = facts.state.run, activity.id
    if board is not None and obstacle(facts) is None:
        if who in facts.parked:
            return _parked(facts, activity, board, facts.parked[who])
        if who in facts.making:
            return _making(facts, activity, board, facts.making[who])
        if board.left_out:
            said = f"{_name(facts, activity)} is being called, or will be: the worker makes many"
            return wait(facts, activity, "call", said)
    if who in facts.making:
        return due(facts, activity, f"{_name(facts, activity)} was being called")
    if _unwanted(facts, activity):
        return due(facts, activity, f"{_name(facts, activity)} is to be stopped")
    if activity.status == "started" and facts.worker is None:
        what = "was begun by a process that is gone: whether it happened is to be found out"
        return due(facts, activity, f"{_name(facts, activity)} {what}")
    late = f" (due {ago(activity.due, facts.now)})" if activity.due is not None else ""
    again = f", attempt {activity.attempt}" if activity.attempt > 1 else ""
    return due(facts, activity, f"{_name(facts, activity)} is to be called{again}{late}")


def _board(facts: Facts) -> Board | None:
    return None if facts.worker is None else facts.worker.board


def _unwanted(facts: Facts, activity: Activity) -> bool:
    """Whether the run is cancelled, and this call has not seen it yet."""
    state = facts.state
    asked = state.cancel is not None and not state.cancelled and state.compensation is None
    return activity.stopping or (asked and activity.alone and not activity.thread)


def _making(facts: Facts, activity: Activity, board: Board, made: UnderWay) -> Wait:
    name, for_long = _name(facts, activity), ago(made.since, facts.now)
    if made.queued:
        said = (
            f"{name} waits for a thread (called {for_long}): plain functions that have not "
            f"returned keep all those of the worker ({board.worker}) busy"
        )
        return wait(facts, activity, "threads_busy", said)
    if _unwanted(facts, activity):
        said = (
            f"the run is cancelled, but {name} has not stopped: the call that {board.worker} "
            f"began {for_long} has not returned (a plain function cannot be interrupted)"
        )
        return wait(facts, activity, "cancelling", said)
    said = f"{name} is being called by {board.worker}, which began {for_long}"
    if activity.attempt > 1:
        said += f" (attempt {activity.attempt}; the last error was {error_text(activity.error)})"
    return wait(facts, activity, "call", said)


def _parked(facts: Facts, activity: Activity, board: Board, by: str) -> Wait:
    name = _name(facts, activity)
    if by == "flight":
        said = f"{name} waits for the same call, which another run makes, to use its result"
        return wait(facts, activity, "flight", said)
    gate = by.partition(" ")[2]
    ahead = sum(parked.by == by for parked in board.parked) - 1
    others = f"; {ahead} others wait as well" if ahead else ""
    said = f"{name} waits for a place: bulkhead {gate!r} is full{others}"
    return wait(facts, activity, "bulkhead", said)


def _retrying(facts: Facts, activity: Activity) -> Wait:
    assert activity.due is not None  # only such activities wait for their next attempt
    name, error = _name(facts, activity), error_text(activity.error)
    said = (
        f"{name} failed with {error}; attempt {activity.attempt} is due "
        f"{both(activity.due, facts.now)}"
    )
    then = Then(
        activity.due, "retries", f"{name} is called again, attempt {activity.attempt}",
        facts.state.run, activity.id,
    )  # fmt: skip
    return wait(facts, activity, "retry", said, then=[then])


def _postponed(facts: Facts, activity: Activity) -> Wait:
    name = _name(facts, activity)
    kind, _, gate = activity.postponed.partition(" ")
    cause, reason, actions = _GATES.get(kind, _other)(facts, gate)
    then: list[Then] = []
    if activity.due is not None:
        said = f"{name} asks again whether it may be called"
        then.append(Then(activity.due, "asks again", said, facts.state.run, activity.id))
    return wait(facts, activity, cause, f"{name} is held back: {reason}", actions, then)


Held = tuple[Cause, str, list[Action]]


def _breaker(facts: Facts, name: str) -> Held:
    breaker = facts.breakers.get(name)
    close = Action(
        "close the breaker, if the service works again",
        ("breaker", name, "--close", "--by", "NAME", "--reason", "WHY"),
    )
    if breaker is None or breaker.state == "closed":
        said = f"breaker {name!r} was open, and is closed by now; the call is tried again when due"
        return "breaker_open", said, []
    why = f": {breaker.reason}" if breaker.reason else ""
    since = "" if breaker.since is None else f" {ago(breaker.since, facts.now)}"
    if breaker.state == "half-open":
        said = f"breaker {name!r} is half-open, and its trial calls are under way"
        return "breaker_trial", said, [close]
    if breaker.until is None:
        who = breaker.by or "somebody"
        said = f"breaker {name!r} was opened by {who}{since}, until somebody closes it{why}"
        return "breaker_forced", said, [close]
    said = f"breaker {name!r} opened{since}{why}; it lets a call through on trial"
    return "breaker_open", f"{said} {both(breaker.until, facts.now)}", [close]


def _rate(facts: Facts, name: str) -> Held:
    return "rate_limit", f"rate limit {name!r} is used up for now", []


def _bulkhead(facts: Facts, name: str) -> Held:
    return "bulkhead", f"bulkhead {name!r} is full: other processes have all its places", []


def _other(facts: Facts, name: str) -> Held:
    return "due", f"by {name}", []


_GATES: dict[str, Callable[[Facts, str], Held]] = {
    "breaker": _breaker, "rate": _rate, "bulkhead": _bulkhead,
}  # fmt: skip


def _doubtful(facts: Facts, activity: Activity) -> Wait:
    run, name = facts.state.run, called(facts, activity)
    died = (
        f"its process died in {activity.interruptions} calls of it"
        if activity.interruptions
        else "its process died, or nobody could tell"
    )
    said = (
        f"{_name(facts, activity)} is in doubt: it was called, and whether it happened is not "
        f"known ({died}); find out by its key {activity.key}, and say so"
    )
    actions = [
        Action("it happened", ("resolve", run, name, "--happened", "--result", "JSON")),
        Action("it did not happen: it is called now", ("resolve", run, name, "--did-not")),
        Action("nobody knows: call it again, same key", ("resolve", run, name, "--again")),
    ]
    return wait(facts, activity, "in_doubt", said, actions)


def _undo_failed(facts: Facts, activity: Activity) -> Wait:
    run, step = facts.state.run, undone(facts, activity)
    said = (
        f"the undo of {step} failed for the last time: {error_text(activity.error)}; "
        "somebody has to decide"
    )
    why = ("--reason", "WHY", "--by", "NAME")
    actions = [
        Action("call the undo again", ("undo", run, step, "--retry", *why)),
        Action("it was undone by other means", ("undo", run, step, "--resolved", *why)),
        Action("it stays as it is", ("undo", run, step, "--skip", *why)),
    ]
    return wait(facts, activity, "undo_failed", said, actions)


def undone(facts: Facts, undo: Activity) -> str:
    """What an undo undoes: its step, or its activity where that is not the only one."""
    state = facts.state
    steps = {entry.activity: entry.step for entry in state.stack}
    failed = [a for a in state.pending.values() if a.status == "undo failed"]
    step = steps.get(undo.of, undo.of)
    return step if sum(steps.get(a.of) == step for a in failed) == 1 else undo.of


def _over(facts: Facts, activity: Activity) -> Wait:
    return due(facts, activity, f"{_name(facts, activity)} is over, and the run is to go on")


_BY_STATUS: dict[str, Callable[[Facts, Activity], Wait]] = {
    "in doubt": _doubtful, "undo failed": _undo_failed, "done": _over, "asked": asked,
}  # fmt: skip
