"""Breakers and limiters against a brute-force oracle: two engines, one store, restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from functools import partial
from typing import Any, TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.engine.gates.breakers import BreakerGate, Ticket
from interlock.engine.gates.rates import RateGate, Token
from interlock.engine.gates.shared import Shared
from interlock.machines.resilience.breaker import Breaker
from interlock.machines.resilience.bucket import TokenBucket
from interlock.machines.resilience.circuit import CircuitBreaker
from interlock.machines.resilience.limits import RateLimit
from interlock.store.backends.memory import MemoryStore
from interlock.store.clock import ManualClock
from interlock.store.event import Actor, Event
from resilience.oracle import OracleBreaker, OracleBucket, too_many

WORKER = Actor("worker", "test")
BREAKER = Breaker("law", threshold=2, window="10 seconds", reset="5 seconds", trials=2)

ENGINES = st.integers(0, 1)
Op: TypeAlias = tuple[str, int]
WAITS = st.sampled_from([0, 1, 2, 4, 5, 6, 10, 60])
CALLS = st.integers(0, 5)
OPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), WAITS),
        st.tuples(st.just("call that fails"), ENGINES),
        st.tuples(st.just("call"), ENGINES),
        st.tuples(st.just("half-open"), ENGINES),
        st.tuples(st.just("recover"), ENGINES),
        st.tuples(st.just("begin"), ENGINES),
        st.tuples(st.just("fail"), CALLS),
        st.tuples(st.just("succeed"), CALLS),
        st.tuples(st.just("restart"), ENGINES),
    ),
    max_size=60,
)


def _tell(shared: Shared, events: Sequence[Event]) -> None:
    for event in events:
        shared.note(event)


class World:
    """Two engines' gates on one store, with a clock that moves when told to."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = MemoryStore(clock=self.clock)
        self.background: list[asyncio.Task[None]] = []

    def shared(self, kind: Any, stream: str, *, told: bool = True) -> Shared:
        made = Shared(self.store, self.clock, kind, stream)
        if told:
            self.store.on_append(partial(_tell, made))
        return made

    def breaker(self, breaker: Breaker, *, told: bool = True) -> BreakerGate:
        shared = self.shared(CircuitBreaker, f"$breaker/{breaker.name}", told=told)
        return BreakerGate(breaker, shared, self.clock, WORKER, self.spawn)

    def rate(self, limit: RateLimit, holder: str) -> RateGate:
        shared = self.shared(TokenBucket, f"$rate/{limit.name}")
        return RateGate(limit, shared, self.clock, WORKER, holder)

    def spawn(self, work: Coroutine[Any, Any, None]) -> object:
        task = asyncio.get_running_loop().create_task(work)
        self.background.append(task)
        return task


class Comparison:
    """Two gates and the oracle, told the same."""

    def __init__(self) -> None:
        self.world = World()
        self.gates = [self.world.breaker(BREAKER), self.world.breaker(BREAKER)]
        self.oracle = OracleBreaker(
            threshold=2, window=timedelta(seconds=10), reset=timedelta(seconds=5), trials=2,
            lease=timedelta(seconds=60),
        )  # fmt: skip
        self.calls: list[tuple[int, int, int, Ticket]] = []
        self.begun = 0

    async def begin(self, engine: int) -> bool:
        """A call wants to be made. Whether it is."""
        self.begun += 1
        answer = await self.gates[engine].enter("run", ())
        assert isinstance(answer, Ticket) == self.oracle.begin(self.begun, self.world.clock.now())
        if not isinstance(answer, Ticket):
            return False
        self.calls.append((self.begun, engine, self.oracle.epoch, answer))
        return True

    async def end(self, which: int, *, failed: bool) -> None:
        """One of the calls under way ends."""
        if not self.calls:
            return
        call, engine, epoch, ticket = self.calls.pop(which % len(self.calls))
        self.oracle.end(call, engine, epoch, failed, self.world.clock.now())
        await (ticket.failed(ConnectionError()) if failed else ticket.succeeded(None))

    async def two_calls(self, engine: int, *, failed: bool) -> None:
        """Two calls, one after the other."""
        for _ in range(2):
            if await self.begin(engine):
                await self.end(-1, failed=failed)

    def restart(self, engine: int) -> None:
        """An engine dies, its calls with it, and comes back."""
        self.gates[engine] = self.world.breaker(BREAKER)
        self.calls = [one for one in self.calls if one[1] != engine]
        self.oracle.restart(engine)

    async def check(self) -> None:
        """Both gates and the oracle are in the same state."""
        for gate in self.gates:
            await gate.shared.ready()
            assert gate.shared.state == self.oracle.state
            assert gate.shared.data.until == self.oracle.until


async def _compare(ops: list[Op]) -> None:
    both = Comparison()
    clock = both.world.clock
    for what, argument in ops:
        if what == "wait":
            clock.set(clock.now() + timedelta(seconds=argument))
        elif what == "restart":
            both.restart(argument)
        elif what in ("half-open", "recover"):  # ways that random steps seldom find
            await both.two_calls(argument, failed=True)
            clock.set(clock.now() + timedelta(seconds=5))
            if what == "recover":
                await both.two_calls(argument, failed=False)
        elif what == "begin":
            await both.begin(argument)
        elif what in ("fail", "succeed"):
            await both.end(argument, failed=what == "fail")
        elif await both.begin(argument):
            await both.end(-1, failed=what == "call that fails")
        await both.check()


@given(OPS)
@settings(max_examples=settings().max_examples * 8)
def test_a_breaker_does_what_the_oracle_does(ops: list[Op]) -> None:
    asyncio.run(_compare(ops))


