"""A run's state as bytes, and back: what a snapshot holds."""

from __future__ import annotations

from typing import Any

import msgspec

from interlock.projections.fold_version import FOLD
from interlock.projections.run import RunState
from interlock.store.snapshot import Snapshot, opened, summed
from interlock.store.values import Image


class _Kept(msgspec.Struct, array_like=True):
    """An image, without what it can find out again."""

    nodes: dict[int, Any]
    variables: dict[str, Any]
    next: int


def _reduced(value: object) -> object:
    """What stands for an object that msgspec does not know: its `enc_hook`.

    Raises:
        NotImplementedError: as msgspec asks of a hook that does not know it either.
    """
    if isinstance(value, Image):
        return _Kept(value.nodes, value.variables, value.next)
    message = f"{type(value).__name__} has no place in a snapshot"
    raise NotImplementedError(message)


def _restored(wanted: type, given: Any) -> object:
    """The object again: msgspec's `dec_hook`; raises as `_reduced`."""
    if wanted is Image:
        kept = msgspec.convert(given, _Kept)
        image = Image()
        image.nodes, image.variables, image.next = kept.nodes, kept.variables, kept.next
        return image
    message = f"{wanted.__name__} has no place in a snapshot"
    raise NotImplementedError(message)


_encoder = msgspec.msgpack.Encoder(enc_hook=_reduced)
_decoder = msgspec.msgpack.Decoder(RunState, dec_hook=_restored)


def snapshot_of(state: RunState) -> Snapshot | None:
    """A snapshot of a state that was folded from the log; None where it cannot be encoded."""
    try:
        encoded = _encoder.encode(state)
    except (OverflowError, TypeError, ValueError):  # such as a number beyond 64 bits
        return None
    head = state.head
    whole = summed(FOLD, encoded)
    return Snapshot(state.run, head.version, head.digest, state.hash, FOLD, whole)


def state_of(snapshot: Snapshot) -> RunState | None:
    """The state that a snapshot holds; None when it is damaged, or of other code."""
    encoded = opened(FOLD, snapshot.state) if snapshot.fold == FOLD else None
    if encoded is None:
        return None
    try:
        state = _decoder.decode(encoded)
    except msgspec.MsgspecError:
        return None
    named = (state.run, state.head.version, state.head.digest)
    return state if named == (snapshot.run, snapshot.version, snapshot.digest) else None
