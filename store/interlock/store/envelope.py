"""The codec of events: an event to its row in the log (readable JSON) and back, in one pass."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from interlock.store.digest import digest_of
from interlock.store.errors import BrokenChain, UnknownEvent, Unrecordable
from interlock.store.event import Actor, Body, Event
from interlock.store.vocabulary import BODIES

SCHEMA = 1
"""Version of the envelope's form. A reader refuses events of a newer one."""


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
        )
    return found


def _decoder(topic: str) -> msgspec.json.Decoder[_Envelope]:
    """The decoder for one type of event, made at first use."""
    body = BODIES.get(topic)
    if body is None:
        message = f"the log holds an event of type {topic!r}, which this program does not know"
        raise UnknownEvent(message)
    decoder = _decoders[topic] = msgspec.json.Decoder(_envelope(body))
    return decoder


def encode(event: Event) -> bytes:
    """The stored state of an event: everything but its stream, version, type and position.

    Raises:
        UnknownEvent: the body is of a type that is not in the vocabulary.
        Unrecordable: the body holds something that is not JSON.
    """
    body = event.body
    if BODIES.get(event.type) is not type(body):
        message = f"{type(body).__name__} is not an event type of the vocabulary"
        raise UnknownEvent(message)
    envelope = _envelopes.get(type(body)) or _envelope(type(body))
    try:
        return _encoder.encode(
            envelope(
                event.id,
                event.at,
                event.machine,
                event.hash,
                event.state,
                event.actor,
                event.cause,
                event.correlation,
                SCHEMA,
                event.prev,
                body,
                event.reason,
            )
        )
    except (TypeError, ValueError, OverflowError) as error:
        message = f"{event.type} of {event.stream!r} cannot be written as JSON: {error}"
        raise Unrecordable(message) from error


def decode(stream: str, version: int, topic: str, state: bytes, position: int = 0) -> Event:
    """The event of one row of the log; its digest is computed from the stored bytes.

    Raises:
        UnknownEvent: the type is not in the vocabulary, or the schema is newer than `SCHEMA`.
        BrokenChain: the row cannot be read: it was altered or is damaged.
    """
    decoder = _decoders.get(topic) or _decoder(topic)
    if type(state) is not bytes:  # a hand that edited the row left text
        message = f"event {version} of stream {stream!r} ({topic}) was altered: it is not bytes"
        raise BrokenChain(message)
    try:
        envelope = decoder.decode(state)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unreadable(stream, version, topic, state, error) from error
    if envelope.schema > SCHEMA:
        raise _newer(stream, version, envelope.schema)
    return Event(
        stream,
        version,
        topic,
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
    )


def _unreadable(
    stream: str, version: int, topic: str, state: bytes, error: Exception
) -> UnknownEvent | BrokenChain:
    """Why a row cannot be read: written by a newer program, or damaged."""
    try:
        schema = _versions.decode(state).schema
    except (msgspec.DecodeError, UnicodeDecodeError):
        schema = 0
    if schema > SCHEMA:
        return _newer(stream, version, schema)
    return BrokenChain(f"event {version} of stream {stream!r} ({topic}) cannot be read: {error}")


def _newer(stream: str, version: int, schema: int) -> UnknownEvent:
    return UnknownEvent(
        f"event {version} of stream {stream!r} has schema {schema}; this program reads {SCHEMA}"
    )


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