async def _half_open(trials: int, callers: int, told: bool) -> None:
    world = World()
    breaker = Breaker(f"half-open {trials}", threshold=1, reset="5 seconds", trials=trials)
    gates = [world.breaker(breaker, told=told) for _ in range(2)]
    ticket = await gates[0].enter("run", ())
    assert isinstance(ticket, Ticket)
    await ticket.failed(ConnectionError())
    world.clock.set(world.clock.now() + timedelta(seconds=5))
    await asyncio.gather(*(gate.shared.load() for gate in gates))
    for _ in range(2):  # the second time, after all trials were given up
        tried = await asyncio.gather(*(gates[n % 2].enter(f"r{n}", ()) for n in range(callers)))
        let_through = [one for one in tried if isinstance(one, Ticket)]
        assert len(let_through) == min(trials, callers)
        assert all(one.trial for one in let_through)
        world.clock.set(world.clock.now() + timedelta(seconds=61))
    again = await asyncio.gather(*(gates[0].enter("last", ()) for _ in range(trials)))
    for one in again:
        more = await asyncio.gather(*(gates[n % 2].enter(f"m{n}", ()) for n in range(callers)))
        assert not any(isinstance(one, Ticket) for one in more)
        assert isinstance(one, Ticket)
        assert gates[0].shared.state == "half-open"
        await one.succeeded(None)
    assert (await gates[1].shared.load()) is not None
    assert gates[1].shared.state == "closed"


@given(st.integers(1, 5), st.integers(1, 30), st.booleans())
@settings(max_examples=25)
def test_exactly_so_many_trials_however_many_ask_at_once(
    trials: int, callers: int, told: bool
) -> None:
    asyncio.run(_half_open(trials, callers, told))


RATES = st.tuples(st.sampled_from([0.5, 1, 3, 10]), st.integers(1, 8), st.integers(1, 5))
ASKS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.sampled_from([0, 100, 200, 300, 500, 999, 1000, 3000])),
        st.tuples(st.just("ask"), ENGINES),
        st.tuples(st.just("burst"), ENGINES),
        st.tuples(st.just("restart"), ENGINES),
    ),
    max_size=50,
)


async def _never_too_many(
    rate: tuple[float, int, int], asks: list[tuple[str, int]], name: str
) -> None:
    world = World()
    limit = RateLimit(name, rate[0], rate[1], when="fail", batch=rate[2])
    gates = [world.rate(limit, f"holder {n}") for n in range(2)]
    made = 0
    calls: list[datetime] = []
    for number, (what, argument) in enumerate(asks):
        if what == "wait":
            world.clock.set(world.clock.now() + timedelta(milliseconds=argument))
        elif what == "restart":
            made += 1
            gates[argument] = world.rate(limit, f"holder {made + 1}")
        else:
            together = 6 if what == "burst" else 1
            whos = [("run", f"{number}/{n}") for n in range(together)]
            answers = await asyncio.gather(*(gates[argument].enter(who) for who in whos))
            calls += [world.clock.now() for one in answers if isinstance(one, Token)]
    assert not too_many(calls, limit.interval, limit.burst)


@given(RATES, ASKS)
@settings(max_examples=settings().max_examples * 8)
def test_no_stretch_of_time_holds_too_many_calls(
    rate: tuple[float, int, int], asks: list[tuple[str, int]]
) -> None:
    asyncio.run(_never_too_many(rate, asks, f"never {rate}"))


async def _like_a_bucket(rate: tuple[float, int, int], asks: list[tuple[str, int]]) -> None:
    world = World()
    limit = RateLimit(f"exact {rate[:2]}", rate[0], rate[1], when="fail", batch=1)
    gates = [world.rate(limit, f"holder {n}") for n in range(2)]
    now = world.clock.now()
    oracle = OracleBucket(limit.interval, limit.burst, tokens=Fraction(limit.burst), at=now)
    for number, (what, argument) in enumerate(asks):
        if what == "wait":
            world.clock.set(world.clock.now() + timedelta(milliseconds=argument))
        elif what != "restart":
            answer = await gates[argument].enter(("run", str(number)))
            assert isinstance(answer, Token) == oracle.take(world.clock.now())


@given(RATES, ASKS)
def test_token_by_token_it_is_a_token_bucket(
    rate: tuple[float, int, int], asks: list[tuple[str, int]]
) -> None:
    asyncio.run(_like_a_bucket(rate, asks))


async def _everyone_gets_a_turn(rate: tuple[float, int, int], callers: int) -> None:
    world = World()
    limit = RateLimit(f"turns {rate}", rate[0], rate[1], batch=rate[2])
    gate = world.rate(limit, "holder")
    waiting = {("run", str(n)): world.clock.now() for n in range(callers)}
    calls: list[datetime] = []
    asked = 0
    while waiting:
        due = min(waiting.values())
        world.clock.set(max(due, world.clock.now()))
        for who in [who for who, at in waiting.items() if at <= world.clock.now()]:
            asked += 1
            answer = await gate.enter(who)
            if isinstance(answer, Token):
                calls.append(world.clock.now())
                del waiting[who]
            else:
                assert answer.until is not None
                waiting[who] = answer.until
    assert asked <= 2 * callers  # once to be told when, once to be let through
    assert not too_many(calls, limit.interval, limit.burst)
    ideal = max(0, callers - limit.burst) * limit.interval
    assert calls[-1] - calls[0] <= ideal + limit.batch * limit.interval
    events = len(await world.store.read(f"$rate/{limit.name}"))
    assert events <= limit.burst + limit.batch + -(-callers // limit.batch)


@given(RATES, st.integers(1, 80))
def test_each_waits_once_and_batches_are_events(rate: tuple[float, int, int], callers: int) -> None:
    asyncio.run(_everyone_gets_a_turn(rate, callers))
