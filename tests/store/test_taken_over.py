"""Events taken over from another store keep their ids, instants and digests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from interlock.store.contract import Commit, Draft, Entry, Head
from interlock.store.event import Actor
from interlock.store.prepared import prepare
from interlock.store.vocabulary import RunHeld, SleepEnded

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


def _commit(*drafts: Draft) -> Commit:
    entry = Entry("run", "m", "h", "s", "held", NOW, "", "", NOW)
    return Commit(head=Head(), entry=entry, drafts=drafts, at=NOW, correlation="run")


def _draft(at: datetime | None = None, event_id: str = "") -> Draft:
    return Draft(RunHeld("why"), "s", Actor("user", "ann"), "c", at, event_id)


def test_the_same_ids_and_instants_give_the_same_digests() -> None:
    first = prepare(_commit(_draft(), _draft()), NOW)
    again = [
        Draft(event.body, event.state, event.actor, event.cause, event.at, event.id)
        for event in first.events
    ]
    second = prepare(_commit(*again), LATER)
    assert second.rows == first.rows
    assert second.head == first.head


def test_instants_never_go_back() -> None:
    drafts = [_draft(LATER), _draft(NOW), Draft(SleepEnded("s#1"), "s", Actor("timer"))]
    prepared = prepare(_commit(*drafts), NOW)
    assert [event.at for event in prepared.events] == [LATER, LATER, LATER]
    assert prepared.head.at == LATER
