"""The form of an archive: compressed JSON lines, each run tree a part that can be read by itself.

{"kind": "archive", …}     first: which log it is from
{"kind": "definition", …}  of the machines that its runs followed
{"kind": "run", …}         its row in the index, then its events, oldest first
{"kind": "event", …}       one event, as it stood in the log
{"kind": "end", …}         last: how many there were, and a digest of all lines before
"""

from __future__ import annotations

from hashlib import sha256
from typing import TypeAlias

import msgspec

from interlock.store.contract import Entry, Head
from interlock.store.errors import BadArchive, BrokenChain
from interlock.store.event import Event
from interlock.store.inspection import Digest, Raw

FORM = 1
"""Version of the form. A file of a newer one is refused."""


class Opening(msgspec.Struct, tag_field="kind", tag="archive"):
    """The first line."""

    form: int
    log: str


class Defined(msgspec.Struct, tag_field="kind", tag="definition"):
    """A definition that runs of the file followed."""

    hash: str
    name: str
    ir: str
    source: str


class Begun(msgspec.Struct, tag_field="kind", tag="run"):
    """A run: its events follow."""

    entry: Entry


class Stored(msgspec.Struct, tag_field="kind", tag="event", omit_defaults=True):
    """An event as it was stored: its envelope as JSON, or in base 64 where it is not JSON."""

    position: int
    stream: str
    version: int
    type: str
    event: msgspec.Raw = msgspec.Raw()
    base64: bytes = b""


class End(msgspec.Struct, tag_field="kind", tag="end"):
    """The last line."""

    runs: int
    events: int
    sum: str


Line: TypeAlias = Opening | Defined | Begun | Stored | End

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)
_checker = msgspec.json.Decoder(msgspec.Raw)


def line(of: Line) -> bytes:
    """One line of the file."""
    return _encoder.encode(of) + b"\n"


def read_line(given: bytes, file: str) -> Line:
    """What a line says.

    Raises:
        BadArchive: it is none.
    """
    try:
        return _decoder.decode(given)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"{file} holds a line that is not of an archive: {error}"
        raise BadArchive(message) from error


def stored(row: Raw) -> Stored:
    """The line of an event."""
    named = (row.position, row.stream, row.version, row.topic)
    if row.state[:1] == b"{" and row.state[-1:] == b"}" and b"\n" not in row.state:
        try:
            _checker.decode(row.state)
            return Stored(*named, event=msgspec.Raw(row.state))
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
    return Stored(*named, base64=row.state)


def row_of(event: Stored) -> Raw:
    """The event of a line, byte for byte as it was stored."""
    state = bytes(event.event) or event.base64
    return Raw(event.stream, event.version, event.type, state, event.position)


def follow(last: Head, event: Event) -> Head:
    """The head that one more event of a run leads to.

    Raises:
        BrokenChain: it does not follow.
    """
    if (event.version, event.prev) != (last.version + 1, last.digest):
        message = (
            f"event {event.version} of stream {event.stream!r} does not follow version "
            f"{last.version}: one of the two was altered, or some are missing"
        )
        raise BrokenChain(message)
    return Head(event.version, event.digest, event.at)


class SumOfDigests:
    """A digest over the positions and digests of a run's events, in order of version."""

    def __init__(self) -> None:
        self._sum = sha256()

    def add(self, position: int, digest: str) -> None:
        """One more event."""
        self._sum.update(f"{position} {digest}\n".encode())

    def hex(self) -> str:
        """The digest of all so far."""
        return self._sum.hexdigest()


def sum_of_row(entry: Entry, head: Head) -> str:
    """A digest over a run's row in the index, but for where its archive is."""
    row = msgspec.structs.replace(entry, archive="")
    return sha256(msgspec.json.encode((row, head))).hexdigest()


def sum_of_digests(digests: list[Digest]) -> str:
    """The same of those that the store keeps of an archived run, in order of version."""
    found = SumOfDigests()
    for one in digests:
        found.add(one.position, one.digest)
    return found.hex()
