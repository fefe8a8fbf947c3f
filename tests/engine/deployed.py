"""A run of a program given as text, and what a deploy of another text does to it."""

from __future__ import annotations

import linecache
from itertools import count
from typing import Any

from interlock.engine import DeployReport, Engine, deploy_check
from interlock.engine.deploying import RunFate, fates
from interlock.engine.programs import Programs
from interlock.machines import Workflow
from interlock.machines.lock import locked
from interlock.machines.lock.judging import left_behind
from interlock.projections import RunState, fold
from interlock.projections.why import Why
from interlock.store import ManualClock
from interlock.store.backends.memory import MemoryStore

_files = count()


class Deployed:
    """A store with the run `run` of the workflow `flow`.

    Attributes:
        calls: what the author's code put into `CALLS`, since the last deploy.
    """

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = MemoryStore("memory://", clock=self.clock)
        self.calls: list[str] = []
        self._programs: dict[str, dict[str, Any]] = {}

    async def begin(self, text: str) -> None:
        """Start the run, and go on until it waits."""
        machines = self._machines(text)
        async with Engine(self.store, machines=machines, clock=self.clock) as engine:
            await engine.start(machines[0], "x", id="run")
            await engine.settle()
        self.calls.clear()

    async def go(self, text: str, command: str = "Go") -> RunState:
        """Deploy a text, send what the run waits for, and go on until nothing happens any more."""
        engine = Engine(self.store, machines=self._machines(text), clock=self.clock)
        async with engine:
            await engine.settle()
            state = fold(await self.store.read("run"))
            if state.ended is None and not state.held and not state.compensation:
                await engine.send("run", self._programs[text][command]())
                await engine.settle()
        return fold(await self.store.read("run"))

    async def fates(self, text: str) -> list[RunFate]:
        """What is said before."""
        return [found async for found in fates(self.store, Programs(self._machines(text)))]

    async def report(self, text: str) -> DeployReport:
        """The same, as deploy-check has it."""
        return await deploy_check(self.store, self._machines(text))

    def left_behind(self, old: str, new: str, name: str = "flow") -> list[str]:
        """What the lock file of the one says of the other."""
        for text in (old, new):
            self._machines(text)
        before, now = (self._programs[text][name] for text in (old, new))
        return [
            one.message for one in left_behind(locked(f"shop:{name}", before.machine), now.program)
        ]

    async def why(self, run: str, text: str) -> Why:
        """Why a run is where it is, as told by an engine with a text."""
        machines = self._machines(text)
        async with Engine(self.store, machines=machines, clock=self.clock, worker=False) as engine:
            return await (await engine.get(run)).why()

    def machines(self, text: str) -> list[Workflow[..., Any]]:
        """The workflows of a text, `flow` first."""
        return self._machines(text)

    def named(self, text: str, name: str) -> Any:
        """What a text calls so."""
        self._machines(text)
        return self._programs[text][name]

    def _machines(self, text: str) -> list[Workflow[..., Any]]:
        """The workflows of a text, `flow` first."""
        if text not in self._programs:
            space: dict[str, Any] = {"__name__": __name__, "CALLS": self.calls}
            file = f"<deployed {next(_files)}>"
            linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
            exec(compile(text, file, "exec", dont_inherit=True), space)
            self._programs[text] = space
        space = self._programs[text]
        names = [name for name in space if type(space[name]) is Workflow]
        return [space[name] for name in sorted(names, key=lambda name: name != "flow")]
