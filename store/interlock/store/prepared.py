"""A commit made ready to be stored: ids given, versions counted, digests chained, rows encoded."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import msgspec
from msgspec.structs import force_setattr

from interlock.store.clock import uuid7_texts
from interlock.store.contract import Appended, Commit, Head
from interlock.store.digest import digest_at, measured
from interlock.store.envelope import form_of, utc, written
from interlock.store.errors import Unrecordable
from interlock.store.event import Event

Row: TypeAlias = tuple[str, int, str, bytes]
"""One event as stored: stream, version, topic, state."""


class Prepared(msgspec.Struct, gc=False, frozen=True):
    """A commit with everything computed that does not need the database.

    Attributes:
        commit: what was asked for.
        stream: the stream's id.
        events: the events; their positions are 0 until they are stored.
        rows: the same events as stored.
        head: the head that the commit leads to.
    """

    commit: Commit
    stream: str
    events: tuple[Event, ...]
    rows: list[Row]
    head: Head

    def stored(self, first: int) -> Appended:
        """The answer to the append, once the first event has this position.

        The events are finished in place: nobody else has seen them before.
        """
        for position, event in enumerate(self.events, first):
            force_setattr(event, "position", position)
        return Appended(self.events, self.head)


def prepare(commit: Commit, now: datetime, cipher: str = "") -> Prepared:
    """Make a commit ready; `now` dates the ids of its events, `cipher` names the store's key.

    Raises:
        Unrecordable: a body, a name or an instant cannot be stored.
        UnknownEvent: a body is not of the vocabulary.
        ValueError: there are no drafts, or a timer belongs to another stream.
    """
    entry, head, correlation = commit.entry, commit.head, commit.correlation
    stream, machine, definition = entry.run, entry.machine, entry.hash
    _check(commit)
    at = utc(commit.at)
    if head.at is not None and head.at > at:
        at = head.at
    version, digest = head.version, head.digest
    named = measured(stream)
    events: list[Event] = []
    rows: list[Row] = []
    for draft, event_id in zip(commit.drafts, uuid7_texts(now)):  # noqa: B905  ids never end
        version += 1
        if draft.at is not None:
            at = max(at, utc(draft.at))
        topic, envelope, schema = form_of(draft.body)
        id_, prev = draft.id or event_id, digest
        followed, asked = draft.hash or definition, draft.correlation or correlation
        whole = envelope(
            id_, at, machine, followed, draft.state, draft.actor, draft.cause, asked,
            schema, prev, draft.body, draft.reason,
        )  # fmt: skip
        state = written(whole, stream, version, topic, cipher)
        digest = digest_at(f"{version}:{measured(topic)}{named}", state)
        event = Event(
            stream, version, topic, id_, at, machine, followed, draft.state, draft.actor,
            draft.cause, asked, prev, draft.body, 0, digest, draft.reason, None, cipher,
        )  # fmt: skip
        events.append(event)
        rows.append((stream, version, topic, state))
    return Prepared(commit, stream, tuple(events), rows, Head(version, digest, at))


def _check(commit: Commit) -> None:
    """Refuse what no backend could keep."""
    if not commit.drafts:
        message = "a commit needs at least one event"
        raise ValueError(message)
    entry = commit.entry
    stream = entry.run
    if not stream or "\0" in stream:
        message = f"{stream!r} cannot be the id of a stream: it is empty or has a zero character"
        raise Unrecordable(message, "run")
    try:
        f"{stream}{entry.machine}{entry.hash}{entry.state}{entry.waits_for}{commit.command_id}".encode()
    except UnicodeEncodeError as error:
        message = f"a name of the commit of {stream!r} is not valid text: {error.reason}"
        raise Unrecordable(message, "entry") from error
    utc(entry.since)
    utc(entry.started)
    for timer in commit.set_timers:
        utc(timer.due)
        if timer.run != stream:
            message = f"a commit of {stream!r} cannot set a timer of {timer.run!r}"
            raise ValueError(message)
