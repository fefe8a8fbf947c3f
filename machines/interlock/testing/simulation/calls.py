"""What calls come to in a simulation, and what was called: the world's own record of effects."""

from __future__ import annotations

import asyncio
import inspect
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from interlock.machines.context import current
from interlock.machines.signatures import unfit
from interlock.machines.step import DidNotHappen, Happened, Step
from interlock.projections import Activity
from interlock.testing.simulation.loop import PROCESS
from interlock.testing.simulation.pool import Pool
from interlock.testing.simulation.register import Register
from interlock.testing.simulation.trace import Trace


class Transient(Exception):
    """A failure that a simulated call has now and then: the network, say."""


@dataclass(frozen=True, slots=True)
class Odds:
    """How calls end that nothing is said about, by the share of each kind; the rest succeed.

    Attributes:
        fails: an error that the step does not declare, so that it is retried by its policy.
        raises: one of the errors that it declares, or that the workflow's code catches. The
            latter is raised by each attempt of that call, so that retries do not hide it.
        hangs: it never returns; only where the step has a timeout.
        slow: it takes up to `slowest` seconds, else a few milliseconds.
    """

    fails: float = 0.15
    raises: float = 0.1
    hangs: float = 0.03
    slow: float = 0.2
    slowest: float = 5.0


class Made(NamedTuple):
    """One call that reached the world.

    Attributes:
        step, run, activity, attempt, key: as the engine said.
        kind: `step` or `undo`.
    """

    step: str
    run: str
    activity: str
    attempt: int
    key: str
    kind: str


class Calls:
    """Answers the calls of all simulated engines, and keeps what they were.

    Attributes:
        made: every call, in order; verifying is none.
        returned: keys of the calls that took effect, and their results.
        came: names of the steps of which a call returned.
        failed: what a function that is really called raised, by name, the first time.
        wrong: calls that should not have been made, said for a person.
        allowed: calls of at-most-once attempts that a person asked for again.
    """

    def __init__(
        self,
        seed: object,
        steps: Sequence[Step[..., Any]],
        given: Mapping[str, Callable[..., Any]],
        own: bool,
        pool: Pool,
        odds: Odds,
        register: Register,
        trace: Trace,
        rivals: bool,
        caught: Mapping[str, Sequence[type[Exception]]],
    ) -> None:
        self.made: list[Made] = []
        self.returned: dict[str, Any] = {}
        self.came: set[str] = set()
        self.failed: dict[str, str] = {}
        self.wrong: list[str] = []
        self.allowed: Counter[tuple[str, int]] = Counter()
        self._seed = seed
        self._given = given
        self._own = own
        self._pool = pool
        self._odds = odds
        self._register = register
        self._trace = trace
        self._rivals = rivals
        self._caught = caught
        self._doomed: dict[str, type[BaseException]] = {}
        self._numbers: Counter[str] = Counter()
        self._held: Counter[tuple[str, int]] = Counter()
        self._steps = {step.name: step for step in steps}
        self._verifies = {step.options.verify for step in steps if step.options.verify is not None}
        self._owners: dict[str, tuple[str, str]] = {}

    def stand_in(self, activity: Activity, function: Callable[..., Any]) -> Callable[..., Any]:
        """What is called in place of an author's function."""

        async def answered(*args: Any, **kwargs: Any) -> Any:
            call = current()
            self._numbers[call.key] += 1
            place = f"{self._seed}/call/{call.key}/{self._numbers[call.key]}"
            draw = random.Random(place)
            if function in self._verifies and call.step not in self._given:
                return self._verified(call.key)
            made = Made(
                activity.name, call.run, activity.id, activity.attempt, call.key, activity.kind
            )
            self._begin(made, activity)
            try:
                result = await self._answer(made, function, args, kwargs, draw)
            except BaseException as error:
                if isinstance(error, Exception) and not isinstance(error, Transient):
                    self._note(made, function, error)
                self._trace.note(PROCESS.get(), f"call {call.key}: {type(error).__name__}")
                raise
            self._trace.note(PROCESS.get(), f"call {call.key}: returned")
            self.returned[call.key] = result
            self.came.add(made.step)
            return result

        return answered

    def _note(self, made: Made, function: Callable[..., Any], error: Exception) -> None:
        """A function that is really called has failed, and did not say that it might."""
        step = self._steps.get(made.step)
        called = self._given.get(made.step, function if self._own else None)
        declared = () if step is None else step.options.raises
        if called is not None and not isinstance(error, declared):
            self.failed.setdefault(made.step, f"{type(error).__name__}: {error}")

    def _verified(self, key: str) -> Happened[Any] | DidNotHappen:
        return Happened(self.returned[key]) if key in self.returned else DidNotHappen()

    async def _answer(
        self,
        made: Made,
        function: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        draw: random.Random,
    ) -> Any:
        own = self._given.get(made.step, function if self._own else None)
        if own is not None:
            await asyncio.sleep(draw.random() * 0.01)
            why = unfit(own, args, kwargs)
            if why and made.step in self._given:
                self._wrong(f"the stand-in for {made.step!r} does not fit its call: {why}")
            result = own(*args, **kwargs)
            return await result if inspect.isawaitable(result) else result
        return await self._drawn(made, function, draw)

    async def _drawn(self, made: Made, function: Callable[..., Any], draw: random.Random) -> Any:
        odds, step = self._odds, self._steps.get(made.step)
        kind = draw.random()
        slow = draw.random() < odds.slow
        await asyncio.sleep(draw.random() * (odds.slowest if slow else 0.01))
        doomed = self._doomed.get(made.key)
        if doomed is not None:
            raise self._pool.error(doomed, draw)
        if kind < odds.fails:
            message = f"{made.step} failed (drawn)"
            raise Transient(message)
        if made.kind == "undo" or step is None:
            return self._pool.result(function, draw)
        caught = self._caught.get(made.step, ())
        errors = (*step.options.raises, *caught)
        if kind < odds.fails + odds.raises and errors:
            chosen = draw.choice(errors)
            if chosen in caught:
                self._doomed[made.key] = chosen
            raise self._pool.error(chosen, draw)
        hangs = step.options.timeout is not None and step.options.timeout.total_seconds() <= 600
        if hangs and odds.fails + odds.raises < kind < odds.fails + odds.raises + odds.hangs:
            await asyncio.Event().wait()
        return self._pool.result(function, draw)

    def _wrong(self, what: str) -> None:
        self.wrong.append(what)
        self._trace.wrong(what)

    def _begin(self, made: Made, activity: Activity) -> None:
        """A call reaches the world: is it one that was promised?"""
        self.made.append(made)
        self._trace.note(PROCESS.get(), f"call {made.key}: {made.step}, attempt {made.attempt}")
        told = f"{made.kind} {made.step!r} of {made.run!r} ({made.key})"
        if (made.run, made.activity, made.attempt) not in self._register.intents:
            self._wrong(f"{told} was called before its intent was recorded")
        owner = self._owners.setdefault(made.key, (made.run, made.activity))
        if owner != (made.run, made.activity):
            self._wrong(f"{told} was called under the key of {owner[1]} of {owner[0]!r}")
        attempt = (made.key, made.attempt)
        self._held[attempt] += 1
        if activity.hold and self._held[attempt] > 1 + self.allowed[attempt]:
            self._wrong(f"{told} was called again, and may be called at most once")
        known = self._register.activity(made.run, made.activity)
        over = known is None or known.status == "done" or known.attempt != made.attempt
        if over and not self._rivals:
            self._wrong(f"{told} was called though its outcome was recorded")
