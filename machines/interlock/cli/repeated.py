"""What is wrong with many lines for one reason: told once, and counted."""

from __future__ import annotations

from collections.abc import Callable

from interlock.cli.text import many

_NAMED = 5
"""Lines that are named beside the first."""


class Repeated:
    """Says each reason when it comes first, and at the end of how many lines more it holds.

    Args:
        say: prints a line.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._lines: dict[str, list[int]] = {}

    def note(self, line: int, why: str) -> None:
        """A line is refused."""
        known = self._lines.setdefault(why, [])
        if not known:
            self._say(f"line {line}: {why}")
        known.append(line)

    def end(self) -> None:
        """All lines were read."""
        for first, *more in self._lines.values():
            if more:
                named = ", ".join(map(str, sorted(more)[:_NAMED]))
                rest = ", …" if len(more) > _NAMED else ""
                count = many(len(more), "line")
                self._say(f"line {first}: the same in {count} more: {named}{rest}")
