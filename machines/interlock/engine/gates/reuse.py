"""Results that are used again: kept in the store, or of a call that is under way."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from interlock.engine.failures import message_of
from interlock.engine.gates.parking import Parking
from interlock.engine.gates.permit import Call, Record, Who
from interlock.engine.gates.shared import Shared
from interlock.machines.duration import duration
from interlock.machines.errors import StepFailed
from interlock.machines.resilience.cache import Cache
from interlock.machines.resilience.kept import Keep, KeptData
from interlock.machines.resource import wanted_by
from interlock.store.clock import Clock
from interlock.store.errors import UnknownType, Unrecordable
from interlock.store.event import Actor, Encoded
from interlock.store.values import Types, decode_whole, digest, encode_whole
from interlock.store.values.scrubbing import scrubbed


def key_of(function: Callable[..., object] | None, call: Call) -> str:
    """The digest of what makes calls of a step the same: by default all its recorded arguments."""
    key: object
    if function is not None:
        key = function(*call.args, **call.kwargs)
    else:
        bound = inspect.signature(call.step.function).bind(*call.args, **call.kwargs)
        bound.apply_defaults()
        resources = wanted_by(call.step.function)
        key = {name: value for name, value in bound.arguments.items() if name not in resources}
    text = f"{call.step.name}\0{key if isinstance(key, str) else digest(call.types, key)}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended, for others to use.

    Attributes:
        value: encoded result or error.
        failed: it is an error.
        run: whose call it was.
    """

    value: Encoded
    failed: bool
    run: str

    def record(self, how: str, call: Call, *, final: bool) -> Record | None:
        """What it means for another call; None when that cannot decode it.

        Args:
            how: `cache` or `flight`.
            call: the other call.
            final: an error is raised in the workflow, not tried again.
        """
        try:
            value = decode_whole(call.types, self.value)
        except UnknownType:
            return None
        if not self.failed:
            reused = (how, self.run)
            return lambda mover, mine: mover.succeed(mine, value, reused)
        assert isinstance(value, BaseException)
        error = value
        error.add_note(f"from the {how}: a call of {self.run}")
        return (
            (lambda mover, mine: mover.fail(mine, error, called=False))
            if final
            else call.failed(error)
        )


def encoded(types: Types, value: object) -> Encoded:
    """A result or error in one piece; an error that cannot be recorded as `StepFailed`.

    Raises:
        Unrecordable: a result that cannot be recorded.
    """
    try:
        return encode_whole(
            types, scrubbed(types, value) if isinstance(value, BaseException) else value
        )
    except Unrecordable:
        if not isinstance(value, BaseException):
            raise
        name = type(value).__name__
        return encode_whole(types, StepFailed(f"{name}: {message_of(value)}", "", name))


class CacheGate:
    """The kept results of one key."""

    def __init__(self, cache: Cache, shared: Shared, clock: Clock, actor: Actor) -> None:
        self._cache = cache
        self._shared = shared
        self._clock = clock
        self._actor = actor

    async def find(self, call: Call) -> Record | None:
        """What follows from a kept result, None when there is none."""
        await self._shared.load()
        data: KeptData = self._shared.data
        if not data.run or (data.until is not None and data.until <= self._clock.now()):
            return None
        return Outcome(data.value, data.failed, data.run).record("cache", call, final=True)

    def keeper(self, call: Call) -> Keeper:
        """What keeps the outcome of a call."""
        return Keeper(self, call)

    async def keep(self, call: Call, value: object, *, failed: bool) -> None:
        """Keep an outcome."""
        ttl = self._cache.ttl
        until = None if ttl is None else self._clock.now() + duration(ttl)
        try:
            kept = encoded(call.types, value)
        except Unrecordable:
            return  # the run fails with it
        keep = Keep(value=kept, failed=failed, run=call.session.run, until=until)
        await self._shared.send(keep, self._actor)

    def keeps(self, call: Call, error: BaseException) -> bool:
        """Whether an error is kept: one that is raised in the workflow."""
        options = call.step.options
        final = options.retry.delay(call.activity.attempt, draw=0) is None
        return self._cache.errors and (final or isinstance(error, options.raises))


@dataclass(slots=True)
class Keeper:
    """A call whose outcome is to be kept."""

    gate: CacheGate
    call: Call

    def give_back(self) -> None:
        """See `Pass`: there is nothing to keep."""

    async def succeeded(self, result: Any) -> None:
        """See `Pass`."""
        await self.gate.keep(self.call, result, failed=False)

    async def failed(self, error: BaseException) -> None:
        """See `Pass`."""
        if self.gate.keeps(self.call, error):
            await self.gate.keep(self.call, error, failed=True)


@dataclass(slots=True, eq=False)
class Watch:
    """Whether a call of a key has ended while another one looked for a kept result.

    Attributes:
        landed: one has: look again, since its result is kept by now.
    """

    key: str
    watches: dict[str, list[Watch]]
    landed: bool = False

    def __enter__(self) -> Watch:
        self.watches.setdefault(self.key, []).append(self)
        return self

    def __exit__(self, *exc: object) -> None:
        mine = self.watches[self.key]
        mine.remove(self)
        if not mine:
            del self.watches[self.key]


class Flights:
    """Calls under way that others wait for in place of making their own."""

    def __init__(self, parking: Parking) -> None:
        self._parking = parking
        self._under_way: dict[str, list[Who]] = {}
        self._watches: dict[str, list[Watch]] = {}

    def watch(self, key: str) -> Watch:
        """See whether a call of this key ends, for as long as the watch is entered."""
        return Watch(key, self._watches)

    def follow(self, key: str, who: Who) -> bool:
        """Wait for the outcome of the call of this key, if there is one."""
        followers = self._under_way.get(key)
        if followers is None:
            return False
        followers.append(who)
        self._parking.park(who, followers.remove, "flight")
        return True

    def begin(self, key: str, call: Call) -> Flight:
        """A call is going to be made."""
        self._under_way[key] = []
        return Flight(self, key, call)

    def land(self, key: str, outcome: Outcome | None) -> None:
        """It has ended; without an outcome, one of the followers makes the call."""
        for watch in self._watches.get(key, ()):
            watch.landed = True
        for who in self._under_way.pop(key):
            self._parking.call(who, outcome, _nothing)


def _nothing() -> None:
    return


@dataclass(slots=True)
class Flight:
    """A call that others may follow."""

    flights: Flights
    key: str
    call: Call

    def give_back(self) -> None:
        """See `Pass`."""
        self.flights.land(self.key, None)

    async def succeeded(self, result: Any) -> None:
        """See `Pass`."""
        self._land(result, failed=False)

    async def failed(self, error: BaseException) -> None:
        """See `Pass`."""
        self._land(error, failed=True)

    def _land(self, value: object, *, failed: bool) -> None:
        try:
            kept = encoded(self.call.types, value)
        except Unrecordable:
            self.give_back()
        else:
            self.flights.land(self.key, Outcome(kept, failed, self.call.session.run))
