"""Export and import of a history as JSON lines: one event a line, byte for byte as stored."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from interlock.projections.errors import BadExport
from interlock.projections.history import History
from interlock.store.envelope import decode, encode
from interlock.store.errors import StoreError
from interlock.store.event import Event


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    """One event of an export: its place, its type, and its stored JSON."""

    stream: str
    version: int
    type: str
    position: int
    event: msgspec.Raw


def dump_history(history: History) -> str:
    """The history as JSON lines; `load_history` reads it back, chain and all."""
    return "".join(f"{msgspec.json.encode(_line(event)).decode()}\n" for event in history.events)


def _line(event: Event) -> _Line:
    kind = event.type if event.stored is None else event.stored.type
    raw = msgspec.Raw(encode(event))
    return _Line(event.stream, event.version, kind, event.position, raw)


def load_history(lines: str | Iterable[str]) -> History:
    """The history of an export, its digest chain verified.

    Raises:
        BadExport: a line is not an exported event; says which.
        BrokenChain: the events were altered, or some are missing in between.
        UnknownEvent: the export is of a newer Interlock.
    """
    events: list[Event] = []
    texts = lines.split("\n") if isinstance(lines, str) else lines  # a text may hold other breaks
    for number, text in enumerate(texts, 1):
        if not text.strip():
            continue
        try:
            line = msgspec.json.decode(text, type=_Line)
            raw = bytes(line.event)
            events.append(decode(line.stream, line.version, line.type, raw, line.position))
        except msgspec.DecodeError as error:
            message = f"line {number} is not an exported event: {error}"
            raise BadExport(message) from error
        except StoreError as error:
            error.add_note(f"line {number} of the export")
            raise
    history = History(events)
    history.verify()
    return history
