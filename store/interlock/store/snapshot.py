"""A snapshot: the folded state of a stream at one version, kept so that folding may begin there."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import msgspec


class Snapshot(msgspec.Struct, gc=False, frozen=True):
    """What a fold of the events up to `version` gave. It may be thrown away at any time.

    Attributes:
        run: the stream's id.
        version: of the last event that was folded.
        digest: of that event: a snapshot of another past is not believed.
        hash: of the definition that the stream followed there.
        fold: of the code that folded: a snapshot of other code is not believed.
        state: the state, encoded by whoever folded it; see `summed`.
    """

    run: str
    version: int
    digest: str
    hash: str
    fold: str
    state: bytes


SPACED = 10_000
"""Of a stream's snapshots the newest two are kept, and of the others one for so many versions:
enough to open any version of a long run without folding it from its first event."""


def spare(versions: Sequence[int]) -> list[int]:
    """Which of a stream's snapshots can go, by their versions in ascending order."""
    kept = {version // SPACED: version for version in reversed(versions)}  # the first of each
    return [version for version in versions[:-2] if kept[version // SPACED] != version]


_SUM = 32
"""Bytes of the digest that stands before the state: one that was altered is not believed."""

_OLDER = frozenset(str(number) for number in range(1, 13))
"""The folds whose digests cover the state alone."""


def summed(fold: str, encoded: bytes) -> bytes:
    """An encoded state, with a digest before it: of itself, and of the code that folded it."""
    return _digest(fold, encoded) + encoded


def opened(fold: str, state: bytes) -> bytes | None:
    """The encoded state again; None when it, or what names its code, was altered."""
    digest, encoded = state[:_SUM], state[_SUM:]
    if digest == _digest(fold, encoded):
        return encoded
    older = fold in _OLDER and digest == sha256(encoded).digest()
    return encoded if older else None


def _digest(fold: str, encoded: bytes) -> bytes:
    return sha256(fold.encode() + b"\n" + encoded).digest()
