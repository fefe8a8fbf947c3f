"""The codec of events: an event to its row in the log (readable JSON) and back, in one pass."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from interlock.store.cipher import MARK, known, unseal
from interlock.store.digest import digest_of, place_of
from interlock.store.errors import BrokenChain, UnknownEvent, Unrecordable
from interlock.store.event import Actor, Body, Event, Stored
from interlock.store.upcasting import FIRST, SHAPES, Shapes
from interlock.store.vocabulary import BODIES


class _Envelope(Protocol):
    """What every generated envelope looks like; the body's type differs."""

    id: str
    at: datetime
    machine: str
    hash: str
    state: str
    actor: Actor
    cause: str
    correlation: str
    schema: int
    prev: str
    body: Body
    reason: str


class _Version(msgspec.Struct):
    """The one field that is read of an envelope that cannot be read otherwise."""

    schema: int


_encoder = msgspec.json.Encoder()
_versions = msgspec.json.Decoder(_Version)
_envelopes: dict[type[Body], Any] = {}
_forms: dict[type[Body], tuple[str, Any, int]] = {}
_decoders: dict[str, msgspec.json.Decoder[_Envelope]] = {}


def _envelope(body: type[Body]) -> Any:
    """The envelope class for one type of body, made at first use."""
    found = _envelopes.get(body)
    if found is None:
        found = _envelopes[body] = msgspec.defstruct(
            f"{body.__name__}Envelope",
            [
                ("id", str),
                ("at", datetime),
                ("machine", str),
                ("hash", str),
                ("state", str),
                ("actor", Actor),
                ("cause", str),
                ("correlation", str),
                ("schema", int),
                ("prev", str),
                ("body", body),
                ("reason", str, ""),  # behind what old logs have, and left out where there is none
            ],
            frozen=True,
            omit_defaults=True,
            gc=False,
            forbid_unknown_fields=True,
        )
    return found


def _decoder(topic: str) -> msgspec.json.Decoder[_Envelope] | None:
    """The decoder for one type of event, made at first use; None when it is not known."""
    body = BODIES.get(topic)
    if body is None:
        return None
    decoder = _decoders[topic] = msgspec.json.Decoder(_envelope(body))
    return decoder


def encode(event: Event) -> bytes:
    """The stored state of an event: everything but its stream, version, type and position.

    That of an event that was read in an older shape is what was stored.

    Raises:
        UnknownEvent: the body is of a type that is not in the vocabulary.
        Unrecordable: the body holds something that is not JSON.
        KeyRequired: it is to be encrypted by a key that was not given to this process.
    """
    if event.stored is not None:
        return event.stored.state
    topic, envelope, schema = form_of(event.body)
    if topic != event.type:
        raise _not_known(type(event.body))
    whole = envelope(
        event.id,
        event.at,
        event.machine,
        event.hash,
        event.state,
        event.actor,
        event.cause,
        event.correlation,
        schema,
        event.prev,
        event.body,
        event.reason,
    )
    return written(whole, event.stream, event.version, topic, event.cipher)


def form_of(body: Body) -> tuple[str, Any, int]:
    """Its type, the class of its envelope and its present schema.

    Raises:
        UnknownEvent: the body is of a type that is not in the vocabulary.
    """
    kind = type(body)
    found = _forms.get(kind)
    if found is None:
        topic = kind.__name__
        if BODIES.get(topic) is not kind:
            raise _not_known(kind)
        found = _forms[kind] = (topic, _envelope(kind), SHAPES.present(topic))
    return found


def _not_known(kind: type[Body]) -> UnknownEvent:
    return UnknownEvent(f"{kind.__name__} is not an event type of the vocabulary")


def written(envelope: _Envelope, stream: str, version: int, topic: str, cipher: str) -> bytes:
    """The stored state of what stands in an envelope, at its place; see `encode`."""
    try:
        state = _encoder.encode(envelope)
    except (TypeError, ValueError, OverflowError) as error:
        message = f"{topic} of {stream!r} cannot be written as JSON: {error}"
        raise Unrecordable(message) from error
    if not cipher:
        return state
    return known(cipher).seal(place_of(stream, version, topic), envelope.prev, state)


