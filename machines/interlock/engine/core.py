"""The inside of an engine: what drives runs, and what its modules share."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from interlock.engine import commands, openings
from interlock.engine.caller import Caller, Middleware, Request, look_at
from interlock.engine.calls import call, is_async
from interlock.engine.complete import check_migrations
from interlock.engine.drivers import Drivers
from interlock.engine.errors import EngineClosed
from interlock.engine.foreseeing import foresee
from interlock.engine.gates import Gatekeeper
from interlock.engine.moving_over import move_over
from interlock.engine.noticeboard import Noticeboard
from interlock.engine.notices import Notices, Notify
from interlock.engine.privacy import Privacy
from interlock.engine.programs import Programs, mover_of
from interlock.engine.recovery import Watch, release, unfinished
from interlock.engine.replies import Replies
from interlock.engine.resources import Given, Resources
from interlock.engine.rights import Directory
from interlock.engine.session import Mover, Session
from interlock.engine.sessions import Sessions
from interlock.engine.snapshots import Snapshots
from interlock.engine.timers import TimerService
from interlock.engine.waiters import Waiters
from interlock.machines.approvers import Groups
from interlock.machines.command import Command
from interlock.machines.context import Current
from interlock.machines.resilience.undeclared import check_declared
from interlock.machines.retry import Retry
from interlock.machines.steps_of import steps_of
from interlock.projections import Activity, Why, load_state
from interlock.store.board import Seen
from interlock.store.clock import Clock, SystemClock
from interlock.store.contract import FINISHED, Store, Timer
from interlock.store.event import Actor
from interlock.store.keystore import KeyStore
from interlock.store.open import open_store
from interlock.store.values import Types
from interlock.store.vault import Vault

R = TypeVar("R")
log = logging.getLogger("interlock.engine")


class Core:
    """What the modules of this package work with: an open store and what is kept for its runs."""

    look_every = 0.2
    """Seconds between looks at what other processes append, and at whether the worker lives."""

    def __init__(
        self,
        store: str | Store = "sqlite:///interlock.db",
        *,
        machines: Sequence[object] = (),
        resources: Given | None = None,
        worker: bool = True,
        recover: bool = True,
        clock: Clock | None = None,
        concurrency: int = 256,
        threads: int = 32,
        groups: Groups | None = None,
        notify: Notify | None = None,
        keys: str | Path | KeyStore | None = None,
        key: str | bytes | None = None,
        middleware: Sequence[Middleware] = (),
    ) -> None:
        """Describe an engine; entering it opens it.

        Args:
            store: URL, or an open store (which is then not closed by the engine).
            machines: workflows and lifecycles. With some named, opening asks for the resources of
                these alone, not of all that were imported; runs of others are driven, too.
            resources: what steps want by `resource()`, by class or name: values, functions that
                make them, or context managers. Opened and closed with the engine.
            worker: False never makes a call or fires a timer.
            recover: False drives only the runs that this engine starts or commands.
            clock: for tests.
            concurrency: runs that are moved at the same time.
            threads: for steps that are plain functions.
            groups: who is in the groups of approvals: names by group, or a function that is given
                a group; by default what `interlock.machines.directory` was told.
            notify: told of reminders, escalations, delegations and failed undos, at least once
                each, by the engine that is the worker.
            keys: the key store of personal data: a file or an object; by default the file
                `NAME-keys.db` beside the database `NAME.db`. Nothing is made before it is needed.
            key: of an encrypted store (named by its URL); see `open_store`.
            middleware: functions that see every request from outside before anything of it is
                recorded, in this order: they may fill in who asks and why, or refuse.
        """
        self.middleware = tuple(middleware)
        self.clock: Clock = clock or SystemClock()
        self.worker = Actor("worker", f"{socket.gethostname()}:{os.getpid()}")
        self.closing = False
        self.driving = False
        self.held: dict[str, str] = {}
        self._given = store
        self._key = key
        self._store: Store | None = None
        self._wants_worker = worker
        self.recovers = recover
        self.vault = Vault()
        self.programs = Programs(machines, self.vault)
        self.privacy = Privacy(self, keys)
        self.replies = Replies()
        self.drivers = Drivers(self, concurrency)
        self.noticeboard = Noticeboard(self)
        self.gatekeeper = Gatekeeper(self)
        self._thread_count = threads
        self.groups = groups
        self.notices = Notices(self, notify)
        self._tasks: set[asyncio.Task[Any]] = set()
        self.resources = Resources(resources or {})
        self.waiters = Waiters()
        self.snapshots = Snapshots(self)

    async def __aenter__(self) -> Self:
        self._store = (
            self._given
            if not isinstance(self._given, str)
            else open_store(self._given, key=self._key)
        )
        self.sessions = Sessions(self.store, self.clock, lambda: self.driving, self.snapshots)
        self.threads = ThreadPoolExecutor(self._thread_count, "interlock-step")
        self.timer_service = TimerService(self.clock, self._fire)
        self.watch = Watch(self, self.look_every)
        self.store.on_append(self.watch.note)
        openings.opened(self)
        try:
            await self.privacy.open()
            if self._wants_worker:
                served = self.programs.served() if self.recovers else ()
                check_declared(step for program in served for step in steps_of(program))
                await self.resources.open(served)
                await check_migrations(self)
                await self.take_over()
                self.spawn(self.watch.watch())
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def store(self) -> Store:
        """The open store.

        Raises:
            EngineClosed: the engine was not entered, or was closed.
        """
        if self._store is None:
            raise EngineClosed("the engine is not open; use `async with Engine(...) as engine:`")
        return self._store

    def check_open(self) -> None:
        """Raise `EngineClosed` unless the engine is open."""
        _ = self.store

    async def close(self) -> None:
        """Stop driving; calls under way are interrupted and will be made again on recovery."""
        self.closing = True
        tasks = [*self._tasks, *self.drivers.tasks()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.waiters.fail(EngineClosed("the engine was closed"))
        self.threads.shutdown(wait=False)  # calls were waited for, but for those that timed out
        store, self._store = self._store, None
        try:
            await self.resources.close()
        finally:
            self.privacy.close()
            if store is not None:
                if self.driving:
                    store.release_worker()
                if isinstance(self._given, str):
                    await store.close()

    # Wiring, for the other modules of this package

    def types_of(self, machine: str, hash: str = "") -> Types:  # noqa: A002  as in the log
        """The classes of a machine's values; none but the built-in ones when it is unknown."""
        return self.programs.types(machine, hash) or Types(vault=self.vault)

    async def sender(
        self, correlation: str, run: str, command: Command, *, command_id: str
    ) -> None:
        """`current().send`: a command to another run, on behalf of a step."""
        caller = Caller("system", command_id, correlation=correlation)
        await commands.send(self, run, command, caller, command_id)

    def call(
        self,
        activity: Activity,
        function: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        current: Current,
        timeout: timedelta | None,
    ) -> Awaitable[Any]:
        """Call the author's function of an activity once; a harness answers in its place."""
        if timeout is None and is_async(function):  # as `call` does, and most are so
            made: Awaitable[Any] = function(*args, **kwargs)
            return made
        return call(function, args, kwargs, current=current, timeout=timeout, threads=self.threads)

    def delay(self, retry: Retry, failed: int) -> timedelta | None:
        """The wait after so many failed calls; a harness draws nothing at random."""
        return retry.delay(failed)

    async def asked(self, request: Request) -> Caller:
        """Who asks for something from outside, as the middleware lets it through.

        Raises:
            EngineClosed: the engine is not open.
            Refused: the middleware says no.
        """
        self.check_open()
        return await look_at(self.middleware, request)

    async def mover(self, session: Session) -> Mover | None:
        """What moves a session; None when this program cannot go on with its run.

        A run of another definition is moved over to the present one when that is provably safe;
        the event is in the session then, and is appended with what is decided next.
        """
        if session.mover is not None:
            return session.mover
        exact, current = self.programs.choice(session.machine, session.hash)
        program = current or exact
        if program is None or not session.exists:
            self.held[session.run] = f"machine {session.machine!r} is not imported here"
            return None
        lacking = self.resources.lacking(program)
        if not lacking and program.machine.hash != session.hash:
            lacking = await move_over(self, session, program)
            if lacking and exact is not None:
                program, lacking = exact, self.resources.lacking(exact)
        if lacking:
            self.held[session.run] = lacking
            return None
        self.held.pop(session.run, None)
        return mover_of(session, program)

    async def look(self, run: str) -> tuple[Session, Mover | None]:
        """A run as it is in memory, or else in the log, and what moves it."""
        while True:
            session = self.sessions.cached(run) or await self.sessions.get(run)
            mover = session.mover or await self.mover(session)
            if mover is not None or not session.broken:
                return session, mover

    async def flush(self, session: Session, command_id: str = "", *, patient: bool = False) -> None:
        """Append what a session decided; then tell timers and those who wait for the end."""
        try:
            appended = await session.flush(command_id, patient=patient)
        except asyncio.CancelledError:
            self.left_open(session)
            raise
        if appended is not None:
            self.appended(session)

    def left_open(self, session: Session) -> None:
        """An append was cancelled while it was under way: it may have been made, or be made yet."""
        if not self.closing:
            self.watch.abandoned.add(session.run)
            self.spawn(self.revisit(session.run))

    def appended(self, session: Session) -> None:
        """A session was appended to. Every step passes here, and most have nothing to do."""
        if self.driving:
            if session.removed_timers:
                self.timer_service.remove(session.run, session.removed_timers)
            if session.added_timers:
                self.timer_service.add(session.added_timers)
        if session.version >= session.snapshot_at:
            self.snapshots.note(session)
        state = session.state
        if state.ended is not None:
            self.waiters.tell(state)
            if state.parent and not state.pending:
                self.wake(state.parent)

    async def revisit(self, run: str, *, wake: bool = True) -> None:
        """Look at a run that was appended to without this engine taking note.

        Another process did it, or a call that was cancelled meanwhile.
        """
        if self.driving:
            self.timer_service.add(await self.store.timers(run))
        if run in self.waiters:
            entry = await self.store.entry(run)
            if entry is not None and entry.status in FINISHED:
                self.waiters.tell(await load_state(self.store, run))
        if wake:
            self.wake(run)

    async def why(self, run: str) -> Why:
        """See `Run.why`."""
        from interlock.engine.why import Asking  # wanted rarely

        worker = Seen(self.noticeboard.board()) if self.driving else None
        asking = Asking(self.store, self.now(), self.programs, Directory.of(self.groups), worker)
        return await asking.why(run)

    def wake(self, run: str) -> None:
        """Drive a run, if this engine drives and nobody does so already."""
        if self.driving and not self.closing:
            self.drivers.wake(run)

    async def _fire(self, timer: Timer) -> None:
        if timer.run.startswith("$"):
            await self.gatekeeper.debouncer.fire(timer)
        else:
            await commands.fire(self, timer)

    async def take_over(self) -> bool:
        """Become the worker of this store, if nobody is. Recovers what was left unfinished."""
        if self.driving or self.closing or not self.store.acquire_worker():
            return self.driving
        try:  # while it may fail nothing is moved: another process may get the role
            await self.watch.begin()
            timers, runs = await unfinished(self) if self.recovers else ((), ())
        except BaseException:
            self.store.release_worker()
            raise
        self.driving = True
        self.noticeboard.post()
        self.timer_service.add(timers)
        for run in runs:
            self.wake(run)
        self.spawn(self.timer_service.serve())
        if self.recovers:
            await release(self)
            self.spawn(foresee(self))
        return True

    def spawn(self, work: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.get_running_loop().create_task(work)
        self.follow(task)
        return task

    def follow(self, task: asyncio.Task[Any]) -> None:
        """Keep a task until it is over, and say so when it failed."""
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None and not self.closing:
            log.error("a task of the engine failed", exc_info=task.exception())

    def now(self) -> datetime:
        """The instant of the engine's clock."""
        return self.clock.now()
