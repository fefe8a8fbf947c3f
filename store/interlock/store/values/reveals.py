"""What was revealed while code ran, to keep it out of the texts of that code's errors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextvars import ContextVar

SHORTEST = 3
"""Characters that a revealed text needs to be looked for in others."""

MARK = "_interlock_revealed"
"""Attribute of an exception: what was revealed in the code that raised it. Never recorded."""

REVEALED: ContextVar[list[str] | None] = ContextVar("revealed", default=None)
"""What the code that runs now has revealed; set by `Reveals`, or as that does."""


class Reveals:
    """A block of code whose errors are to be kept free of what it reveals.

    Attributes:
        texts: what was revealed.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __enter__(self) -> Reveals:
        self._token = REVEALED.set(self.texts)
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        REVEALED.reset(self._token)
        if error is not None:
            self.mark(error)

    def mark(self, error: BaseException) -> None:
        """Keep with an exception what was revealed in the code that raised it."""
        mark(error, self.texts)


def mark(error: BaseException, texts: Sequence[str]) -> None:
    """Keep with an exception what was revealed in the code that raised it."""
    if texts:
        known = vars(error).get(MARK, ())
        vars(error)[MARK] = (*known, *texts)


def note_revealed(content: object) -> None:
    """A content was revealed in the code that runs now."""
    texts = REVEALED.get()
    if texts is not None:
        text = str(content)
        if len(text) >= SHORTEST:
            texts.append(text)


def revealed_in(error: BaseException) -> Sequence[str]:
    """What was revealed in the code that raised an exception."""
    found: Sequence[str] = vars(error).get(MARK, ())
    return found


def without(text: str, revealed: Sequence[str]) -> str:
    """A text with `<personal>` in place of what was revealed, also as `repr` or JSON writes it."""
    forms = {form for one in revealed for form in (one, repr(one)[1:-1], json.dumps(one)[1:-1])}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, "<personal>")
    return text
