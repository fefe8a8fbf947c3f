"""The JSON that commands print: stable keys for what the engine knows of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import to_builtins

from interlock.cli.phrases import phrase
from interlock.cli.text import exact
from interlock.cli.wording import knowing
from interlock.projections import (
    Activity,
    Approval,
    Effect,
    Joined,
    RunState,
    Voted,
    address,
    member_name,
    read_through,
)
from interlock.projections.alone import is_left_alone
from interlock.projections.copying import copy_state
from interlock.projections.subject import Subject
from interlock.store.contract import Entry, Timer
from interlock.store.decisions import Approvers
from interlock.store.event import JSON, Actor, Event
from interlock.store.values import Image, plain
from interlock.store.vocabulary import Failure
from interlock.store.within import Within

Document = dict[str, Any]
"""What is printed as JSON: text, numbers, lists and dictionaries."""


def entry_view(entry: Entry) -> Document:
    """A row of the index."""
    return {
        "run": entry.run,
        "machine": entry.machine,
        "hash": entry.hash,
        "state": entry.state,
        "status": entry.status,
        "since": exact(entry.since),
        "started": exact(entry.started),
        "waits": entry.waits,
        "waits_for": entry.waits_for,
        **({"archive": entry.archive} if entry.archive else {}),
    }


def actor_view(actor: Actor) -> Document:
    """Who caused something."""
    return {"kind": actor.kind, "id": actor.id}


def failure_view(failure: Failure | None) -> Document | None:
    """A recorded exception."""
    return None if failure is None else {"type": failure.type, "message": failure.message}


def activity_view(state: RunState, activity: Activity) -> Document:
    """Something that a run waits for or has under way."""
    within = activity.within or Within()
    return {
        "kind": activity.kind,
        "name": activity.name,
        "address": address(state, activity),
        "activity": activity.id,
        "branch": within.thread,
        "join": within.join,
        "aside": within.handle,
        "state": activity.state,
        "since": exact(activity.since),
        "until": exact(activity.due),
        "status": activity.status,
        "attempt": activity.attempt,
        "key": activity.key,
        "accepts": list(activity.commands),
        "about": state.thread(activity).image.plain(activity.about),
        "error": failure_view(activity.error),
        "child": activity.child or None,
        "progress": None if activity.join is None else progress_view(activity.join),
        "approval": None if activity.approval is None else approval_view(activity.approval),
    }


def progress_view(join: Joined) -> Document:
    """How far a join is: numbers of calls, and what failed by the names of the calls."""
    over, failed = len(join.outcomes), len(join.failed)
    return {
        "how": join.how,
        "calls": len(join.calls),
        "done": over - failed,
        "failed": failed,
        "under_way": len(join.active),
        "to_go": len(join.calls) - over - len(join.active),
        "errors": {
            member_name(join, index): failure_view(join.outcomes[index].error)
            for index in join.failed
        },
    }


def approval_view(approval: Approval) -> Document:
    """Who may decide, and what they have said so far."""
    return {
        "approvers": who_view(approval.approvers),
        "requester": approval.requester or None,
        "quorum": approval.quorum,
        "rejections": approval.rejections,
        "facts": approval.facts,
        "delegated": dict(approval.rights),
        "votes": [vote_view(vote) for vote in approval.votes],
    }


def who_view(who: Approvers) -> Document:
    """Those who may decide; nobody named is anybody."""
    return {"names": list(who.names), "groups": list(who.groups), "rule": who.rule or None}


def vote_view(vote: Voted) -> Document:
    """What one person said."""
    return {
        "by": vote.actor.id,
        "granted": vote.granted,
        "reason": vote.reason,
        "at": exact(vote.at),
    }


def effect_view(effect: Effect) -> Document:
    """A line of the ledger."""
    return {
        "activity": effect.activity,
        "step": effect.step,
        "key": effect.key,
        "status": effect.status,
        "attempts": effect.attempts,
        "interruptions": effect.interruptions,
        "since": exact(effect.since),
        "error": effect.error,
        "note": effect.note,
    }


def state_view(
    state: RunState, effects: Sequence[Effect], timers: Sequence[Timer], after: int = 0
) -> Document:
    """All that is known of a run now.

    Args:
        after: the ledger begins after this version; 0 for all of it.
    """
    return {
        "run": state.run,
        "machine": state.machine,
        "hash": state.hash,
        "state": state.state,
        "configuration": list(state.configuration),
        "status": state.status,
        "since": exact(state.since),
        "started": exact(state.started),
        "parent": state.parent or None,
        "fork": None if state.fork is None else to_builtins(state.fork),
        "forks": state.forks,
        "version": state.head.version,
        "updated": exact(state.head.at),
        "variables": variables_of(state),
        "branches": {
            activity: {"state": thread.state, "variables": thread.image.plain_variables()}
            for activity, thread in state.threads.items()
        },
        "waits": [activity_view(state, activity) for activity in state.pending.values()],
        "timers": [{"name": timer.name, "due": exact(timer.due)} for timer in timers],
        "ledger": [effect_view(effect) for effect in effects],
        "ledger_after": after,
        "decisions": [
            {
                "name": decided.name,
                "granted": decided.granted,
                "by": actor_view(decided.actor),
                "reason": decided.reason,
                "at": exact(decided.at),
            }
            for decided in state.decisions
        ],
        "inbox": [
            {
                "id": received.id,
                "command": received.command,
                "value": plain(received.value),
                "from": actor_view(received.actor),
                "at": exact(received.at),
            }
            for received in state.inbox
        ],
        "result": state.image.plain(state.result),
        "error": failure_view(state.error),
        "held": state.held,
        "cancel": state.cancel,
    }


def variables_of(state: RunState) -> dict[str, JSON]:
    """The variables for people. A run that ended has none."""
    return state.variables


def told(
    events: Sequence[Event], since: RunState | None = None
) -> Iterator[tuple[Event, str, str]]:
    """Every event of a run, from its first or after `since`, the state before it, its phrase."""
    before = "" if since is None else since.state
    begun = None if since is None else copy_state(since)
    phrases = Phrases(begun)
    for event, state, subject in read_through(events, begun):
        yield event, before, phrases.of(event, state, subject)
        before = event.state


class Phrases:
    """What the events of a run say, read in order from the first, or from the one after `since`."""

    def __init__(self, since: RunState | None = None) -> None:
        self._names: dict[str, str] = {}
        for activity in () if since is None else since.pending.values():
            self.note(activity)
        for undo in () if since is None else since.stack:
            self._names[undo.activity] = undo.step

    def of(self, event: Event, state: RunState, subject: Subject) -> str:
        """What an event says, with the state after it."""
        activity = subject.activity
        self.note(activity)
        branch = None if activity is None else "/".join(subject.branch)
        with knowing(self._names):
            plain = _image(state, activity).plain
            return phrase(event, plain, branch, alone=_is_left(event, state, activity))

    def note(self, activity: Activity | None) -> None:
        """Take note of what an event is about: members of joins may have no name in their id."""
        if activity is None:
            return
        if activity.id.endswith("]") and activity.kind not in ("join", "helper", "undo"):
            self._names[activity.id] = activity.name


def _is_left(event: Event, state: RunState, activity: Activity | None) -> bool:
    """Whether all that an event stops are children that go on by themselves."""
    if event.type == "RunEnding":
        left = state.pending.values()
        return bool(left) and all(is_left_alone(state, one) for one in left)
    if event.type != "ActivityStopped" or activity is None:
        return False
    return is_left_alone(state, activity)


def _image(state: RunState, activity: Activity | None) -> Image:
    """The memory that an event's values are in."""
    if activity is None or not activity.thread:
        return state.image
    thread = state.threads.get(activity.thread)
    return Image() if thread is None else thread.image


def event_view(event: Event, before: str, what: str) -> Document:
    """An event, as JSON; `body` is as it was recorded."""
    import msgspec

    return {
        "version": event.version,
        "at": exact(event.at),
        "type": event.type,
        "from": before,
        "state": event.state,
        "actor": actor_view(event.actor),
        "what": what,
        "id": event.id,
        "cause": event.cause,
        "reason": event.reason,
        "correlation": event.correlation,
        "digest": event.digest,
        "body": msgspec.to_builtins(event.body),
    }
