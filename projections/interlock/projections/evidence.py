"""Evidence: a run in one file, to be read by people and programs, and taken into another store.

{"kind": "evidence", …}    first: of which run, in which format
{"kind": "definition", …}  each definition that the run followed
{"kind": "command", …}     each command id that it has accepted, and where that led
{"kind": "event", …}       each event, as it is stored
{"kind": "state" | "decision" | "effect" | "picture" | "proof", …}  what follows from them
{"kind": "end", …}         last: how many events, the digest of the last, and of all lines before

What follows from the events is there for who reads the file; `load_evidence` checks that it was
not altered and passes over it. `docs/audit.md` describes the format.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec

from interlock.projections.errors import BadExport
from interlock.projections.history import History
from interlock.store.contract import Definition
from interlock.store.envelope import decode
from interlock.store.errors import StoreError
from interlock.store.event import Event
from interlock.store.inspection import Raw

FORMAT = 2
"""The format. 1 was the events alone, without lines of other kinds."""

_encoder = msgspec.json.Encoder()
_reader = msgspec.json.Decoder(msgspec.Raw)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a file of evidence holds that cannot be worked out from something else in it.

    Attributes:
        history: the run's events.
        definitions: that it followed.
        commands: ids of accepted commands, and the version that each led to.
    """

    history: History
    definitions: tuple[Definition, ...] = ()
    commands: tuple[tuple[str, int], ...] = ()


class _Head(msgspec.Struct, tag_field="kind", tag="evidence"):
    format: int
    run: str
    events: int


class _Definition(msgspec.Struct, tag_field="kind", tag="definition"):
    hash: str
    name: str
    ir: str
    source: str


class _Command(msgspec.Struct, tag_field="kind", tag="command"):
    id: str
    version: int


class _Event(msgspec.Struct, tag_field="kind", tag="event", omit_defaults=True):
    stream: str
    version: int
    type: str
    event: msgspec.Raw = msgspec.Raw()
    base64: str = ""


class _End(msgspec.Struct, tag_field="kind", tag="end"):
    events: int
    digest: str
    sum: str


class _Line(msgspec.Struct):
    """The one field that every line has; a line of format 1 has none."""

    kind: str = ""


class _Bare(msgspec.Struct, forbid_unknown_fields=True):
    """An event of format 1."""

    stream: str
    version: int
    type: str
    position: int
    event: msgspec.Raw


def dump_evidence(
    rows: Sequence[Raw],
    digest: str,
    definitions: Iterable[Definition],
    commands: Iterable[tuple[str, int]],
    more: Iterable[Mapping[str, Any]] = (),
) -> str:
    """A run as JSON lines.

    Args:
        rows: its events as they are stored, all of them.
        digest: of the last one.
        definitions, commands: see `Evidence`.
        more: lines of other kinds, each with its `kind`.
    """
    lines = [_encoder.encode(line) + b"\n" for line in _lines(rows, definitions, commands)]
    lines += [_encoder.encode(line) + b"\n" for line in more]
    total = sha256(b"".join(lines)).hexdigest()
    lines.append(_encoder.encode(_End(len(rows), digest, total)) + b"\n")
    return b"".join(lines).decode()


def _lines(
    rows: Sequence[Raw],
    definitions: Iterable[Definition],
    commands: Iterable[tuple[str, int]],
) -> Iterator[msgspec.Struct]:
    yield _Head(FORMAT, rows[0].stream, len(rows))
    for one in sorted(definitions, key=lambda one: one.hash):
        yield _Definition(one.hash, one.name, one.ir, one.source)
    for key, version in sorted(commands, key=lambda one: (one[1], one[0])):
        yield _Command(key, version)
    for row in rows:
        text = msgspec.Raw(row.state) if _is_json(row.state) else msgspec.Raw()
        coded = "" if bytes(text) else _base64(row.state)
        yield _Event(row.stream, row.version, row.topic, text, coded)


def _is_json(state: bytes) -> bool:
    """Whether stored bytes can stand in a line as they are; those of an encrypted store cannot."""
    try:
        _reader.decode(state)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return b"\n" not in state


def _base64(state: bytes) -> str:
    return b64encode(state).decode()


@dataclass(slots=True)
class _Read:
    """What was read so far."""

    events: list[Event] = field(default_factory=list[Event])
    definitions: list[Definition] = field(default_factory=list[Definition])
    commands: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    head: _Head | None = None
    end: _End | None = None
    whole: bool = False


def load_evidence(text: str) -> Evidence:
    """What a file of evidence holds; also one of format 1. Its digest chain is verified.

    Raises:
        BadExport: a line is not of an export, lines are missing or were altered; says which.
        BrokenChain: the events were altered, or some are missing in between.
        UnknownEvent: the export is of a newer Interlock.
    """
    read, total = _Read(), sha256()
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            if read.end is not None:
                message = f"line {number} stands behind the end of the export"
                raise BadExport(message)
            _take(read, line, total.hexdigest())
        except (msgspec.DecodeError, UnicodeEncodeError, ValueError) as error:
            message = f"line {number} is not an exported event: {error}"
            raise BadExport(message) from error
        except StoreError as error:
            error.add_note(f"line {number} of the export")
            raise
        total.update(line.encode() + b"\n")
    history = History(read.events)
    history.verify()
    _check(read, history)
    return Evidence(history, tuple(read.definitions), tuple(read.commands))


def _take(read: _Read, line: str, total: str) -> None:
    kind = msgspec.json.decode(line, type=_Line).kind
    if kind == "" and read.head is None:
        bare = msgspec.json.decode(line, type=_Bare)
        event = decode(bare.stream, bare.version, bare.type, bytes(bare.event), bare.position)
        read.events.append(event)
    elif kind == "evidence":
        read.head = msgspec.json.decode(line, type=_Head)
        if read.head.format > FORMAT:
            message = f"it is of format {read.head.format}; this program reads {FORMAT}"
            raise BadExport(message)
    elif read.head is None:
        message = "the export does not begin with its head"
        raise BadExport(message)
    elif kind == "definition":
        one = msgspec.json.decode(line, type=_Definition)
        read.definitions.append(Definition(one.hash, one.name, one.ir, one.source))
    elif kind == "command":
        command = msgspec.json.decode(line, type=_Command)
        read.commands.append((command.id, command.version))
    elif kind == "event":
        said = msgspec.json.decode(line, type=_Event)
        state = bytes(said.event) or b64decode(said.base64, validate=True)
        read.events.append(decode(said.stream, said.version, said.type, state))
    elif kind == "end":
        read.end = msgspec.json.decode(line, type=_End)
        read.whole = read.end.sum == total


def _check(read: _Read, history: History) -> None:
    if read.head is None:
        return  # of format 1
    if read.end is None:
        message = "the export has no end: it was cut off"
        raise BadExport(message)
    if not read.whole:  # no event was, or their chain would be broken
        message = "a line of the export was altered: their digest is another one"
        raise BadExport(message)
    last = history.events[-1]
    said = (read.head.run, read.head.events, read.end.events, read.end.digest)
    if said != (history.run, len(history), len(history), last.digest):
        message = "the export does not hold what its head and end say"
        raise BadExport(message)
