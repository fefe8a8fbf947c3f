"""Debounced starts and commands: durable offers, of which the last one is carried out."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from interlock.engine import commands
from interlock.engine.caller import Caller
from interlock.engine.errors import EngineClosed, UnknownMachine, UnknownRun
from interlock.engine.failures import message_of
from interlock.engine.gates.shared import Shared
from interlock.engine.handle import Run
from interlock.engine.privacy import refuse_forgotten
from interlock.engine.starting import check_start, start_run
from interlock.machines.command import Command
from interlock.machines.duration import duration
from interlock.machines.errors import Refused
from interlock.machines.resilience.cache import Debounce
from interlock.machines.resilience.errors import Superseded
from interlock.machines.resilience.quiet import Debouncing, Done, Offer, OfferData, Release
from interlock.projections import RunState
from interlock.store.clock import uuid7
from interlock.store.contract import Timer
from interlock.store.errors import (
    InterlockError,
    StoreBusy,
    StoreClosed,
    StoreFull,
    StoreReadOnly,
)
from interlock.store.event import Actor
from interlock.store.values import Types, decode_whole, encode_whole
from interlock.store.vocabulary_shared import SharedMoved

if TYPE_CHECKING:
    from interlock.engine.core import Core
    from interlock.engine.gates.gatekeeper import Gatekeeper

R = TypeVar("R")
log = logging.getLogger("interlock.engine")

PREFIX = "$debounce/"
_POLL = 0.05
"""Seconds between looks at an offer that another process may carry out."""


class Debouncer:
    """The debounces of one engine."""

    def __init__(self, engine: Core, keeper: Gatekeeper) -> None:
        self._engine = engine
        self._keeper = keeper
        self.moved = asyncio.Event()

    def shared(self, key: str) -> Shared:
        """The machine of one key."""
        return self._keeper.shared(Debouncing, f"{PREFIX}{key}")

    async def start(
        self, debounce: Debounce, run: str, program: Any, args: Any, kwargs: Any, by: Caller
    ) -> Debounced[Any]:
        """Offer a start. It takes place when no other has come for the quiet time.

        Raises:
            BadInput, BadRunId: nothing was offered.
        """
        check_start(program, run, args, kwargs)
        types = program.types
        offer = OfferData(
            id=run,
            machine=program.machine.name,
            args=[encode_whole(types, value) for value in args],
            named={name: encode_whole(types, value) for name, value in kwargs.items()},
            by=by.id,
            reason=by.reason,
            correlation=by.correlation,
        )
        return Debounced(self._engine, run, await self._offer(debounce, offer))

    async def send(
        self, debounce: Debounce, run: str, command: Command, by: Caller, command_id: str
    ) -> Offered:
        """Offer a command."""
        types = Types(vault=self._engine.vault)
        types.collect(type(command))
        offer = OfferData(
            id=command_id or str(uuid7(self._engine.clock.now())),
            run=run,
            name=type(command).__name__,
            args=[encode_whole(types, command)],
            by=by.id,
            reason=by.reason,
            correlation=by.correlation,
        )
        return await self._offer(debounce, offer)

    async def _offer(self, debounce: Debounce, offer: OfferData) -> Offered:
        refuse_forgotten(self._engine.vault, [*offer.args, *offer.named.values()])
        shared = self.shared(debounce.key)
        while True:
            last = await shared.load()
            due = self._engine.clock.now() + duration(debounce.quiet)
            made = Offer(offer=offer.model_copy(update={"due": due}))
            try:
                await shared.send(made, _caller(offer))
            except Refused:  # the one before is being carried out
                await self._carry_out(shared)
                if shared.state == "releasing":
                    raise UnknownMachine(self._engine.held[shared.stream]) from None
                continue
            before = 0 if last is None else last.head.version
            return Offered(self._engine, debounce.key, offer.id, before)

    async def fire(self, timer: Timer) -> None:
        """It has been quiet: carry out the offer that stands, if it is due."""
        shared = self.shared(timer.run.removeprefix(PREFIX))
        await shared.load()
        offer: OfferData = shared.data
        if offer.due is None:
            return
        now = self._engine.clock.now()
        with suppress(Refused):
            await shared.send(Release(id=offer.id, at=now), Actor("timer", timer.name))
        await self._carry_out(shared)

    async def _carry_out(self, shared: Shared) -> None:
        """Do what was decided: start the run or send the command, each once by its id."""
        if shared.state != "releasing":
            return
        offer: OfferData = shared.data
        error = ""
        try:
            await (self._begin(offer) if offer.machine else self._command(offer))
        except UnknownMachine as unknown:  # another process can do it
            log.warning("debounce %s: %s", shared.stream, unknown)
            self._engine.held[shared.stream] = str(unknown)
            return
        except (StoreBusy, StoreFull, StoreClosed, StoreReadOnly, EngineClosed):
            raise  # to be tried again
        except Exception as refused:  # it never can be: who offered it is told
            error = message_of(refused)
            if isinstance(refused, InterlockError):
                error = refused.message
        with suppress(Refused):
            await shared.send(Done(id=offer.id, error=error), self._engine.worker)

    async def _begin(self, offer: OfferData) -> None:
        program = self._engine.programs.find(offer.machine)
        if program is None:
            message = f"machine {offer.machine!r} is not imported here"
            raise UnknownMachine(message)
        args = tuple(decode_whole(program.types, value) for value in offer.args)
        named = {n: decode_whole(program.types, value) for n, value in offer.named.items()}
        await start_run(self._engine, program, offer.id, args, named, _caller(offer))

    async def _command(self, offer: OfferData) -> None:
        entry = await self._engine.store.entry(offer.run)
        if entry is None:
            message = f"there is no run {offer.run!r}"
            raise UnknownRun(message)
        types = self._engine.types_of(entry.machine)
        command = decode_whole(types, offer.args[0])
        assert isinstance(command, Command)
        await commands.send(self._engine, offer.run, command, _caller(offer), offer.id)


def _caller(offer: OfferData) -> Caller:
    return Caller("user", offer.by, offer.reason, offer.correlation)


class Offered:
    """A start or a command that was offered, and may be superseded by a later one.

    Attributes:
        id: of the run to be started, or of the command.
    """

    def __init__(self, engine: Core, key: str, id: str, after: int) -> None:  # noqa: A002  its name
        self._engine = engine
        self._key = key
        self._read = after
        self._stands = False
        self.id = id

    async def outcome(self) -> None:
        """Wait until it was carried out.

        Raises:
            Superseded: a later one took its place; says which.
            Refused: it was due, and was refused (or the run's id was taken).
        """
        debouncer = self._engine.gatekeeper.debouncer
        while not await self._over():
            debouncer.moved.clear()
            if await self._over():
                return
            poll = None if self._engine.driving else _POLL
            with suppress(TimeoutError):
                await asyncio.wait_for(debouncer.moved.wait(), poll)

    async def _over(self) -> bool:
        for event in await self._engine.store.read(f"{PREFIX}{self._key}", after=self._read):
            body = event.body
            assert isinstance(body, SharedMoved)
            value: Any = body.value
            if body.command == Offer.__name__:
                offered = str(value["offer"]["id"])
                if self._stands and offered != self.id:
                    message = f"{self.id!r} was superseded by {offered!r}"
                    raise Superseded(message, by=offered)
                self._stands = offered == self.id
            elif self._stands and body.command == Done.__name__:
                if value["error"]:
                    raise Refused(value["error"], run=self.id)
                return True
            self._read = event.version
        return False


class Debounced(Run[R]):
    """A run that will be started once no other start of its key has come for the quiet time."""

    def __init__(self, engine: Core, id: str, offered: Offered) -> None:  # noqa: A002  its name
        super().__init__(engine, id)
        self._offered = offered

    async def wait(self) -> RunState:
        """Wait until it has started and ended; raises `Superseded` when it never will."""
        await self._offered.outcome()
        return await super().wait()

    async def result(self) -> R:
        """As of any run; raises `Superseded` when a later start took its place."""
        await self._offered.outcome()
        return await super().result()
