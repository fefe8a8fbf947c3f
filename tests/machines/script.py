"""What the scripted step of a random workflow does: it answers and fails by numbers."""

from __future__ import annotations

from typing import Any

from machines.scripted import Outcome


class Declined(Exception):
    """A domain error of the scripted step."""


class Script:
    """Decides what each call of the step does: a number per call, used again and again."""

    def __init__(self, codes: list[int]) -> None:
        self.codes = codes
        self.outcome = Outcome()

    def play(self, args: tuple[object, ...], number: int | None = None) -> Any:
        """What a call gives: by its number, which is otherwise the count of calls before it."""
        calls = self.outcome.calls
        number = len(calls) if number is None else number
        code = self.codes[number % len(self.codes)]
        calls.append(repr(args))
        if len(calls) > 120:
            message = "too many calls"
            raise RuntimeError(message)
        return _play(code, number + 1)


CODES = (0, 1, 2, 3, 6, 1, 2, 0, 3, 7, 8, 9)


def _play(code: int, number: int) -> Any:
    if code == 7:
        raise Declined(number)
    if code == 8:
        message = f"call {number}"
        raise ValueError(message)
    if code == 9:
        try:
            return 1 // 0
        except ZeroDivisionError:
            message = "in turn"
            raise KeyError(message) from (Declined(0) if number % 2 else None)
    if code == 6:
        return None
    return code
