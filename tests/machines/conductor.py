"""A world where one call ends at a time, in an order that depends on nothing but the calls."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from machines.script import Script

_QUIET = 60
"""Turns of the loop without anything new, after which nothing more comes by itself."""


@dataclass(eq=False)
class Waiting:
    """A call of the scripted step that has not ended."""

    key: str
    args: tuple[object, ...]
    answer: asyncio.Future[Any]


@dataclass
class World:
    """Takes the calls of a program's steps, and lets them end.

    Attributes:
        script: what each call does.
        seed: another one is another order.
        waiting: the calls under way, in order of their beginning.
    """

    script: Script
    seed: int = 0
    waiting: list[Waiting] = field(default_factory=list[Waiting])
    _changes: int = 0

    async def call(self, *args: object, **kwargs: object) -> Any:
        """One call: it ends when its turn has come, or is cancelled."""
        given = (*args, *sorted(kwargs.items()))
        one = Waiting(repr(given), given, asyncio.get_running_loop().create_future())
        self.waiting.append(one)
        self._changes += 1
        try:
            return await one.answer
        finally:
            self._changes += 1
            if one in self.waiting:
                self.waiting.remove(one)

    async def quiet(self, is_over: Callable[[], bool]) -> None:
        """Wait until nothing happens any more but by `next`."""
        seen, turns = self._changes, 0
        for turn in range(7_000):
            await asyncio.sleep(0 if turn < 5_000 else 0.001)
            turns = turns + 1 if seen == self._changes else 0
            seen = self._changes
            if turns > _QUIET and (self.waiting or is_over()):
                return
        message = "nothing happens any more"
        raise AssertionError(message)

    def next(self) -> None:
        """Let one of the calls end."""
        one = min(self.waiting, key=lambda call: zlib.crc32(f"{self.seed} {call.key}".encode()))
        self.waiting.remove(one)
        try:
            # calls that look alike give alike: which of them is which nobody knows after a restart
            value = self.script.play(one.args, zlib.crc32(one.key.encode()) % 97)
        except Exception as error:
            one.answer.set_exception(error)
        else:
            one.answer.set_result(value)

    @property
    def keys(self) -> list[str]:
        """The calls under way."""
        return sorted(one.key for one in self.waiting)

    async def conduct(
        self, over: Callable[[], bool], pause: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Let all calls end, one after another.

        Args:
            over: whether the program has come to its end.
            pause: what to do before each of them.
        """
        while True:
            await self.quiet(over)
            if over():
                return
            if pause is not None:
                await pause()
            self.next()
