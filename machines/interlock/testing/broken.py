"""What is said when a law does not hold."""

from __future__ import annotations


class Broken(AssertionError):
    """A law does not hold in some case.

    Attributes:
        why: what was expected, and what came, in words.
        move: number of the move behind which it was seen, -1 for the beginning, None for the end.
    """

    def __init__(self, why: str, move: int | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.move = move


def differ(what: str, expected: object, came: object) -> str:
    """Two lines that say how something is and how it should be."""
    return f"{what}\nexpected: {expected!r}\ncame:     {came!r}"
