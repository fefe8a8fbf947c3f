"""What an audit reads: everything that a store holds, as it is stored, at one instant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple, Protocol

import msgspec

from interlock.store.contract import Definition, Entry, Head, Timer


class Digest(msgspec.Struct, gc=False, frozen=True):
    """One event of the log, as a seal covers it; also of a run whose events were archived."""

    position: int
    stream: str
    version: int
    digest: str


class Raw(NamedTuple):
    """One stored event, not decoded. A damaged row may hold values of other types."""

    stream: str
    version: int
    topic: str
    state: bytes
    position: int


class Indexed(msgspec.Struct, gc=False, frozen=True):
    """A row of the index. Without `entry` and `head` it cannot be read."""

    run: str
    entry: Entry | None = None
    head: Head | None = None


class Accepted(NamedTuple):
    """A command id that was accepted, and where it led: the last event of its commit."""

    id: str
    run: str
    version: int


class Inspection(Protocol):
    """A snapshot of a store: what is appended meanwhile is not seen. For one thread at a time.

    Streams come in the order of their code points, not in the natural order of ids.

    Attributes:
        log: identity of the log, "" where it has none.
        events: how many events `rows` gives.
        last: position of the last event that was ever stored, as far as the store knows.
    """

    log: str
    events: int
    last: int

    def rows(self, stream: str | None = None) -> Iterator[Raw]:
        """The events of all streams (or of one), by stream and version."""
        ...

    def digests(self, after: int = 0) -> Iterator[Digest]:
        """The digests of all events with `position > after`, by position."""
        ...

    def archived(self, stream: str) -> Iterator[Digest]:
        """The digests of a stream's archived events, by version; most streams have none."""
        ...

    def entries(self) -> Iterator[Indexed]:
        """All rows of the index, by run."""
        ...

    def timers(self) -> Iterator[Timer]:
        """All timers that can be read, by run."""
        ...

    def accepted(self) -> Iterator[Accepted]:
        """All command ids, by run and version."""
        ...

    def command(self, command_id: str) -> Accepted | None:
        """Where a command id led."""
        ...

    def definitions(self) -> Iterator[Definition]:
        """All definitions, by hash."""
        ...

    def flaws(self) -> Iterator[str]:
        """What is wrong with the storage itself, said for a person; nothing when it is sound."""
        ...


def sum_of(*values: str) -> str:
    """SHA-256 (hex) over some texts, kept beside what nothing else vouches for."""
    return sha256(json.dumps(values).encode()).hexdigest()
