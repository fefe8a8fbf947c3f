"""The gates of one engine: every call of a gated step asks here first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from interlock.engine import commands
from interlock.engine.errors import UnknownRun
from interlock.engine.gates.breakers import BreakerGate
from interlock.engine.gates.bulkheads import BulkheadGate, Place, Places
from interlock.engine.gates.debounce import PREFIX as DEBOUNCE
from interlock.engine.gates.debounce import Debouncer
from interlock.engine.gates.parking import Parking
from interlock.engine.gates.permit import Call, Held, Permit, Record, Safe
from interlock.engine.gates.rates import RateGate
from interlock.engine.gates.reuse import CacheGate, Flights, Outcome, key_of
from interlock.engine.gates.shared import WAKE, Shared
from interlock.engine.session import Mover, Session
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.resilience.breaker import Breaker
from interlock.machines.resilience.cache import Cache
from interlock.machines.resilience.declared import find
from interlock.machines.resilience.limits import Bulkhead, RateLimit
from interlock.machines.resilience.quiet import OfferData
from interlock.machines.step import Step
from interlock.projections import Activity
from interlock.projections.breaker import PREFIX
from interlock.store.contract import Filter, Timer
from interlock.store.errors import StoreError
from interlock.store.event import Actor, Body, Event
from interlock.store.vocabulary import StepPostponed, StepReleased
from interlock.store.vocabulary_shared import SharedMoved

if TYPE_CHECKING:
    from interlock.engine.core import Core

log = logging.getLogger("interlock.engine")

_PARKED = Held("")


class Gatekeeper:
    """Asks the gates of a step, in order, and tells them what came of it.

    Attributes:
        parked: calls that are not to be made now; the driver passes over them.
        called: by run, what is kept for calls whose turn it is.
    """

    def __init__(self, engine: Core) -> None:
        self._engine = engine
        self._parking = Parking(engine.wake)
        self.parked, self.called = self._parking.parked, self._parking.called
        self.driven = self._parking.driven
        self._waiting: dict[str, set[str]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._flights = Flights(self._parking)
        self._holder = str(uuid4())
        self._shared: dict[str, Shared] = {}
        self._gates: dict[str, Any] = {}
        self.debouncer = Debouncer(engine, self)

    def waiting(self) -> Mapping[tuple[str, str], str]:
        """The calls that are parked, and what each waits for."""
        return self._parking.by

    def wish(
        self,
        session: Session,
        mover: Mover,
        activity: Activity,
        step: Step[..., Any],
        failed: Callable[[BaseException], Record],
    ) -> Call:
        """The call of an activity, of a step; `failed` decides what follows from an error."""
        types = self._engine.types_of(session.machine, session.hash)
        args, kwargs = mover.arguments(activity)
        return Call(session, step, activity, args, kwargs, types, failed)

    def look(self, session: Session) -> None:
        """A run was moved: those of its calls that it does not want any more leave their queues."""
        run, parking = session.run, self._parking
        if run not in parking.runs and run not in parking.called:
            return
        pending = session.state.pending
        parking.wanted(run, lambda name: name in pending and not pending[name].stopping)

    async def enter(self, call: Call) -> Permit | Record | None:
        """What becomes of a call.

        Returns:
            A permit to make it, the events of another answer, or None when it was parked.

        Raises:
            BadDefinition: a gate is not declared.
        """
        permit = Permit()
        try:
            answer = await self._pass(call, permit)
        except BaseException:
            permit.give_back()
            raise
        if answer is None:
            return permit
        permit.give_back()
        if not isinstance(answer, Held):
            return answer
        if answer.error is not None:
            return call.rejected(answer.error)
        return None if answer.until is None else self._postponed(answer)

    async def _pass(self, call: Call, permit: Permit) -> Held | Record | None:
        """Take what each gate gives into the permit; None when all let the call through."""
        gates, who = call.step.options.gates, call.who
        assert gates is not None  # only such calls come here
        called = self._parking.claim(who)
        place = called if isinstance(called, BulkheadGate) else None
        if place is not None:
            permit.passes.append(Place(place))
        if isinstance(called, Outcome):
            return called.record("flight", call, final=False)
        cache = gates.cache
        try:
            kept = None if cache is None else self._cache(cache, key_of(cache.key, call))
            key = _flight_key(call)
        except Exception as error:  # the author's key function
            return call.failed(error)
        with self._flights.watch(key) as watch:
            passed = False
            while not passed or (kept is not None and watch.landed):
                watch.landed = False
                found = None if kept is None else await kept.find(call)
                if found is not None:
                    return found
                if key and self._flights.follow(key, who):
                    return _PARKED
                if not passed:
                    held = await self._guards(call, permit, has_place=place is not None)
                    if held is not None:
                        return held
                    passed = True
                if key and self._flights.follow(key, who):  # another call took off meanwhile
                    return _PARKED
        if kept is not None:  # a result is kept before those that wait for it are told
            permit.passes.insert(0, Safe(kept.keeper(call)))
        if key:
            permit.passes.insert(0, self._flights.begin(key, call))
        return None

    async def _guards(self, call: Call, permit: Permit, *, has_place: bool) -> Held | None:
        gates, who = call.step.options.gates, call.who
        assert gates is not None  # as above
        breaker = None if gates.breaker is None else self.breaker(find(Breaker, gates.breaker))
        if breaker is not None:
            await breaker.shared.ready()
            held = breaker.look()
            if held is not None:  # before a place or a token is taken in vain
                return held
        if gates.bulkhead is not None and not has_place:
            bulkhead = self.bulkhead(find(Bulkhead, gates.bulkhead))
            place = await bulkhead.enter(who)
            if isinstance(place, Held):
                return place
            permit.passes.append(place)
        if gates.rate is not None:
            token = await self.rate(find(RateLimit, gates.rate)).enter(who)
            if isinstance(token, Held):
                return token
            permit.tokens.append(token)
        if breaker is not None:
            ticket = await breaker.enter(who[0], call.step.options.raises)
            if isinstance(ticket, Held):
                return ticket
            permit.passes.append(Safe(ticket))
        return None

    def _postponed(self, held: Held) -> Record:
        def record(mover: Mover, mine: Activity) -> None:
            gate = self._gates.get(held.by)
            if isinstance(gate, BreakerGate) and gate.look() is None:
                return  # it has closed meanwhile: ask again
            self._waiting.setdefault(held.by, set()).add(mover.session.run)
            body = StepPostponed(mine.id, held.by, held.reason, held.until)
            mover.session.emit(body)

        return record

    # The gates

    def shared(self, kind: type[Lifecycle[Any, Any]], stream: str) -> Shared:
        """A shared machine of this engine's store."""
        found = self._shared.get(stream)
        if found is None:
            found = Shared(self._engine.store, self._engine.clock, kind, stream)
            self._shared[stream] = found
        return found

    def breaker(self, breaker: Breaker) -> BreakerGate:
        """A breaker at work in this engine."""
        from interlock.machines.resilience.circuit import CircuitBreaker

        found = self._gates.get(f"breaker {breaker.name}")
        if isinstance(found, BreakerGate) and found.breaker == breaker:
            return found
        engine = self._engine
        shared = self.shared(CircuitBreaker, f"{PREFIX}{breaker.name}")
        gate = BreakerGate(breaker, shared, engine.clock, engine.worker, self._spawn)
        self._gates[gate.by] = gate
        return gate

    def rate(self, limit: RateLimit) -> RateGate:
        from interlock.machines.resilience.bucket import TokenBucket

        found = self._gates.get(f"rate {limit.name}")
        if isinstance(found, RateGate) and found.limit == limit:
            return found
        engine = self._engine
        shared = self.shared(TokenBucket, f"$rate/{limit.name}")
        gate = RateGate(limit, shared, engine.clock, engine.worker, self._holder)
        self._gates[gate.by] = gate
        return gate

    def bulkhead(self, bulkhead: Bulkhead) -> BulkheadGate:
        from interlock.machines.resilience.slots import PlacePool

        found = self._gates.get(f"bulkhead {bulkhead.name}")
        if isinstance(found, BulkheadGate) and found.bulkhead == bulkhead:
            return found
        engine, places = self._engine, None
        if bulkhead.shared:
            shared = self.shared(PlacePool, f"$bulkhead/{bulkhead.name}")
            places = Places(bulkhead, shared, engine.clock, engine.worker, self._holder)
        gate = BulkheadGate(bulkhead, self._parking, places)
        if places is not None:
            engine.spawn(gate.keep())
        self._gates[gate.by] = gate
        return gate

    def _cache(self, cache: Cache, key: str) -> CacheGate:
        from interlock.machines.resilience.kept import KeptResult

        engine = self._engine
        shared = Shared(engine.store, engine.clock, KeptResult, f"$cache/{key}")
        return CacheGate(cache, shared, engine.clock, engine.worker)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._engine.spawn(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def busy(self) -> bool:
        """Whether moves of breakers are still to be told to runs."""
        return bool(self._tasks)

    async def settle(self) -> None:
        """Wait until what follows from moves of breakers was told to the runs."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    # What others append

    def listen(self, events: Sequence[Event]) -> None:
        """Take note of a commit of this process to one of these streams, by whatever engine."""
        for event in events:
            self.note(event)

    def note(self, event: Event) -> None:
        """An event of one of Interlock's own streams was appended, by whatever process."""
        shared = self._shared.get(event.stream)
        if shared is not None:
            shared.note(event)
        engine = self._engine
        if event.stream.startswith(DEBOUNCE):
            self.debouncer.moved.set()
            if engine.driving:
                self._set_timer(event.stream, event.body)
        closed = event.state == "closed" and event.stream.startswith(PREFIX)
        if closed and engine.driving and not engine.closing:
            self._spawn(self.release(event.stream.removeprefix(PREFIX)))

    def _set_timer(self, stream: str, body: Body) -> None:
        due = OfferData.model_validate(body.data).due if isinstance(body, SharedMoved) else None
        if due is None:
            self._engine.timer_service.remove(stream, [WAKE])
        else:
            self._engine.timer_service.add([Timer(stream, WAKE, due)])

    async def release(self, name: str) -> None:
        """A breaker has closed: the calls that wait for it are due."""
        by = f"breaker {name}"

        def record(session: Session) -> None:
            for activity in list(session.state.pending.values()):
                if activity.status == "postponed" and activity.postponed == by:
                    session.emit(StepReleased(activity.id, "the breaker closed"))

        runs = self._waiting.pop(by, set())
        try:
            rows = await self._engine.store.entries(Filter(waits="breaker"))
            for run in sorted(runs | {row.run for row in rows if row.waits_for == name}):
                await commands.accept(self._engine, run, record, Actor("system", by), "")
        except (StoreError, UnknownRun) as error:
            log.warning("calls that wait for breaker %s ask again by themselves: %s", name, error)

    async def recover(self) -> None:
        """This engine has become the worker: release what waits for a breaker that is closed."""
        from interlock.machines.resilience.circuit import CircuitBreaker

        waiting = await self._engine.store.entries(Filter(waits="breaker"))
        for name in {entry.waits_for for entry in waiting}:
            shared = self.shared(CircuitBreaker, f"{PREFIX}{name}")
            await shared.load()
            if shared.state == "closed":
                await self.release(name)


def _flight_key(call: Call) -> str:
    """Calls of one key at the same time are one call; "" for none."""
    gates = call.step.options.gates
    assert gates is not None  # as above
    flight = gates.flight
    if flight:
        return key_of(None if isinstance(flight, bool) else flight, call)
    if gates.cache is not None and gates.cache.singleflight:
        return key_of(gates.cache.key, call)
    return ""
