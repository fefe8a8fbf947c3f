"""One simulation: everything from one seed, to its verdict."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from interlock.engine.programs import program_of
from interlock.projections import RunState
from interlock.store import crash
from interlock.store.backends.memory import MemoryStore
from interlock.store.clock import Clock
from interlock.store.contract import Store
from interlock.store.keystores import MemoryKeys
from interlock.testing.coverage.tally import Tally
from interlock.testing.simulation import parts
from interlock.testing.simulation.calls import Calls, Odds
from interlock.testing.simulation.judge import stuck, unsafe
from interlock.testing.simulation.loop import PROCESS, Endless, SimulatedLoop, Stuck
from interlock.testing.simulation.own import own_invariants
from interlock.testing.simulation.pool import Pool
from interlock.testing.simulation.process import Died, Process, Time
from interlock.testing.simulation.register import Check, Register
from interlock.testing.simulation.seeded import seeded
from interlock.testing.simulation.trace import Trace
from interlock.testing.simulation.weather import Weather
from interlock.testing.simulation.world import Subject, World

START = datetime(2026, 1, 1, tzinfo=UTC)
TURNS = 400_000
"""Callbacks after which a simulation is taken for endless."""

_LAST = 15
"""Seconds in which the last delays and the waits before something is tried again are over."""

_ROUNDS = 150
"""How often the world helps and lets time pass, before it takes a run for one that goes on."""


def in_memory(clock: Clock) -> Store:
    """The store that simulations have by default."""
    return MemoryStore(clock=clock)


@dataclass(frozen=True)
class Setting:
    """What all seeds share.

    Attributes:
        subject: what is simulated, and what the world may do to it.
        machines: it, and what belongs to it.
        given: what is called in place of steps, by name.
        own: the other steps are called themselves.
        odds: how the other calls end.
        checks: users' invariants.
        engines: how many processes there are.
        faults: whether anything goes wrong.
        store: makes the store, which must do without threads.
        before: called before each simulation.
        options: further arguments of the engines.
    """

    subject: Subject
    machines: Sequence[Any]
    given: Mapping[str, Callable[..., Any]]
    own: bool
    odds: Odds
    pool: Pool
    checks: Sequence[Check]
    engines: int
    faults: bool
    store: Callable[[Clock], Store] = in_memory
    before: Callable[[], object] | None = None
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class Seeded:
    """What became of one seed.

    Attributes:
        seed: which.
        wrong: what did not hold; nothing, if all is well.
        trace: what happened.
        faults: their names, in order.
        runs: how many runs came to which status.
        calls, events: how many there were.
        lasted: virtual time.
        seen: what runs of the machine came to.
        failed: what the author's own code raised, by the command or the step, the first time.
        returned: the steps of which a call returned.
        refused: why a start was refused, "" when none was.
    """

    seed: int
    wrong: list[str]
    trace: Trace
    faults: list[str]
    runs: Counter[str]
    calls: int
    events: int
    lasted: timedelta
    seen: Tally
    failed: dict[str, str]
    returned: set[str]
    refused: str = ""


class Simulation:
    """One seed at work."""

    def __init__(self, setting: Setting, seed: int, only: Collection[str] | None = None) -> None:
        self._setting = setting
        self._seed = seed
        self.trace = trace = Trace()
        self._loop = loop = SimulatedLoop(random.Random(f"{seed}/loop"), TURNS)
        trace.now = loop.time
        self._time = Time(loop, START)
        self._truth = setting.store(self._time)
        self._weather = Weather(seed, trace, only, setting.faults)
        self._keys = MemoryKeys()
        checks = [*setting.checks, *own_invariants(setting.machines, self._keys)]
        self._register = Register(
            self._truth, trace, checks, program_of(setting.subject.machine).machine
        )
        steps = parts.steps(setting.machines)
        self._calls = Calls(
            seed, steps, setting.given, setting.own, setting.pool, setting.odds,
            self._register, trace, self._weather.rivals, parts.caught_of(setting.machines),
        )  # fmt: skip
        self._processes = [self._process(number) for number in range(setting.engines)]
        self.world = World(
            seed, setting.subject, self._processes, self._time, self._truth, self._register,
            self._calls, self._weather, trace,
        )  # fmt: skip
        self._wrong: list[str] = []

    def _process(self, number: int) -> Process:
        options = {"machines": self._setting.machines, **self._setting.options}
        return Process(
            chr(ord("A") + number), self._loop, self._truth, self._time, self._keys, self._calls,
            self._weather, options,
        )  # fmt: skip

    def run(self) -> Seeded:
        """Let it happen, and judge it."""
        for point in crash.POINTS:
            crash.arm(point, 1, self._reached)
        level = logging.getLogger("interlock").level
        logging.getLogger("interlock").setLevel(logging.CRITICAL + 1)
        try:
            self._loop.run_until_complete(self._all())
        except Stuck:
            self._wrong.append("nothing will ever happen any more, and the simulation is not over")
        except Endless:
            self._wrong.append(f"it does not come to rest within {TURNS} turns of the event loop")
        finally:
            crash.disarm()
            self.trace.over = True
            for process in self._processes:
                process.forget()
            self._loop.bury()
            logging.getLogger("interlock").setLevel(level)
        states = [*self._register.states.values()]
        return Seeded(
            self._seed, [*dict.fromkeys(self._wrong)], self.trace, self._weather.happened,
            Counter(state.status for state in states), len(self._calls.made),
            self._register.moved, self._time.now() - START, self._register.seen,
            {**self.world.told.failed, **self._calls.failed}, self._calls.came,
            self.world.told.refused,
        )  # fmt: skip

    def _reached(self, point: str) -> None:
        crash.arm(point, 1, self._reached)
        process = next((p for p in self._processes if p.id == PROCESS.get()), None)
        alive = process is not None and process.alive
        if process is not None and alive and self._weather.dies_at(process.id, point):
            process.crash_here()

    async def _all(self) -> None:
        await self.world.act()
        self._weather.storm = False
        self.trace.note("world", "nothing goes wrong any more")
        await asyncio.sleep(_LAST)
        await self._come_to_rest()
        for process in self._processes:
            try:
                await process.stop()
            except Exception as error:
                self._wrong.append(f"an engine could not be closed: {error!r}")
        told = self.world.told
        self._wrong += self._calls.wrong
        self._wrong += await unsafe(self._truth, self._register, told, self._processes)
        self._wrong += self._loop.wrong

    async def _come_to_rest(self) -> None:
        """Let everything end that can, and see that the rest waits for something."""
        for _ in range(_ROUNDS):
            await self._settle()
            overdue = await self._overdue()
            states = self._open()
            if overdue or not states:
                break
            helped = [await self.world.help(state, 12) for state in states]
            if any(helped):
                continue
            due = await self._truth.next_due()
            if due is None:
                break
            self.trace.note("world", f"time passes until {due:%Y-%m-%d %H:%M:%S}")
            self.world.jump(max(due - self._time.now(), timedelta()) + timedelta(seconds=30))
        else:
            return  # it goes on and on, and moves: that is no standstill
        states = [*self._register.states.values()]
        self._wrong += stuck(states, self._time.now(), await self._overdue())

    def _open(self) -> list[RunState]:
        states = self._register.states.values()
        return [state for state in states if state.ended is None or state.pending]

    async def _overdue(self) -> list[str]:
        """Timers that should have fired long ago."""
        before = self._time.now() - timedelta(seconds=20)
        found = await self._truth.due(before, limit=10**6)
        return [f"{timer.name} of {timer.run!r}" for timer in found]

    async def _settle(self) -> None:
        """Wait until no engine has anything to do."""
        for _ in range(10_000):
            moved = self._register.moved, len(self._calls.made)
            for process in self._processes:
                await self.world.open(process)
                engine = process.engine
                if engine is not None:
                    try:
                        await process.ask(engine.settle)
                    except Died:
                        continue
            await asyncio.sleep(3 * self._weather.look_every + 0.1)
            if moved == (self._register.moved, len(self._calls.made)):
                return
        self._wrong.append("the engines never come to rest")


def simulated(setting: Setting, seed: int, only: Collection[str] | None = None) -> Seeded:
    """What becomes of one seed; with `only`, of the faults that it draws none but these."""
    if setting.before is not None:
        setting.before()
    with seeded(seed):
        return Simulation(setting, seed, only).run()
