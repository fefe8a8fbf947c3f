"""The only module that reads the clock (and makes time-ordered ids from it)."""

from __future__ import annotations

import itertools
import os
import random
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID


class Clock(Protocol):
    """Where engines and stores take the time from."""

    def now(self) -> datetime:
        """The present instant, timezone-aware UTC."""
        ...


class SystemClock:
    """The machine's wall clock."""

    def now(self) -> datetime:
        """The present instant, timezone-aware UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that moves only when told to: for tests and simulations."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """The instant it was last set to."""
        return self._now

    def set(self, instant: datetime) -> None:
        """Move to `instant` (timezone-aware UTC)."""
        self._now = instant


def uuid7(now: datetime) -> UUID:
    """A time-ordered UUID of `now` with 74 random bits (RFC 9562, version 7)."""
    millis = (now - _1970) // timedelta(milliseconds=1)
    value = (millis & 0xFFFF_FFFF_FFFF) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def uuid7_texts(now: datetime) -> Iterator[str]:
    """`uuid7` as text, in ascending order, for as many events as a commit may have.

    One random number serves all of a millisecond, its last 48 bits counted up (RFC 9562, section
    6.2, method 2): by one within a call, so that the events of a commit can be told by it, and by
    much from one call to the next. It comes from a generator seeded by the system: asking the
    system each time would cost more than everything else about an event. Ids are unique, not
    secret.
    """
    global _series  # noqa: PLW0603  one source for the process
    age = now - _1970
    milli = (age.days, age.seconds, age.microseconds // 1000)
    of, text, blocks = _series
    if of != milli:
        text, blocks = _begun(*milli)
        _series = (milli, text, blocks)
    return map(text, itertools.count(next(blocks)))


def _begun(days: int, seconds: int, milli: int) -> tuple[Callable[[int], str], Iterator[int]]:
    """How an id of a millisecond is made of its last 48 bits, and where these begin for a call."""
    at = (days * 86_400 + seconds) * 1000 + milli
    bits = _numbers.getrandbits(26)
    drawn = f"7{bits >> 14:03x}-{0x8000 | bits & 0x3FFF:04x}"
    text = f"{at >> 16 & 0xFFFF_FFFF:08x}-{at & 0xFFFF:04x}-{drawn}-%012x"
    # Half of the numbers are left to count on; a block is taken in one step, whatever the thread.
    return text.__mod__, itertools.count(_numbers.getrandbits(47), _BLOCK)


_BLOCK = 1 << 24
"""More than the events of any commit."""

_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_NONE: tuple[tuple[int, ...], Callable[[int], str], Iterator[int]] = ((), str, itertools.count())
_series = _NONE
_numbers = random.Random()


def _seed() -> None:
    """A child must not count on with the same numbers."""
    global _series  # noqa: PLW0603  one source for the process
    _numbers.seed()
    _series = _NONE


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_seed)


@contextmanager
def drawn_from(numbers: random.Random) -> Generator[None]:
    """Draw the ids of events from these numbers meanwhile: for simulations, which repeat them."""
    global _numbers, _series
    before, _numbers, _series = _numbers, numbers, _NONE
    try:
        yield
    finally:
        _numbers, _series = before, _NONE


def stopwatch() -> float:
    """Seconds on a clock that only goes forward: for measuring how long something took."""
    return time.perf_counter()
