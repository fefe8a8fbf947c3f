"""Which faults a failure needs: the others are left out one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

MOST = 60
"""How many simulations are tried by default."""


def shrink(
    faults: Sequence[str], fails: Callable[[frozenset[str]], bool], most: int = MOST
) -> list[str]:
    """The faults that remain when no more can be left out, in their order.

    Halves, quarters and so on are left out as long as it still fails (delta debugging).

    Args:
        fails: whether it fails in the same way with these faults alone.
        most: tries.
    """
    left, parts, tries = [*faults], 2, 0
    if fails(frozenset()):
        return []
    while len(left) > 1 and tries < most:
        size = max(1, len(left) // parts)
        for begin in range(0, len(left), size):
            fewer = left[:begin] + left[begin + size :]
            tries += 1
            if fewer and fails(frozenset(fewer)):
                left, parts = fewer, max(parts - 1, 2)
                break
            if tries >= most:
                break
        else:
            if size == 1:
                break
            parts = min(parts * 2, len(left))
    return left
