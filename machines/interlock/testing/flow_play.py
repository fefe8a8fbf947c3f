"""A case of a workflow played on an engine: its steps are not called, the case answers for them."""

from __future__ import annotations

import asyncio
import inspect
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from interlock.engine.session import Session
from interlock.machines.errors import HandlerFailed, Refused
from interlock.machines.step import DidNotHappen, Happened, Step
from interlock.projections import Activity, History, RunState, load_state
from interlock.store.contract import FINISHED, Appended, Filter
from interlock.testing.broken import Broken
from interlock.testing.deciders import deciders
from interlock.testing.ended import Call, Ended
from interlock.testing.flow_subject import FlowSubject
from interlock.testing.here import Here, applies, note
from interlock.testing.moves import (
    Cancel,
    Case,
    Crash,
    Decide,
    Fail,
    Jump,
    Move,
    Pass,
    Return,
    Send,
    Settle,
    Twice,
)
from interlock.testing.stage import RUN, Stage, frozen

_MOST = 60
"""Moves that are made by themselves, at most: a loop that waits for ever is left."""

_SENT = 3
"""Commands of one class that are sent by themselves, at most."""


Choose = Callable[[Here], Move | None]
"""Draws the next move; None for none any more."""

Behind = Callable[[int, Stage], Awaitable[None]]
Watched = Callable[[Session, Appended], None]


def flow_played(
    subject: FlowSubject,
    case: Case,
    *,
    watched: Watched | None = None,
    behind: Behind | None = None,
    choose: Choose | None = None,
) -> FlowPlay:
    """Play a case, from a thread that has no event loop."""
    play = FlowPlay(subject, case, watched, behind, choose)
    play.go()
    return play


