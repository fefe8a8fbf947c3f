"""The world around the engines: it starts runs, sends commands, decides, and lets things happen."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from interlock.engine.errors import EngineClosed, EngineError
from interlock.engine.undo_answers import UndoAnswer
from interlock.machines.command import Command
from interlock.machines.errors import HandlerFailed, Refused
from interlock.projections import Activity, RunState
from interlock.store.contract import Store
from interlock.store.errors import StoreError
from interlock.testing.deciders import deciders
from interlock.testing.simulation.calls import Calls
from interlock.testing.simulation.process import Died, Process, SimulatedEngine, Time
from interlock.testing.simulation.register import Register
from interlock.testing.simulation.trace import Trace
from interlock.testing.simulation.weather import Weather

Ask = Callable[[SimulatedEngine], Awaitable[Any]]

_TRIES = 12
"""How often the world asks again that got no answer."""


@dataclass(slots=True)
class Subject:
    """What is simulated.

    Attributes:
        machine: the workflow or lifecycle.
        inputs: what runs are started with: one tuple of arguments for each that may be drawn.
        commands: the commands that may be sent, by name of their type.
        people: who decides on approvals.
        runs, actions: how many there are at most.
    """

    machine: Any
    inputs: Sequence[tuple[Any, ...]]
    commands: Mapping[str, Sequence[Command]]
    people: Sequence[str]
    runs: int
    actions: int


@dataclass(slots=True)
class Told:
    """What the world was told, and will hold the log against.

    Attributes:
        started: ids of runs whose start was acknowledged.
        accepted: ids of commands that were, and the run of each.
        wrong: answers that nobody should get, said for a person.
        refused: why the first start was refused that was, "" while none is.
        failed: what the machine's own code raised, by what was asked, the first time.
    """

    started: list[str] = field(default_factory=list[str])
    accepted: dict[str, str] = field(default_factory=dict[str, str])
    wrong: list[str] = field(default_factory=list[str])
    refused: str = ""
    failed: dict[str, str] = field(default_factory=dict[str, str])


class World:
    """Everything outside of the engines, drawn from the seed."""

    def __init__(
        self, seed: object, subject: Subject, processes: Sequence[Process], time: Time,
        truth: Store, register: Register, calls: Calls, weather: Weather, trace: Trace,
    ) -> None:  # fmt: skip
        self.told = Told()
        self._seed = seed
        self._draw = random.Random(f"{seed}/world")
        self._subject = subject
        self._processes = processes
        self._time = time
        self._truth = truth
        self._register = register
        self._calls = calls
        self._weather = weather
        self._trace = trace
        self._inputs: dict[str, tuple[Any, ...]] = {}
        self._count = self._keys = 0
        self._under_way: list[asyncio.Task[None]] = []
        self._helped: dict[str, int] = {}

    # The storm

    async def act(self) -> None:
        """Do what it wants to do, while anything may go wrong."""
        for process in self._processes:
            await self.open(process)
        choices = (self._start, self._start, self._send, self._send, self._decide, self._decide,
                   self._cancel, self._kill, self._kill, self._stop, self._jump, self._revive,
                   self._revive, self._find_out)  # fmt: skip
        self._spawn(self._start())
        for _ in range(self._subject.actions):
            await asyncio.sleep(self._draw.random() ** 3 * 3)
            self._spawn(self._draw.choice(choices)())
        await asyncio.gather(*self._under_way)

    def _spawn(self, work: Awaitable[None]) -> None:
        self._under_way.append(asyncio.ensure_future(work))

    async def open(self, process: Process) -> None:
        """Start a process, unless it lives; it may fail to."""
        if process.alive:
            return
        self._trace.note("world", f"starts {process.name}")
        try:
            await process.start()
        except (Died, StoreError) as error:
            self._trace.note("world", f"{process.name} does not start: {type(error).__name__}")
        except Exception as error:
            self.told.wrong.append(f"an engine could not be opened: {error!r}")

    async def _revive(self) -> None:
        await self.open(self._draw.choice(self._processes))

    async def _kill(self) -> None:
        process = self._draw.choice(self._processes)
        name = f"world: kills {process.id}"
        wants = self._draw.random() < 0.5 and process.alive
        if wants and self._weather.storm and self._weather.strikes(name):
            process.die()

    async def _stop(self) -> None:
        process = self._draw.choice(self._processes)
        if self._draw.random() < 0.5:
            try:
                await process.stop()
            except (Died, StoreError):
                process.die()

    async def _jump(self) -> None:
        by = timedelta(seconds=self._draw.choice([1, 60, 3600, 86400, -1, -60]))
        due = await self._truth.next_due()
        if due is not None and self._draw.random() < 0.6:
            by = max(due - self._time.now(), timedelta())
        if self._weather.storm and self._weather.strikes(f"world: the clock jumps by {by}"):
            self.jump(by)

    def jump(self, by: timedelta) -> None:
        """Let the wall clock jump; the engines notice."""
        self._time.jumped += by
        for process in self._processes:
            if process.engine is not None:
                process.engine.timer_service.poke()

    async def _start(self) -> None:
        if self._count < self._subject.runs:
            self._count += 1
            run = f"run-{self._count}"
            self._inputs[run] = self._draw.choice(self._subject.inputs)
        else:
            run = self._draw.choice([*self._inputs])
        given = self._inputs[run]
        if await self._asked(
            f"start {run}", lambda e: e.start(self._subject.machine, *given, id=run)
        ):
            self.told.started.append(run)

    async def _send(self) -> None:
        run = self._some_run()
        if run is not None:
            await self._command(run)

    async def _command(self, state: RunState) -> bool:
        wanted = [name for a in state.pending.values() for name in a.commands]
        known = [name for name in self._subject.commands if self._subject.commands[name]]
        wanted = [name for name in wanted if name in known] or known
        if not wanted:
            return False
        command = self._draw.choice(self._subject.commands[self._draw.choice(wanted)])
        key = self._key("send")
        told = f"send {type(command).__name__} to {state.run}"
        return await self._once(
            told, state.run, key, lambda e: e.send(state.run, command, command_id=key)
        )

    async def _decide(self) -> None:
        run = self._some_run()
        approvals = [] if run is None else [a for a in run.pending.values() if _open(a)]
        if run is not None and approvals:
            await self._vote(run.run, self._draw.choice(approvals))

    async def _vote(self, run: str, activity: Activity) -> bool:
        by, key = self._draw.random(), self._key("vote")
        yes = self._draw.random() < 0.7
        told = f"{'approve' if yes else 'reject'} {activity.name} of {run}"
        chosen = ""

        async def vote(engine: SimulatedEngine) -> None:
            nonlocal chosen
            if not chosen:  # the same is said whenever it is said again
                people = await deciders(engine, run, activity, self._subject.people)
                chosen = people[int(by * len(people))]
            say = engine.approve if yes else engine.reject
            await say(run, activity.id, by=chosen, command_id=key)

        return await self._once(told, run, key, vote)

    async def _cancel(self) -> None:
        run = self._some_run()
        if run is not None and self._draw.random() < 0.3:
            await self._asked(f"cancel {run.run}", lambda e: e.cancel(run.run, by="ann"))

    async def _find_out(self) -> None:
        run = self._some_run()
        if run is not None:
            await self._resolve(run)

    async def _resolve(self, state: RunState) -> bool:
        """Say of a call in doubt what came of it, or of a failed undo what becomes of it."""
        for activity in state.pending.values():
            if activity.status == "in doubt":
                return bool(await self._answer(state.run, activity))
            if activity.status == "undo failed":
                return bool(await self._put_right(state.run, activity))
        return False

    async def _answer(self, run: str, activity: Activity) -> bool | None:
        key = activity.key
        happened, result = key in self._calls.returned, self._calls.returned.get(key)
        self._calls.allowed[key, activity.attempt] += 1
        return await self._asked(
            f"resolve {activity.id} of {run}: {happened}",
            lambda e: e.resolve(run, activity.id, happened=happened, result=result, by="ann"),
        )

    async def _put_right(self, run: str, activity: Activity) -> bool | None:
        how: UndoAnswer = self._draw.choice(("retry", "resolve", "skip"))
        return await self._asked(
            f"undo {activity.of} of {run}: {how}",
            lambda e: e.undo(run, activity.of, how, by="ann", reason="drawn"),
        )

    # Asking

    def _some_run(self) -> RunState | None:
        known = [state for state in self._register.states.values() if state.ended is None]
        return self._draw.choice(known) if known else None

    def _key(self, what: str) -> str:
        self._keys += 1
        return f"{what}-{self._keys}"

    async def _once(self, told: str, run: str, key: str, ask: Ask) -> bool:
        """Ask under a key; once it was accepted the same again changes nothing."""
        accepted = await self._asked(told, ask)
        if not accepted:
            return False
        self.told.accepted[key] = run
        if self._draw.random() < 0.3:
            before = len(self.told.wrong)
            again = await self._asked(f"{told} (again)", ask)
            if not again and again is not None and len(self.told.wrong) == before:
                self.told.wrong.append(f"{told} was accepted, and refused when it was repeated")
        return True

    async def _asked(self, told: str, ask: Ask) -> bool | None:
        """Ask any process, again while there is no answer. None: there never was one."""
        for _ in range(_TRIES):
            alive = [process for process in self._processes if process.engine is not None]
            if not alive:
                await asyncio.sleep(0.2)
                if self._draw.random() < 0.3:
                    await self.open(self._draw.choice(self._processes))
                continue
            process = self._draw.choice(alive)
            engine = process.engine
            if engine is None:
                continue
            try:
                await process.ask(lambda e=engine: ask(e))  # type: ignore[misc]  # bound now
            except (Died, StoreError, EngineClosed, asyncio.CancelledError) as error:
                self._trace.note("world", f"{told} by {process.id}: {type(error).__name__}")
                await asyncio.sleep(0.1)
                continue
            except (Refused, HandlerFailed, EngineError) as error:
                self._trace.note("world", f"{told} by {process.id}: {type(error).__name__}")
                if isinstance(error, HandlerFailed):
                    self.told.failed.setdefault(
                        told.split(" to ", maxsplit=1)[0].split(" run-", maxsplit=1)[0], str(error)
                    )
                if told.startswith("start "):
                    self.told.refused = self.told.refused or str(error)
                return False
            except Exception as error:
                self.told.wrong.append(f"{told} by {process.id}: {error!r}")
                return False
            self._trace.note("world", f"{told} by {process.id}: done")
            return True
        return None

    # Afterwards

    async def help(self, state: RunState, most: int) -> bool:
        """Do for a run what it waits for, so many times; whether anything was done."""
        self._helped[state.run] = self._helped.get(state.run, 0) + 1
        if self._helped[state.run] > most:
            return False
        if await self._resolve(state):
            return True
        approvals = [a for a in state.pending.values() if _open(a)]
        if approvals and self._draw.random() < 0.8:
            return await self._vote(state.run, self._draw.choice(approvals))
        waits = any(a.commands for a in state.pending.values()) or state.lifecycle
        return waits and self._draw.random() < 0.8 and await self._command(state)


def _open(activity: Activity) -> bool:
    return activity.kind == "approval" and activity.status == "scheduled"
