"""Waiting for the answer to a command: see `interlock.machines.reply`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from interlock.engine.errors import NoReply
from interlock.machines.errors import TimedOut
from interlock.store.contract import FINISHED
from interlock.store.event import Event
from interlock.store.joining import Replied
from interlock.store.values import decode_whole

if TYPE_CHECKING:
    from interlock.engine.core import Core

_POLL = 0.1
"""Seconds between looks at a run that another process drives."""


class Replies:
    """Those who wait for answers.

    Attributes:
        waiting: by run, what tells each of them that something was appended to it.
    """

    def __init__(self) -> None:
        self.waiting: dict[str, list[asyncio.Event]] = {}

    def note(self, events: Sequence[Event]) -> None:
        """Take note of a commit of this process: somebody may wait for what is in it."""
        for changed in self.waiting.get(events[0].stream, ()):
            changed.set()

    async def answer(
        self, engine: Core, run: str, command_id: str, timeout: timedelta | None
    ) -> Any:
        """The answer to a command that was accepted.

        Raises:
            NoReply: the run ended without answering.
            TimedOut: it did not answer in time; the command was accepted all the same.
        """
        changed = asyncio.Event()
        others = self.waiting.setdefault(run, [])
        others.append(changed)
        limit = None if timeout is None else timeout.total_seconds()
        try:
            async with asyncio.timeout(limit):
                return await self._answer(engine, run, command_id, changed)
        except TimeoutError:
            message = f"run {run!r} has not answered in {timeout}; it has the command"
            raise TimedOut(message) from None
        finally:
            others.remove(changed)
            if not others:
                del self.waiting[run]

    async def _answer(self, engine: Core, run: str, command_id: str, changed: asyncio.Event) -> Any:
        seen = await _version(engine, command_id)
        while True:
            changed.clear()
            entry = await engine.store.entry(run)
            events = await engine.store.read(run, after=seen)
            for event in events:
                body = event.body
                if isinstance(body, Replied) and body.command_id == command_id:
                    return decode_whole(engine.types_of(event.machine, event.hash), body.value)
                seen = event.version
            if entry is not None and entry.status in FINISHED:
                message = f"run {run!r} is {entry.status}, and did not answer the command"
                raise NoReply(message)
            await self._changed(changed, engine)

    async def _changed(self, changed: asyncio.Event, engine: Core) -> None:
        if engine.driving:
            await changed.wait()
            return
        try:
            async with asyncio.timeout(_POLL):
                await changed.wait()
        except TimeoutError:
            return


async def _version(engine: Core, command_id: str) -> int:
    found = await engine.store.command(command_id)
    return 0 if found is None else found[1]
