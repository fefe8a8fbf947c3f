"""What happened in a simulation, line by line, and one digest of it all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable


class Trace:
    """Readable lines in the order of what happened.

    Two simulations with the same digest are the same simulation. A line holds neither ids that
    are drawn nor values: only what happened, where, and when.

    Attributes:
        lines: all of them.
        over: nothing more is noted: what is let go of speaks of its end.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.over = False
        self._upto = 0
        self.now: Callable[[], float] = float

    def note(self, who: str, what: str) -> None:
        """Something happened."""
        if self.over:
            return
        self.lines.append(f"{self.now():12.6f}  {who:<6} {what}")

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of all lines."""
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()

    def wrong(self, what: str) -> None:
        """Something happened that must not: what led to it is what is worth reading."""
        self.note("WRONG", what)
        self._upto = self._upto or len(self.lines)

    def told(self, count: int) -> str:
        """The last lines before the first thing that is wrong, or of all, as one text."""
        lines = self.lines[: self._upto or None]
        left_out = len(lines) - count
        head = [f"  … {left_out} lines before these"] if left_out > 0 else []
        return "\n".join([*head, *lines[-count:]])
