"""Merkle trees as RFC 6962, section 2.1, defines them, and their inclusion proofs.

A leaf is hashed after a byte 0, an inner node after a byte 1, so that neither can stand for the
other; a tree of n leaves splits at the largest power of two below n. Checking a proof follows
RFC 9162, section 2.1.3.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256


def leaf_of(position: int, digest: str) -> bytes:
    """The leaf of one event: its place in the log, and its digest (hex)."""
    return sha256(f"\0{position}:{digest}".encode()).digest()


def node_of(left: bytes, right: bytes) -> bytes:
    """An inner node."""
    return sha256(b"\1" + left + right).digest()


class Tree:
    """Takes leaves one by one; it holds one hash for each whole subtree, not the leaves."""

    def __init__(self) -> None:
        self.count = 0
        self._whole: list[tuple[int, bytes]] = []  # height and hash, higher ones first

    def add(self, leaf: bytes) -> None:
        """One more leaf, to the right of all before."""
        self.count += 1
        height = 0
        while self._whole and self._whole[-1][0] == height:
            leaf = node_of(self._whole.pop()[1], leaf)
            height += 1
        self._whole.append((height, leaf))

    def root(self) -> bytes:
        """The root over the leaves so far; SHA-256 of nothing where there are none."""
        if not self._whole:
            return sha256(b"").digest()
        root = self._whole[-1][1]
        for _, left in reversed(self._whole[:-1]):
            root = node_of(left, root)
        return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over some leaves."""
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def path_of(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The hashes that lead from one leaf (counted from 0) to the root, the lowest first."""
    if len(leaves) < 2:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return [*path_of(index, leaves[:split]), root_of(leaves[split:])]
    return [*path_of(index - split, leaves[split:]), root_of(leaves[:split])]


def climb(leaf: bytes, index: int, count: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a leaf and its path lead to; None when they fit no tree of `count` leaves."""
    if not 0 <= index < count:
        return None
    at, last, root = index, count - 1, leaf
    for beside in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            root = node_of(beside, root)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            root = node_of(root, beside)
        at, last = at >> 1, last >> 1
    return root if last == 0 else None
