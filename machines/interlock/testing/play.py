"""A case of a lifecycle played on an engine, with what goes wrong meanwhile."""

from __future__ import annotations

import asyncio
import typing
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from interlock.engine.session import Session
from interlock.machines.errors import Refused
from interlock.projections import Activity
from interlock.store.contract import Appended
from interlock.store.errors import InterlockError
from interlock.store.event import Event
from interlock.store.values import Memory
from interlock.testing.broken import Broken
from interlock.testing.errors import NoPayload
from interlock.testing.moves import Case, Crash, Jump, Pass, Send, Twice
from interlock.testing.payloads import payload
from interlock.testing.stage import RUN, Stage
from interlock.testing.subject import Subject
from interlock.testing.tour import sampled

Watched = Callable[[Session, Appended], None]
Behind = Callable[[int, Stage, str], Awaitable[None]]
"""Looks at the stage behind each move (-1: the beginning), and at how that was answered."""


@dataclass
class Played:
    """What a case came to.

    Attributes:
        answers: to the moves: "" for accepted, else why not.
        events: of the run.
        configuration: the states that are active in the end.
        data: in the end, as they are read from the log.
        timers: set in the end, by name.
        calls: how often each key was called.
        crashes: how many processes died.
    """

    answers: list[str] = field(default_factory=list[str])
    events: Sequence[Event] = ()
    configuration: tuple[str, ...] = ()
    data: Any = None
    timers: dict[str, datetime] = field(default_factory=dict[str, datetime])
    calls: Counter[str] = field(default_factory=Counter[str])
    crashes: int = 0


def played(
    subject: Subject, case: Case, *, watched: Watched | None = None, behind: Behind | None = None
) -> Played:
    """Play a case, from a thread that has no event loop."""
    return asyncio.run(Play(subject, case, watched, behind).run())


def undisturbed(subject: Subject, case: Case) -> Played:
    """The case played without any fault; the last one of a subject is kept."""
    start, moves, before = subject.kept.get("played", (None, None, None))
    if before is not None and start is case.start and moves is case.moves:
        return before  # type: ignore[no-any-return]  # as it was kept below
    came = played(subject, Case(case.start, case.moves))
    subject.kept["played"] = (case.start, case.moves, came)
    return came


class Play:
    """One play of one case."""

    def __init__(
        self, subject: Subject, case: Case, watched: Watched | None, behind: Behind | None
    ) -> None:
        deaths = [(one.commit, one.kept) for one in case.faults if isinstance(one, Crash)]
        self.subject = subject
        self.case = case.swapped()
        self.stage = Stage(subject.kind, self._called, deaths, watched=watched)
        self.played = Played()
        self._behind = behind

    async def run(self) -> Played:
        """Begin, make every move, and look at the end."""
        await self.stage.open()
        try:
            await self._moves()
            return await self._looked()
        finally:
            await self.stage.close()

    async def _moves(self) -> None:
        start = partial(self._start, self.case.start)
        await self._seen(-1, await self.stage.ask(start))
        if await self.stage.store.entry(RUN) is None:
            return
        for number, move in enumerate(self.case.moves):
            await self._jumps(number)
            error: Exception | None = None
            if isinstance(move, Send):
                error = await self.stage.ask(partial(self._send, number))
            elif isinstance(move, Pass):
                await self.stage.passes(await self._until(move))
            await self._seen(number, error)
            await self._again(number, late=False)
        for number in range(len(self.case.moves)):
            await self._again(number, late=True)

    async def _start(self, data: Any) -> None:
        await self.stage.engine.start(self.subject.kind, data, id=RUN)

    async def _send(self, number: int) -> None:
        move = self.case.moves[number]
        if isinstance(move, Send):
            await self.stage.engine.send(RUN, move.command, command_id=f"c{number}", by="tester")

    async def _until(self, move: Pass) -> datetime:
        now = self.stage.clock.now()
        if move.time is not None:
            return now + move.time
        return max(now, await self.stage.store.next_due() or now)

    async def _seen(self, number: int, error: Exception | None) -> None:
        if isinstance(error, Refused):
            answer = error.message
        elif isinstance(error, InterlockError):
            answer = f"{type(error).__name__}: {error.message}"
        elif error is not None:
            raise error
        else:
            answer = ""
        self.played.answers.append(answer)
        if self._behind is not None:
            await self._behind(number, self.stage, answer)

    async def _jumps(self, number: int) -> None:
        for fault in self.case.faults:
            if isinstance(fault, Jump) and fault.move == number:
                self.stage.clock.set(self.stage.clock.now() + fault.by)
                while await self.stage.fires():
                    pass

    async def _again(self, number: int, *, late: bool) -> None:
        """Deliver a command that was accepted once more: nothing may come of it."""
        move = self.case.moves[number]
        accepted = self.played.answers[number + 1] == ""
        for fault in self.case.faults:
            wanted = isinstance(fault, Twice) and (fault.move, fault.late) == (number, late)
            if wanted and accepted and isinstance(move, Send):
                before = (await self.stage.store.head(RUN)).version
                error = await self.stage.ask(partial(self._send, number))
                after = (await self.stage.store.head(RUN)).version
                if error is not None:
                    text = f"{move} is delivered again under its id, and refused: {error}"
                    raise Broken(text, number)
                if after != before:
                    text = f"{move} is delivered again under its id, and {after - before} events"
                    msg = f"{text} are appended"
                    raise Broken(msg, number)

    async def _looked(self) -> Played:
        played, stage = self.played, self.stage
        played.events = await stage.store.read(RUN)
        played.crashes = stage.crashes
        if played.events:
            state = await (await stage.engine.get(RUN)).snapshot()
            _, frame = Memory.restore(self.subject.program.types, state.image)
            played.data, played.configuration = frame.get("data"), state.configuration
            played.timers = {one.name: one.due for one in await stage.store.timers(RUN)}
        return played

    async def _called(self, activity: Activity, function: Callable[..., Any], *_: object) -> Any:
        """An effect is called: it returns the simplest value of its type."""
        self.stage.stirs += 1
        self.played.calls[activity.key] += 1
        results = self.subject.kept
        key = f"result {activity.name}"
        if key not in results:
            results[key] = simplest(function, self.subject)
        return results[key]


def simplest(function: Callable[..., Any], subject: Subject) -> Any:
    """What a step may return, by its annotation; None where that is not known."""
    try:
        hint = typing.get_type_hints(function, include_extras=True).get("return")
        return next(iter(sampled(payload(hint, subject.payloads), 1)), None)
    except (NoPayload, NameError, TypeError):
        return None
