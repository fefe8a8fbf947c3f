"""What is recorded of an exception in words."""

from __future__ import annotations

from interlock.engine.failures import message_of
from interlock.machines import TimedOut


def test_the_text_of_a_group_says_what_is_in_it() -> None:
    inner = ExceptionGroup("2 calls failed", [ValueError("no"), KeyError("k")])
    group = ExceptionGroup("2 calls failed", [TimedOut("late"), inner])
    assert message_of(group) == (
        "2 calls failed (TimedOut: ILK033: late; "
        "ExceptionGroup: 2 calls failed (ValueError: no; KeyError: 'k'))"
    )


def test_the_text_of_a_large_group_is_short() -> None:
    group = ExceptionGroup("1000 calls failed", [ValueError(str(n)) for n in range(1000)])
    assert message_of(group) == (
        "1000 calls failed (ValueError: 0; ValueError: 1; ValueError: 2; and 997 more)"
    )
