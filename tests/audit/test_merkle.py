"""Trees and paths, against the definition of RFC 6962 written down as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from interlock.audit.merkle import Tree, climb, leaf_of, path_of, root_of

leaves_of = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40)


def defined(leaves: Sequence[bytes]) -> bytes:
    """MTH of section 2.1, over leaves that are hashed already."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + defined(leaves[:k]) + defined(leaves[k:])).digest()


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=40))
def test_the_root_is_as_defined(leaves: list[bytes]) -> None:
    assert root_of(leaves) == defined(leaves)
    tree = Tree()
    for count, leaf in enumerate(leaves, 1):
        tree.add(leaf)
        assert tree.root() == defined(leaves[:count])


@given(leaves_of, st.data())
def test_a_path_leads_its_own_leaf_to_the_root_and_no_other(
    leaves: list[bytes], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = path_of(index, leaves)
    assert climb(leaves[index], index, len(leaves), path) == defined(leaves)
    other = bytes(32) if leaves[index] != bytes(32) else b"1" * 32
    assert climb(other, index, len(leaves), path) != defined(leaves)
    elsewhere = data.draw(st.integers(-1, len(leaves)))
    if elsewhere != index and 0 <= elsewhere < len(leaves) and leaves[elsewhere] != leaves[index]:
        assert climb(leaves[elsewhere], index, len(leaves), path) != defined(leaves)
    assert climb(leaves[index], index, len(leaves), [*path, other]) != defined(leaves)
    if path:
        assert climb(leaves[index], index, len(leaves), path[:-1]) != defined(leaves)


def test_a_known_tree() -> None:
    """The first leaf of a log, worked out by hand."""
    leaf = leaf_of(1, "ab" * 32)
    assert leaf == sha256(b"\x00" + b"1:" + b"ab" * 32).digest()
    assert root_of([leaf]) == leaf
    assert climb(leaf, 0, 1, []) == leaf
    assert climb(leaf, 1, 1, []) is None
