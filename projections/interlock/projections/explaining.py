"""The answer to "why is this run where it is?", from facts alone: pure, and without its code."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from interlock.projections.reasons import calls, deciding, waiting, whole
from interlock.projections.reasons.facts import Facts
from interlock.projections.reasons.making import due
from interlock.projections.reasons.moves import offers
from interlock.projections.reasons.worker import Obstacle, edited, misfit, names_worker, obstacle
from interlock.projections.run import Activity
from interlock.projections.why import ENDED, NOT_MOVED, URGENT, Action, Then, Wait, Why

_RANK = {cause: rank for rank, cause in enumerate(URGENT)}


def explain(facts: Facts) -> Why:
    """What a run waits for, what would move it, and what happens otherwise."""
    waits = sorted(_waits(facts), key=lambda one: (_RANK[one.cause], one.aside))
    root = waits[0]
    besides, further = _besides(facts, root)
    state = facts.state
    child = root.child
    then = [one for wait in waits for one in wait.then]
    return Why(
        run=state.run,
        machine=state.machine,
        hash=state.hash,
        state=state.state,
        status="held" if misfit(facts) else state.status,
        since=state.since,
        at=facts.now,
        version=state.head.version,
        cause=root.cause,
        said=root.said,
        root=state.run if child is None else child.root,
        chain=(state.run, *(() if child is None else child.chain)),
        waits=tuple(waits),
        offers=offers(facts),
        then=tuple(_sorted(then)),
        actions=tuple(dict.fromkeys([*_actions(waits), *further])),
        besides=besides,
        worker=names_worker(facts.worker),
        held=state.held,
        parent=state.parent,
        cancel=state.cancel,
    )


def _sorted(then: Sequence[Then]) -> list[Then]:
    return sorted(dict.fromkeys(then), key=lambda one: one.at)


def _actions(waits: Sequence[Wait]) -> list[Action]:
    return [action for wait in waits for action in wait.actions]


def _waits(facts: Facts) -> list[Wait]:
    state = facts.state
    if state.status in ("completed", "failed", "cancelled", "compensated", "compensation failed"):
        return [whole.ended(facts)]
    found: list[Wait] = []
    if state.held:
        found.append(whole.held(facts))
    unfit = misfit(facts)
    if unfit:
        found.append(whole.unfit(facts, unfit))
    for activity in state.pending.values():
        one = _wait(facts, activity)
        if one is not None:
            found.append(one)
    if state.lifecycle and state.ended is None:
        found.append(whole.lifecycle(facts))
    return found or [whole.due(facts, "it is to go on")]


def _wait(facts: Facts, activity: Activity) -> Wait | None:
    if activity.kind not in ("step", "undo", "child") and _is_cancelled(facts, activity):
        what = f"the run is cancelled, and {activity.kind} {activity.name} is to be told".strip()
        return due(facts, activity, what)
    if activity.child:
        failed = activity.status in ("undo failed", "in doubt")
        child = facts.children.get(activity.child)
        told = child is None or child.ended or child.cancel is not None
        if not told and not failed and activity.kind == "child" and _is_cancelled(facts, activity):
            return due(facts, activity, f"the run is cancelled, and {activity.child} is to be told")
        return calls.call(facts, activity) if failed else waiting.child(facts, activity)
    return _KINDS[activity.kind](facts, activity)


def _is_cancelled(facts: Facts, activity: Activity) -> bool:
    """Whether code that stands still here is to be told of the cancellation of its run."""
    state = facts.state
    asked = state.cancel is not None and not state.cancelled and state.compensation is None
    return activity.stopping or (asked and activity.id == state.current)


_KINDS: dict[str, Callable[[Facts, Activity], Wait | None]] = {
    "step": calls.call,
    "undo": calls.call,
    "approval": deciding.approval,
    "wait": waiting.command,
    "sleep": waiting.sleep,
    "join": waiting.join,
    "helper": waiting.branch,
    "child": waiting.child,
}


def _besides(facts: Facts, root: Wait) -> tuple[tuple[str, ...], tuple[Action, ...]]:
    """What will hold the run up when its wait is over, and what can be done about that."""
    found = list(() if root.child is None else root.child.besides)
    actions: tuple[Action, ...] = ()
    change = edited(facts)
    unfit = misfit(facts)
    decided = facts.changed is not None or facts.state.held or root.cause in ENDED
    if change and not decided and not unfit:
        found.append(change)
    if facts.imported and not facts.state.held and facts.imported != unfit:
        found.append(f"under the code that is imported here it will be held: {facts.imported}")
    hindered = obstacle(facts) if _needs_worker(facts, root) else None
    if hindered is not None:
        said = _afterwards(root, hindered)
        actions = tuple(a for a in hindered.actions if a.argv[0] == "work")  # it is no end yet
        if said not in found:
            found.insert(0, said)
    return tuple(found), actions


def _afterwards(root: Wait, hindered: Obstacle) -> str:
    if root.cause in _TIMED:
        return f"at that instant nothing moves it: {hindered.said}"
    if hindered.cause == "no_worker":  # a command line is one for a moment, if it has the code
        return f"{hindered.said}: then it goes on only as far as that command itself drives it"
    return f"afterwards nothing moves it: {hindered.said}"


def _needs_worker(facts: Facts, root: Wait) -> bool:
    """Whether it takes a worker when the wait is over; a command moves a lifecycle by itself."""
    if root.cause in NOT_MOVED or root.cause in ENDED:
        return False
    return not facts.state.lifecycle or bool(facts.state.pending or root.then)


_TIMED = frozenset({"sleep", "timer", "batch", "retry", "rate_limit", "breaker_open"})
