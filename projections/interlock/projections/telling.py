"""What a run that was away is told when it comes back: who was forgotten meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from interlock.projections.fold import fold
from interlock.projections.forgetting import Forgetting
from interlock.projections.index import entry_of
from interlock.projections.personal import mentions
from interlock.store.contract import Commit, Draft
from interlock.store.event import Event
from interlock.store.forgetting import SubjectForgotten


def is_told(events: Sequence[Event], subject: str) -> bool:
    """Whether a run's events say that a subject was forgotten."""
    bodies = (event.body for event in events)
    return any(isinstance(one, SubjectForgotten) and one.subject == subject for one in bodies)


def told(events: Sequence[Event], known: Forgetting, at: datetime) -> Commit | None:
    """A commit that tells an ended run of the forgotten subjects whose values it holds.

    None when it holds none, or was told. Each is told on behalf of who had the subject forgotten.

    Args:
        events: all of the run.
        known: who was forgotten.
    """
    missed = [
        event
        for subject, event in known.subjects.items()
        if not is_told(events, subject) and any(mentions(one, subject) for one in events)
    ]
    if not missed:
        return None
    state = fold(events)
    drafts: list[Draft] = []
    for event in missed:
        assert isinstance(event.body, SubjectForgotten)  # as the fold noted it
        body = SubjectForgotten(event.body.subject, event.body.key)
        drafts.append(
            Draft(
                body,
                state.state,
                event.actor,
                reason=event.reason,
                correlation=event.correlation,
            )
        )
    return Commit(state.head, entry_of(state), drafts, at, state.correlation)
