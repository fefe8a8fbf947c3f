"""The effect ledger: every call that a run made or meant to make, and what is known of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from interlock.projections.alone import leaves
from interlock.projections.begun import begun
from interlock.projections.effect import Effect, EffectStatus
from interlock.projections.run import RunState
from interlock.store.decisions import UndoResolved, UndoRetried
from interlock.store.event import Event
from interlock.store.forking import CallAnswered, CallAsked, OutcomeReplayed, RunForked
from interlock.store.joining import (
    ActivityStopped,
    ChildEnded,
    ChildStarted,
    CompensationRequested,
    RunEnding,
)
from interlock.store.vocabulary import (
    CancelDelivered,
    CancelRequested,
    RunCompensationFailed,
    StepFailed,
    StepInDoubt,
    StepPostponed,
    StepRecalled,
    StepReleased,
    StepResolved,
    StepScheduled,
    StepStarted,
    StepSucceeded,
    UndoFailed,
    UndoScheduled,
    UndoSucceeded,
)


def ledger(events: Iterable[Event], since: RunState | None = None) -> list[Effect]:
    """The effects of one run, in the order in which they were intended.

    Args:
        events: from the first, or the one after `since`.
        since: the run as it was before them: effects that were over by then are not among them,
            unless something becomes of them later.
    """
    found = Ledger() if since is None else Ledger(begun(since).values(), leaves(since))
    for event in events:
        found.take(event)
    return found.effects


class Ledger:
    """The fold itself: of events as they come.

    Args:
        known: effects from before the first event.
        leaves: by then the run leaves those of its children that go on by themselves.
    """

    def __init__(self, known: Iterable[Effect] = (), leaves: bool = False) -> None:
        self._known = _Known({effect.activity: effect for effect in known})
        self._leaves = leaves
        self._replayed: OutcomeReplayed | None = None

    def take(self, event: Event) -> None:
        """One more event."""
        body: Any = event.body
        handler = _HANDLERS.get(event.type)
        if handler is not None:
            handler(self._known, event, body)
        if event.type in _LEAVING:
            self._leaves = True
        elif isinstance(body, ActivityStopped) and self._leaves:
            _left_alone(self._known, body)
        replayed = self._replayed
        if replayed is not None and getattr(body, "activity", "") == replayed.activity:
            _taken_from(self._known, replayed)
        self._replayed = body if isinstance(body, OutcomeReplayed) else None

    @property
    def effects(self) -> list[Effect]:
        """The effects by now."""
        return list(self._known.values())


class _Known(dict[str, Effect]):
    """Effects by activity. One that was over before the first event is told from its id."""

    def __missing__(self, activity: str) -> Effect:
        name = activity.partition("#")[0].rpartition("/")[2]
        effect = self[activity] = Effect(activity, name, "", "confirmed", 1, _LONG_AGO)
        return effect


_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def _taken_from(effects: dict[str, Effect], replayed: OutcomeReplayed) -> None:
    """An effect was not asked for: its outcome is what another run had recorded."""
    effect = effects.get(replayed.activity)
    if effect is not None:
        effect.status = "reused" if effect.status == "confirmed" else effect.status
        effect.attempts = 0
        effect.note = f"not called: as {replayed.run} recorded at {replayed.version}"


def _scheduled(effects: dict[str, Effect], event: Event, body: StepScheduled) -> None:
    effect = Effect(body.activity, body.step, body.key, "intended", 1, event.at)
    effects[body.activity] = effect


def _set(effects: dict[str, Effect], event: Event, activity: str, status: EffectStatus) -> Effect:
    effect = effects[activity]
    effect.status = status
    effect.since = event.at
    effect.note = ""
    return effect


def _started(effects: dict[str, Effect], event: Event, body: StepStarted) -> None:
    _set(effects, event, body.activity, "started").attempts = body.attempt


def _recalled(effects: dict[str, Effect], event: Event, body: StepRecalled) -> None:
    effect = effects[body.activity]
    effect.attempts = body.attempt
    effect.interruptions += body.interruptions > 0


def _succeeded(effects: dict[str, Effect], event: Event, body: StepSucceeded) -> None:
    effect = _set(effects, event, body.activity, "reused" if body.reused else "confirmed")
    effect.attempts = body.attempt
    if body.reused:
        effect.attempts -= 1
        effect.note = f"{body.reused}: the result of {body.reused_run}"
    effect.irreversible = body.irreversible


def _postponed(effects: dict[str, Effect], event: Event, body: StepPostponed) -> None:
    effects[body.activity].attempts -= effects[body.activity].status == "intended"
    _set(effects, event, body.activity, "postponed").note = body.by


def _released(effects: dict[str, Effect], event: Event, body: StepReleased) -> None:
    effects[body.activity].attempts += effects[body.activity].status == "postponed"
    _set(effects, event, body.activity, "intended")


def _failed(effects: dict[str, Effect], event: Event, body: StepFailed) -> None:
    effect = _set(effects, event, body.activity, "retrying" if body.retry_at else "failed")
    effect.attempts = body.attempt - (not body.called)
    effect.error = f"{body.error.type}: {body.error.message}"


def _in_doubt(effects: dict[str, Effect], event: Event, body: StepInDoubt) -> None:
    _set(effects, event, body.activity, "in doubt").attempts = body.attempt


def _resolved(effects: dict[str, Effect], event: Event, body: StepResolved) -> None:
    effect = _set(effects, event, body.activity, "confirmed" if body.happened else "intended")
    effect.interruptions += not body.happened  # it is called once more
    effect.irreversible = body.irreversible


def _cancelled(effects: dict[str, Effect], event: Event, body: CancelDelivered) -> None:
    effect = effects.get(body.activity)
    if effect is not None and effect.status not in ("confirmed", "failed", "reused"):
        _set(effects, event, body.activity, "cancelled")


def _stopped(effects: dict[str, Effect], event: Event, body: ActivityStopped) -> None:
    effect = effects.get(body.activity)
    if effect is not None and body.over and effect.status not in ("confirmed", "failed"):
        _set(effects, event, body.activity, "cancelled")


def _left_alone(effects: dict[str, Effect], body: ActivityStopped) -> None:
    effect = effects.get(body.activity)
    if effect is not None and effect.abandon and effect.status == "cancelled":
        effect.status = "left alone"


def _child_started(effects: dict[str, Effect], event: Event, body: ChildStarted) -> None:
    effect = Effect(body.activity, body.machine, body.child, "started", 1, event.at)
    effect.abandon = body.on_cancel == "abandon"
    effects[body.activity] = effect


def _child_ended(effects: dict[str, Effect], event: Event, body: ChildEnded) -> None:
    ends: dict[str, EffectStatus] = {"completed": "confirmed", "cancelled": "cancelled"}
    effect = _set(effects, event, body.activity, ends.get(body.status, "failed"))
    effect.irreversible = body.irreversible
    if body.error is not None:
        effect.error = f"{body.error.type}: {body.error.message}"


def _undo_scheduled(effects: dict[str, Effect], event: Event, body: UndoScheduled) -> None:
    effect = Effect(body.activity, body.undo, body.key, "intended", 1, event.at)
    effect.undoes = body.of
    effects[body.activity] = effect


def _undone(effects: dict[str, Effect], event: Event, body: UndoSucceeded) -> None:
    _set(effects, event, body.activity, "confirmed")
    _set(effects, event, body.of, "compensated")


def _undo_failed(effects: dict[str, Effect], event: Event, body: UndoFailed) -> None:
    effect = _set(effects, event, body.activity, "retrying" if body.retry_at else "failed")
    effect.attempts = body.attempt
    effect.error = f"{body.error.type}: {body.error.message}"
    if body.retry_at is None:
        _set(effects, event, body.of, "not compensated")


def _undo_retried(effects: dict[str, Effect], event: Event, body: UndoRetried) -> None:
    _set(effects, event, body.activity, "intended").attempts = body.attempt
    _set(effects, event, body.of, "confirmed")


def _undo_resolved(effects: dict[str, Effect], event: Event, body: UndoResolved) -> None:
    _set(effects, event, body.of, "compensated")


def _left(effects: dict[str, Effect], event: Event, body: RunCompensationFailed) -> None:
    """What a person gave up with the run was never tried to be undone."""
    for activity in body.not_undone:
        if effects[activity].status != "not compensated":
            _set(effects, event, activity, "not compensated")


def _forked(effects: dict[str, Effect], event: Event, body: RunForked) -> None:
    """What is under way is another run's; what was done was done by that run."""
    for effect in effects.values():
        if effect.status in ("intended", "started", "retrying", "in doubt", "postponed", "asked"):
            effect.status, effect.since = "intended", event.at
            effect.key = f"{event.stream}/{effect.activity}"
            effect.attempts, effect.interruptions = 0, 0
        effect.note = effect.note or f"before the fork: by {body.parent}"


