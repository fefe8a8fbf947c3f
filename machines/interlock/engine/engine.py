"""The engine: starts runs, takes commands, and drives what its log says is to be done."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, overload

from interlock.engine import commands
from interlock.engine.caller import Caller, Request
from interlock.engine.changing import Outlook, outlook
from interlock.engine.errors import UnknownRun
from interlock.engine.forgetting import Erasure, forget
from interlock.engine.forks.making import Wanted, make_fork
from interlock.engine.gates.debounce import Offered
from interlock.engine.gates.handle import BreakerHandle, breakers
from interlock.engine.handle import Run
from interlock.engine.past_values import past_of
from interlock.engine.people import People, run_id
from interlock.engine.replaying import Replayed, replay
from interlock.engine.retention import Archiving, archive_runs, restore_runs
from interlock.engine.starting import start_run
from interlock.machines.command import Command
from interlock.machines.duration import Duration, duration
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.resilience.breaker import Breaker
from interlock.machines.resilience.cache import Debounce
from interlock.machines.workflow import Workflow
from interlock.projections import BreakerState
from interlock.store.archive import Restored
from interlock.store.clock import uuid7
from interlock.store.contract import Entry, Filter
from interlock.store.forking import Effects

R = TypeVar("R")
log = logging.getLogger("interlock.engine")


class Engine(People):
    """Runs machines over one store. Use it as `async with Engine("sqlite:///orders.db") as engine`.

    One engine of all processes that opened a file is its *worker*: it makes the calls and fires
    the timers. The others start runs and send commands, which the worker sees at once; when it
    dies, another takes over.
    """

    # Starting and reading

    @overload
    async def start(
        self,
        machine: Workflow[..., R],
        *args: Any,
        id: str | None = None,
        by: str = "",
        debounce: Debounce | None = None,
        **kwargs: Any,
    ) -> Run[R]: ...
    @overload
    async def start(
        self,
        machine: type[Lifecycle[Any, Any]],
        *args: Any,
        id: str | None = None,
        by: str = "",
        debounce: Debounce | None = None,
        **kwargs: Any,
    ) -> Run[None]: ...
    async def start(
        self,
        machine: object,
        *args: Any,
        id: str | None = None,  # noqa: A002  public name
        by: str = "",
        debounce: Debounce | None = None,
        **kwargs: Any,
    ) -> Run[Any]:
        """Start a run, or find it when a run of this id was started with the same input.

        Args:
            machine: a workflow, or a lifecycle's class.
            args, kwargs: its input.
            id: chosen by the caller, or generated.
            by: who starts it.
            debounce: start it only when no other start of the same key has come for a while; one
                that is superseded never begins, and its handle raises `Superseded`.

        Raises:
            BadDefinition: this engine serves another machine of the same name.
            InputMismatch: the id is taken by a run of other input or another machine.
            BadInput, BadRunId, MissingResource: nothing was started.
            Unrecordable: the input holds something that cannot be recorded.
        """
        run = id if id is not None else str(uuid7(self.clock.now()))
        self.check_open()
        program = self.programs.add(machine)
        self.resources.check(program)
        if not self.programs.is_defined(program):
            await self.programs.define(self.store, program)
        name = program.machine.name
        caller = await self.asked(
            Request(kind="start", run=run, name=name, value=(args, kwargs), by=by)
        )
        if debounce is not None:
            debouncer = self.gatekeeper.debouncer
            return await debouncer.start(debounce, run, program, args, kwargs, caller)
        await start_run(self, program, run, args, kwargs, caller)
        return Run(self, run)

    async def fork(
        self,
        run: str | Run[Any],
        at: int | datetime | None = None,
        *,
        id: str | None = None,  # noqa: A002  public name
        set: Mapping[str, object] | None = None,  # noqa: A002  public name
        effects: Effects = "recorded",
        by: str = "",
    ) -> Run[Any]:
        """Make a new run from an instant of another one; that one goes on as if nothing happened.

        Both histories tell of it. By default nothing in the world is called: the fork is given
        what its parent recorded for the same calls, waits and decisions, and where nothing is
        recorded it waits for a person: see `answer`.

        Args:
            run: the run, in whatever state it is.
            at: its version, or an aware instant; its last event by default.
            id: of the new run, or generated. The same fork of the same id again finds it.
            set: new values of variables by their paths: `{"order.total": 900}`.
            effects: what becomes of its calls. `recorded`: as said. `ask`: a person is asked about
                each call, and people decide and time passes as in any run. `live`: it is a run as
                any other, and its calls are made, under keys of its own.
            by: who makes it.

        Raises:
            UnknownRun, NoSuchVersion: there is nothing to fork.
            NoSuchVariable, NotOfThatType: what `set` names is not there, or is of another type.
            InputMismatch: the id is taken by another run.
            BadRunId: as it says.
        """
        wanted = Wanted(run_id(run), at, set or {}, effects)
        self.check_open()
        caller = await self.asked(
            Request(kind="fork", run=wanted.run, name=id or "", value=effects, by=by)
        )
        return Run(self, await make_fork(self, wanted, id, caller))

    async def replay(self, run: str | Run[Any], against: object) -> Replayed:
        """Run code over what a run recorded, calling and storing nothing; see `replay`.

        Raises:
            UnknownRun: there is none.
            UnknownMachine, CompileError: `against` is no machine, or cannot be compiled.
        """
        history = await (await self.get(run_id(run))).history()
        found = [await self.store.definition(h) for h in {e.hash for e in history.events}]
        return replay(history, against, definitions=[one for one in found if one is not None])

    async def get(self, id: str) -> Run[Any]:  # noqa: A002  public name
        """The run of this id.

        Raises:
            UnknownRun: there is none.
        """
        if await self.store.entry(id) is None:
            message = f"there is no run {id!r} in {self.store.url}"
            raise UnknownRun(message)
        return Run(self, id)

    async def runs(
        self,
        *,
        machine: str | None = None,
        state: str | None = None,
        status: str | Sequence[str] | None = None,
        limit: int | None = None,
        archived: bool | None = False,
    ) -> list[Entry]:
        """The index rows of runs, in natural order of their ids; with `archived=True` of those."""
        wanted = (status,) if isinstance(status, str) else tuple(status or ())
        where = Filter(machine=machine, state=state, status=wanted, limit=limit, archived=archived)
        return await self.store.entries(where)

    # Commands

    async def send(
        self,
        run: str | Run[Any],
        command: Command,
        *,
        by: str = "",
        command_id: str = "",
        reply: bool = False,
        timeout: Duration | None = None,
    ) -> Any:
        """Send a command. Once it returns, the command is recorded and will not be lost.

        A lifecycle takes the transition or refuses. A workflow keeps the command in its inbox
        until a `wait_for` of its type takes it, now or later; it refuses types that it never
        waits for. Any engine may send, also one that makes no calls (`worker=False`).

        Args:
            run: its id, or what `start` and `get` gave.
            command: an instance of the class that is waited for, such as `Paid(amount=7)`.
            by: who sends it.
            command_id: the same id again is the same command: it takes effect once.
            reply: wait until the workflow says `reply(value)`, and return that value.
            timeout: how long to wait for the reply, None for ever.

        Raises:
            Refused: with what the run would accept; nothing is recorded.
            UnknownRun, UnknownMachine: as they say.
            NoReply, TimedOut: it was accepted, and there was no answer.
        """
        command_id = command_id or str(uuid7(self.clock.now()))
        caller = await self._sends(run, command, by)
        await commands.send(self, run_id(run), command, caller, command_id)
        if reply:
            limit = None if timeout is None else duration(timeout)
            return await self.replies.answer(self, run_id(run), command_id, limit)
        return None

    async def send_debounced(
        self,
        run: str | Run[Any],
        command: Command,
        debounce: Debounce,
        *,
        by: str = "",
        command_id: str = "",
    ) -> Offered:
        """Send a command once no other of the same key has come for a while.

        Returns:
            A handle: `await offered.outcome()` returns when it was sent, and raises `Superseded`
            when a later one took its place, `Refused` when it was refused in the end.
        """
        self.check_open()
        caller = await self._sends(run, command, by)
        to = run_id(run)
        return await self.gatekeeper.debouncer.send(debounce, to, command, caller, command_id)

    async def _sends(self, run: str | Run[Any], command: Command, by: str) -> Caller:
        name = type(command).__name__
        request = Request(kind="send", run=run_id(run), name=name, value=command, by=by)
        return await self.asked(request)

    async def cancel(
        self, run: str | Run[Any], *, by: str = "", reason: str = "", undo: bool = True
    ) -> None:
        """Ask for a run to be cancelled: its call is interrupted, what it did is undone.

        A run that is held because its definition is not here, and that has nothing to undo, ends
        at once, without its code being told. One that has waits until the definition is back. A
        lifecycle is sent a command instead; one that is held takes none, and is ended by `undo`.

        Args:
            run: which run.
            by, reason: who asks for it, and why.
            undo: False gives up a run that nobody can go on with: it ends at once, its children
                are cancelled, and what it did stays, which is recorded as not undone.

        Raises:
            Refused: it is finished, being compensated, or a lifecycle that can go on; without
                `undo` also one that can be told.
        """
        request = Request(kind="cancel", run=run_id(run), name="", by=by, reason=reason)
        caller = await self.asked(request)
        await commands.cancel(self, run_id(run), caller, caller.reason, undo=undo)

    # Personal data

    async def forget(
        self,
        subject: str,
        *,
        by: str = "",
        reason: str = "",
        dry_run: bool = False,
        folder: str | Path | None = None,
    ) -> Erasure:
        """Forget a person: destroy the key of their personal values, for good and everywhere.

        It is recorded first, in `$personal`; a crash after that leaves nothing undone, for the next
        engine that opens destroys the key. Every run that holds something is told. What was
        recorded stays where it is, unreadable, so digest chains stay valid. `reveal()` raises
        `Forgotten`, in every process, from the moment at which this returns; and nothing more of
        the subject is recorded readably, ever.

        Args:
            subject: whose data.
            by, reason: who had it erased, and why.
            dry_run: only say what would go.
            folder: where archives are now, if they were moved since: what they hold is listed.
        """
        self.check_open()
        where = None if folder is None else Path(folder)
        request = Request(kind="forget", run="", name=subject, by=by, reason=reason)
        caller = await self.asked(request)
        return await forget(self, subject, caller, dry_run=dry_run, folder=where)

    # Breakers

    def breaker(self, breaker: str | Breaker) -> BreakerHandle:
        """A circuit breaker: its state now and then, and a person's word over it."""
        return BreakerHandle(self, breaker if isinstance(breaker, str) else breaker.name)

    async def breakers(self, at: datetime | None = None) -> list[BreakerState]:
        """Every breaker of this store that ever moved, by name; as it was `at` an instant."""
        return await breakers(self.store, at)

    # Retention

    async def archive(
        self, older: Duration, to: str | Path, *, by: str = "", dry_run: bool = False
    ) -> Archiving:
        """Move runs that ended long ago to files, which are read back before anything goes.

        A run goes with its children, or not at all. Its id stays taken, and `restore` brings it
        back. Interrupted at any point nothing is lost, and it can be done again. Workers go on.

        Args:
            older: how long ago they have ended at least.
            to: a folder, which is made.
            by: who asks for it.
            dry_run: only say what would be moved.

        Raises:
            BadArchive: a file cannot be written, or does not read back.
            BrokenChain: a run was altered or is damaged: it stays where it is.
            StoreBusy: somebody else is archiving to this folder.
        """
        return await archive_runs(self.store, self.clock, older, Path(to), by=by, dry_run=dry_run)

    async def restore(
        self, what: str | Path, *, folder: str | Path | None = None, by: str = ""
    ) -> Restored:
        """Bring back an archived run, with those that were archived together with it.

        Args:
            what: id of the run; or a `Path`: an archive, of which all runs come back.
            folder: where the archives are now, if they were moved since.
            by: who asks for it.

        Raises:
            UnknownRun: there is no such run, or it is not archived.
            BadArchive: the file is not there, was altered, or is not of this store.
        """
        where = None if folder is None else Path(folder)
        return await restore_runs(self.store, self.clock, what, where, by=by)

    async def backup(self, to: str | Path) -> int:
        """Copy the whole store, as it is now, to a new file; its size in bytes. Workers go on.

        Raises:
            StoreError: the file exists, or cannot be written.
        """
        return await self.store.backup(Path(to))

    async def outlook(self, run: str | Run[Any]) -> Outlook | None:
        """What becomes of a run under the present definition of its machine.

        None when it follows that one already, or no such machine is imported. Nothing is done.

        Raises:
            UnknownRun: there is none.
        """
        state = await Run[Any](self, run_id(run)).snapshot()
        _, current = self.programs.choice(state.machine, state.hash)
        if current is None or current.machine.hash == state.hash:
            return None
        old = await self.programs.definition(self.store, state.hash)
        return outlook(old, current, state, await past_of(self.store, old, current, state))

    @property
    def busy(self) -> int:
        """How many runs are being moved right now: for those who start many, to wait for room."""
        return len(self.drivers)

    async def settle(self) -> None:
        """Wait until this engine has nothing to do but wait for people, commands or time."""
        await self.drivers.idle.wait()
        while self.gatekeeper.busy:  # a breaker moved, which wakes runs
            await self.gatekeeper.settle()
            await self.drivers.idle.wait()
        await self.notices.idle.wait()

    async def tick(self) -> int:
        """Fire the timers that are due by the engine's clock; how many there were."""
        return await self.timer_service.fire_due()
