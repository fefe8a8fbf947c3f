"""The digest chain: what links an event to the one before it, and how a chain is checked."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256

from interlock.store.contract import Head
from interlock.store.errors import BrokenChain
from interlock.store.event import Event


def digest_of(stream: str, version: int, topic: str, state: bytes) -> str:
    """SHA-256 (hex) of one stored event; `state` holds the digest of the event before it.

    Lengths (in characters) stand before the two names, so no two events share a digest input.
    """
    return digest_at(place_of(stream, version, topic), state)


def digest_at(place: str, state: bytes) -> str:
    """The same, of an event at its `place_of`."""
    return sha256(place.encode() + state).hexdigest()


def place_of(stream: str, version: int, topic: str) -> str:
    """Where an event stands, such that no two places read alike."""
    return f"{version}:{measured(topic)}{measured(stream)}"


@lru_cache(maxsize=4096)  # a run in flight is asked for at each of its events
def measured(name: str) -> str:
    """A name in a `place_of`."""
    return f"{len(name)}:{name}:"


def verify(events: Iterable[Event], *, head: Head | None = None, after: Head | None = None) -> Head:
    """Check that events of one stream, from its beginning, follow from each other.

    Digests are computed from the stored bytes when events are read, so an altered event shows
    as a wrong link in the event after it. The last event has none after it: give the stream's
    `head` from the index (or a witness kept elsewhere) to check that one too, and to see events
    missing at the end.

    Args:
        events: in order.
        head: of the stream, as somebody else knows it.
        after: what they follow, where they are not all of them.

    Returns:
        The head that the events lead to.

    Raises:
        BrokenChain: names the first event that does not follow.
    """
    last = after or Head()
    stream: str | None = None
    for event in events:
        name = f"event {event.version} of stream {event.stream!r}"
        if stream is not None and event.stream != stream:
            message = f"{name} stands among the events of {stream!r}"
            raise BrokenChain(message)
        if event.version != last.version + 1:
            message = f"{name} follows version {last.version}"
            raise BrokenChain(message)
        if event.prev != last.digest:
            message = f"{name} does not link to the event before it: one of the two was altered"
            raise BrokenChain(message)
        stream, last = event.stream, Head(event.version, event.digest, event.at)
    if head is not None and (head.version, head.digest) != (last.version, last.digest):
        message = (
            f"stream {stream!r} ends at version {last.version} with another digest"
            f" than its head, version {head.version}"
        )
        raise BrokenChain(message)
    return last