def _asked(effects: dict[str, Effect], event: Event, body: CallAsked) -> None:
    _set(effects, event, body.activity, "asked").attempts = 0


def _answered(effects: dict[str, Effect], event: Event, body: CallAnswered) -> None:
    if body.how in ("live", "recorded"):
        _set(effects, event, body.activity, "intended").attempts = int(body.how == "live")
        return
    effect = _set(effects, event, body.activity, "failed" if body.error else "reused")
    effect.note = f"given by {event.actor.id or 'a person'}"
    if body.error is not None:
        effect.error = f"{body.error.type}: {body.error.message}"
    elif effect.undoes:
        undone = _set(effects, event, effect.undoes, "compensated")
        undone.note = f"as {event.actor.id or 'a person'} said; nothing was called"


_LEAVING = (CancelRequested.__name__, RunEnding.__name__, CompensationRequested.__name__)

_HANDLERS: dict[str, Callable[[dict[str, Effect], Event, Any], None]] = {
    StepScheduled.__name__: _scheduled,
    StepStarted.__name__: _started,
    StepRecalled.__name__: _recalled,
    StepSucceeded.__name__: _succeeded,
    StepFailed.__name__: _failed,
    StepPostponed.__name__: _postponed,
    StepReleased.__name__: _released,
    StepInDoubt.__name__: _in_doubt,
    StepResolved.__name__: _resolved,
    CancelDelivered.__name__: _cancelled,
    ActivityStopped.__name__: _stopped,
    ChildStarted.__name__: _child_started,
    ChildEnded.__name__: _child_ended,
    UndoScheduled.__name__: _undo_scheduled,
    UndoSucceeded.__name__: _undone,
    UndoFailed.__name__: _undo_failed,
    UndoRetried.__name__: _undo_retried,
    UndoResolved.__name__: _undo_resolved,
    RunCompensationFailed.__name__: _left,
    RunForked.__name__: _forked,
    CallAsked.__name__: _asked,
    CallAnswered.__name__: _answered,
}