def decode(
    stream: str,
    version: int,
    topic: str,
    state: bytes,
    position: int = 0,
    shapes: Shapes = SHAPES,
) -> Event:
    """The event of one row of the log; its digest is computed from the stored bytes.

    Args:
        shapes: what brings events of older shapes to the present one.

    Raises:
        UnknownEvent: the row is of a newer program: its type, schema or a field is not known here.
        BrokenChain: the row cannot be read: it was altered or is damaged.
        KeyRequired: it is encrypted, and its key was not given to this process.
    """
    if type(state) is not bytes:  # a hand that edited the row left text
        message = f"event {version} of stream {stream!r} ({topic}) was altered: it is not bytes"
        raise BrokenChain(message)
    cipher, text = _opened(stream, version, topic, state) if state.startswith(MARK) else ("", state)
    decoder = _decoders.get(topic) or _decoder(topic)
    now, stored = topic, None
    try:
        envelope = None if decoder is None else decoder.decode(text)
        if envelope is None or envelope.schema != shapes.present(topic):
            now, envelope = _older(stream, version, topic, text, shapes)
            stored = Stored(topic, state)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if _schema(text) == shapes.present(topic):
            raise _unreadable(stream, version, topic, error) from error
        now, envelope = _older(stream, version, topic, text, shapes)
        stored = Stored(topic, state)
    return Event(
        stream,
        version,
        now,
        envelope.id,
        envelope.at,
        envelope.machine,
        envelope.hash,
        envelope.state,
        envelope.actor,
        envelope.cause,
        envelope.correlation,
        envelope.prev,
        envelope.body,
        position,
        digest_of(stream, version, topic, state),
        envelope.reason,
        stored,
        cipher,
    )


def _opened(stream: str, version: int, topic: str, state: bytes) -> tuple[str, bytes]:
    """Id of the key of an encrypted row, and its text."""
    try:
        return unseal(place_of(stream, version, topic), state)
    except (msgspec.DecodeError, ValueError) as error:
        message = f"event {version} of stream {stream!r} ({topic}) cannot be decrypted: {error}"
        raise BrokenChain(message) from error


def _older(
    stream: str, version: int, topic: str, state: bytes, shapes: Shapes
) -> tuple[str, _Envelope]:
    """Type and envelope of a row of another schema than the present one."""
    name = f"event {version} of stream {stream!r}"
    newest = shapes.newest(topic) or (FIRST if topic in BODIES else 0)
    if not newest:
        message = f"{name} is of type {topic!r}, which this program does not know: {_OLD}"
        raise UnknownEvent(message)
    schema = _schema(state)
    if not schema:
        message = f"{name} ({topic}) cannot be read: its bytes are damaged"
        raise BrokenChain(message)
    if schema > newest:
        message = f"{name} ({topic}) has schema {schema}, and this program reads {newest}: {_OLD}"
        raise UnknownEvent(message)
    try:
        raw = msgspec.json.decode(state)
        now, raw["body"] = shapes.bring(topic, schema, raw["body"])
        return now, msgspec.convert(raw, _envelope(BODIES[now]))
    except (msgspec.DecodeError, msgspec.ValidationError, KeyError, TypeError) as error:
        message = f"{name} ({topic}, schema {schema}) cannot be read: {error}"
        raise BrokenChain(message) from error


_OLD = "it is older than the one that wrote the event; upgrade it"


def _schema(state: bytes) -> int:
    """The schema that a row says it has; 0 when it is damaged."""
    try:
        return _versions.decode(state).schema
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 0


def _unreadable(
    stream: str, version: int, topic: str, error: Exception
) -> UnknownEvent | BrokenChain:
    """Why a row of the present schema cannot be read: a field of a newer program, or damage."""
    name = f"event {version} of stream {stream!r} ({topic})"
    unknown = re.search("unknown field `([^`]*)`", str(error))
    if unknown is None:
        return BrokenChain(f"{name} cannot be read: {error}")
    what = f"holds a field {unknown[1]!r}, which this program does not know"
    return UnknownEvent(f"{name} {what}: {_OLD}, or the row was altered")


def utc(instant: datetime) -> datetime:
    """The same instant in UTC.

    Raises:
        Unrecordable: the instant has no timezone.
    """
    if instant.tzinfo is UTC:
        return instant
    if instant.tzinfo is None:
        message = f"{instant!r} has no timezone: give an instant, such as datetime.now(UTC)"
        raise Unrecordable(message)
    return instant.astimezone(UTC)