class FlowPlay:
    """One play of one case.

    Attributes:
        ended: what it came to.
        moves: that were made, those that were chosen.
        vain: approvals that nobody whom we know may decide, with what was said.
    """

    def __init__(
        self,
        subject: FlowSubject,
        case: Case,
        watched: Watched | None,
        behind: Behind | None,
        choose: Choose | None,
    ) -> None:
        deaths = [(one.commit, one.kept) for one in case.faults if isinstance(one, Crash)]
        self.subject = subject
        self.case = case.swapped()
        self.ended = Ended(dict(case.start))
        self.moves: list[Move] = []
        self.stage = Stage(
            subject.flow, self._called, deaths, watched=watched, resources=subject.resources()
        )
        self._behind = behind
        self._choose = choose
        self._waiting: dict[tuple[str, int], tuple[str, asyncio.Future[Move]]] = {}
        self._outcomes: dict[tuple[str, int], Move] = {}
        self._sent: Counter[str] = Counter()
        self.vain: dict[str, str] = {}
        self._deciders: dict[str, str] = {}  # by the keys of what they said
        self._verifies = [step.options.verify for step in subject.steps()]

    def go(self) -> None:
        """Play it; what chance decides is the same each time."""
        state = random.getstate()
        random.seed(0)  # the jitter of retries
        try:
            asyncio.run(self.run())
        finally:
            random.setstate(state)

    async def run(self) -> None:
        """Begin, make every move and those that follow by themselves, and look at the end."""
        await self.stage.open()
        try:
            error = await self.stage.ask(self._start)
            if error is not None:
                raise error
            await self._look(-1, "begins")
            await self._play()
            await self._looked()
        finally:
            await self.stage.close()

    async def _start(self) -> None:
        signature = inspect.signature(self.subject.flow.function)
        bound = signature.bind(**frozen(self.case.start))
        await self.stage.engine.start(self.subject.flow, *bound.args, id=RUN, **bound.kwargs)

    async def _play(self) -> None:
        todo, made, by_itself = [*self.case.moves], 0, 0
        while by_itself < _MOST:
            here = await self.here()
            if self._choose is not None:
                move = self._choose(here)
                if move is None:
                    return
                self.moves.append(move)
            elif todo and applies(todo[0], here):
                move = todo.pop(0)
            else:
                move = self.goes_well(here)
                by_itself += 1
            if move is None:
                if not todo:
                    break
                todo.pop(0)  # it fits nowhere any more
                continue
            await self._jumps(made)
            await self._make(move, here, made)
            await self._look(made, str(move))
            made += 1
        await self._late()

    async def here(self) -> Here:
        """What can happen now; calls in doubt are cleared up before."""
        while True:
            await self.stage.quiet()
            if self.stage.store.dead:
                await self.stage.reopen()
            here = await self._here()
            if not here.doubts:
                return here
            for run, doubtful in here.doubts:
                await self._resolve(run, doubtful)

    async def _here(self) -> Here:
        here = Here([label for label, _ in self._waiting.values()])
        for entry in await self.stage.store.entries(Filter()):
            state = await load_state(self.stage.store, entry.run)
            if entry.run == RUN:
                here.state = state.state
                here.open = state.ended is None and state.cancel is None
                here.open = here.open and state.compensation is None
            for activity in state.pending.values():
                note(here, entry.run, activity)
        here.time = await self.stage.store.next_due() is not None
        return here

    def goes_well(self, here: Here) -> Move | None:
        """What happens when nobody says what: everything goes well."""
        if here.calls:
            return Return(here.calls[0], self.subject.simplest(here.calls[0]))
        if here.undos:
            return Settle("resolve")
        for _, activity in here.approvals:
            if activity.id not in self.vain:
                return Decide(activity.name, granted=True)
        for _, name in here.waits:
            if self._sent[name] < _SENT:
                self._sent[name] += 1
                return Send(self.subject.simplest_of(self.subject.commands()[name]))
        return Pass() if here.time else None

    async def _make(self, move: Move, here: Here, number: int) -> None:
        if isinstance(move, Return | Fail):
            self._answer(move)
        elif isinstance(move, Pass):
            due = await self.stage.store.next_due()
            until = self.stage.clock.now() if due is None else max(due, self.stage.clock.now())
            await self.stage.passes(until)
        else:
            await self._asked(move, here, number)

    def _answer(self, move: Return | Fail) -> None:
        for token, (label, future) in self._waiting.items():
            if label == move.step and not future.done():
                self._outcomes[token] = move
                self.stage.stirs += 1
                future.set_result(move)
                return

    async def _asked(self, move: Move, here: Here, number: int) -> None:
        """Somebody asks for something, under an id of its own; twice, where the case says so."""
        ask = self._request(move, here, number)
        if ask is None:
            return
        error = await self.stage.ask(ask)
        if error is not None and not isinstance(error, Refused | HandlerFailed):
            raise error
        if error is not None and isinstance(move, Decide):
            vain = [one.id for _, one in here.approvals if one.name == move.approval]
            self.vain |= dict.fromkeys(vain, f"{move.approval}: {error.message}")
        again = any(isinstance(f, Twice) and f.move == number for f in self.case.faults)
        if again and error is None and isinstance(move, Send | Decide):
            await self._again(ask, move, number)

    def _request(self, move: Move, here: Here, number: int) -> Callable[[], Awaitable[Any]] | None:
        stage, key = self.stage, f"c{number}"
        if isinstance(move, Send):
            name = type(move.command).__name__
            run = next((run for run, known in here.waits if known == name), RUN)
            return lambda: stage.engine.send(run, move.command, command_id=key, by="tester")
        if isinstance(move, Decide):
            found = [one for one in here.approvals if one[1].name == move.approval]
            if not found:
                return None
            run, activity = found[0]
            return partial(self._vote, run, activity, move.granted, key)
        if isinstance(move, Settle) and here.undos:
            run, undo = here.undos[0]
            answer: Any = move.answer
            self.ended.by_hand.append(undo.of)
            return lambda: stage.engine.undo(run, undo.of, answer, by="ann", reason="it is so")
        if isinstance(move, Cancel):
            return lambda: stage.engine.cancel(RUN, by="tester", reason="so")
        return None

    async def _vote(self, run: str, activity: Activity, granted: bool, key: str) -> None:
        """Somebody who may votes: people are tried one after the other."""
        engine = self.stage.engine
        vote = engine.approve if granted else engine.reject
        voted = 0 if activity.approval is None else len(activity.approval.votes)
        known = self._deciders.get(key)  # it is delivered again
        people = [known] if known else await self._people(run, activity, voted)
        refused: Refused | None = None
        for who in people:
            try:
                await vote(run, activity.id, by=who, reason="so", command_id=key)
            except Refused as error:
                refused = refused or error
            else:
                self._deciders[key] = who
                return
        if refused is not None:
            raise refused

    async def _people(self, run: str, activity: Activity, voted: int) -> list[str]:
        """Who may be let decide; people who are nobody in particular come last."""
        others = [*self.subject.people, f"person {voted + 1}", f"person {voted + 2}"]
        return await deciders(self.stage.engine, run, activity, others)

    async def _again(self, ask: Callable[[], Awaitable[Any]], move: Move, number: int) -> None:
        before = await self._commands_known()
        error = await self.stage.ask(ask)
        if error is not None:
            text = f"{move} is delivered again under its id, and refused: {error}"
            raise Broken(text, number)
        if await self._commands_known() != before:
            text = f"{move} is delivered again under its id, and taken again"
            raise Broken(text, number)

    async def _commands_known(self) -> Counter[str]:
        events = [e for run in await self._runs() for e in await self.stage.store.read(run)]
        return Counter(event.cause for event in events if event.cause.startswith("c"))

    async def _late(self) -> None:
        """At the end, what was sent is delivered once more."""
        for fault in self.case.faults:
            if isinstance(fault, Twice) and fault.late and fault.move < len(self.case.moves):
                move = self.case.moves[fault.move]
                if isinstance(move, Send):
                    send = self.stage.engine.send
                    key = f"c{fault.move}"
                    if await self.stage.store.command(key) is not None:
                        ask = partial(send, RUN, move.command, command_id=key, by="tester")
                        await self._again(ask, move, fault.move)

    async def _jumps(self, number: int) -> None:
        for fault in self.case.faults:
            if isinstance(fault, Jump) and fault.move == number:
                self.stage.clock.set(self.stage.clock.now() + fault.by)
                while await self.stage.fires():
                    pass

    async def _resolve(self, run: str, doubtful: Activity) -> None:
        """A person finds out whether a call happened."""
        known = self._outcomes.get((doubtful.key, doubtful.attempt))
        happened = isinstance(known, Return)
        result = known.value if isinstance(known, Return) else None
        ask = self.stage.engine.resolve
        error = await self.stage.ask(
            lambda: ask(run, doubtful.id, happened=happened, result=result, by="ann")
        )
        if error is not None and not isinstance(error, Refused):
            raise error

    async def _called(
        self,
        activity: Activity,
        function: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
    ) -> Any:
        """A step is called: it waits until the case says how that ends. Asked again, the same."""
        self.stage.stirs += 1
        token = activity.key, activity.attempt
        if function in self._verifies:
            known = self._outcomes.get(token)
            return Happened(known.value) if isinstance(known, Return) else DidNotHappen()
        label = self._label(activity, function)
        outcome = self._outcomes.get(token)
        if outcome is None:
            future: asyncio.Future[Move] = asyncio.get_running_loop().create_future()
            self._waiting[token] = label, future
            try:
                outcome = await future
            finally:
                self._waiting.pop(token, None)
        self.stage.stirs += 1
        run = activity.key.partition(f"/{activity.id}")[0]
        call = Call(label, run, activity.key, tuple(frozen([*args])), frozen({**kwargs}))
        if isinstance(outcome, Fail):
            self.ended.calls.append(replace(call, error=outcome.error))
            raise frozen(outcome.error)
        value = outcome.value if isinstance(outcome, Return) else None
        self.ended.calls.append(replace(call, result=value))
        return frozen(value)

    def _label(self, activity: Activity, function: Callable[..., Any]) -> str:
        """The name of a step, or `undo` and that of the step that it undoes."""
        if activity.kind != "undo":
            return activity.name
        undone = [step.name for step in self.subject.steps() if _undo_of(step) is function]
        named = [name for name in undone if name in activity.of]
        return f"undo {max(named or undone or [activity.of], key=len)}"

    async def _runs(self) -> list[str]:
        return [entry.run for entry in await self.stage.store.entries(Filter())]

    async def _state(self) -> str:
        entry = await self.stage.store.entry(RUN)
        return "" if entry is None else entry.state

    async def _look(self, number: int, what: str) -> None:
        await self.stage.quiet()
        self.ended.lines.append(f"{what} -> {await self._state()}")
        if self._behind is not None and not self.stage.store.dead:
            await self._behind(number, self.stage)

    async def _looked(self) -> None:
        ended, stage = self.ended, self.stage
        await self.here()
        for run in await self._runs():
            ended.histories[run] = History(await stage.store.read(run))
        state = await load_state(stage.store, RUN)
        ended.status, ended.state, ended.crashes = state.status, state.state, stage.crashes
        ended.error = "" if state.error is None else state.error.type
        if state.status == "completed":
            ended.result = state.image.decode(self.subject.program.types, state.result)
        if state.status not in FINISHED:
            ended.unfinished = _waits(state)


def _undo_of(step: Step[..., Any]) -> object:
    undo: object = step.options.compensate
    return undo.function if isinstance(undo, Step) else undo


def _waits(state: RunState) -> str:
    waiting = [f"{one.kind} {one.name}".strip() for one in state.pending.values()]
    return ", ".join(waiting) or state.held
