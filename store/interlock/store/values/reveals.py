"""What was revealed while code ran, to keep it out of the texts of that code's errors."""

from __future__ import annotations

import json
from collections.abc import Sequence

from interlock.store.running import RUNNING, Running

SHORTEST = 3
"""Characters that a revealed text needs to be looked for in others."""

MARK = "_interlock_revealed"
"""Attribute of an exception: what was revealed in the code that raised it. Never recorded."""


class Reveals:
    """A block of code whose errors are to be kept free of what it reveals."""

    def __init__(self) -> None:
        self._running = Running()

    def __enter__(self) -> None:
        self._token = RUNNING.set(self._running)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        RUNNING.reset(self._token)
        if error is not None:
            mark(error, self._running.revealed)


def mark(error: BaseException, texts: Sequence[str]) -> None:
    """Keep with an exception what was revealed in the code that raised it."""
    if texts:
        known = vars(error).get(MARK, ())
        vars(error)[MARK] = (*known, *texts)


def note_revealed(content: object) -> None:
    """A content was revealed in the code that runs now."""
    running = RUNNING.get()
    if running is not None:
        text = str(content)
        if len(text) >= SHORTEST:
            running.revealed.append(text)


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
