"""What this engine tells other processes of itself while it is the worker: see `Board`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from contextvars import Token
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from interlock.engine.calls import BEGAN
from interlock.machines import registry
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.workflow import Workflow
from interlock.projections.held import told_of
from interlock.store.board import Board, Parked, UnderWay
from interlock.store.clock import stopwatch

if TYPE_CHECKING:
    from interlock.engine.core import Core

log = logging.getLogger("interlock.engine")

Who: TypeAlias = tuple[str, str]
"""A run, and an activity of it."""

Began: TypeAlias = Callable[[], None] | None

_MOST = 500
"""Entries of each list; a larger trouble shows in the first of them as well."""

_ALIVE = 1.0
"""Seconds after which a board is written again though nothing changed: a sign of life."""


class Noticeboard:
    """The board of one engine.

    Attributes:
        calls: since when each call is being made. Every step passes here, so it is a plain dict.
    """

    def __init__(self, engine: Core) -> None:
        self._engine = engine
        self.calls: dict[Who, datetime] = {}
        self._queued: set[Who] = set()
        self._told: Board | None = None
        self._posted = 0.0
        self._since: datetime | None = None
        self._hashes: dict[str, str] = {}

    def queue(self, who: Who) -> Token[Began]:
        """That of a plain function is made once a thread has taken it up; give this to `leave`."""
        self._queued.add(who)
        return BEGAN.set(partial(self._queued.discard, who))

    def leave(self, who: Who, token: Token[Began]) -> None:
        """The call of a plain function is over, however it ended."""
        BEGAN.reset(token)
        self._queued.discard(who)

    def post(self) -> None:
        """Tell what has changed, or that this process is alive; only what drives tells."""
        engine, now = self._engine, stopwatch()
        if not engine.driving:
            return
        try:
            board = self.board()
        except Exception as error:  # who cannot tell of itself goes on working
            log.warning("there is nothing on the notice board: %s", error)
            return
        if board != self._told or now - self._posted >= _ALIVE:
            engine.store.post(board)
            self._told, self._posted = board, now

    def board(self) -> Board:
        """What there is to tell now."""
        engine = self._engine
        self._since = self._since or engine.now()
        held, parked = engine.held, engine.gatekeeper.waiting()
        troubled = engine.drivers.troubled()
        alone = not engine.recovers
        driven = [*engine.drivers.runs()] if alone else []
        lists = (held, parked, troubled, driven, self.calls)
        return Board(
            worker=engine.worker.id,
            since=self._since,
            serves=self._serves(),
            modules=_modules(),
            lacking=self._lacking(),
            recovers=engine.recovers,
            driven=driven[:_MOST],
            stuck={run: told_of(why) for run, why in islice(held.items(), _MOST)},
            troubled=dict(islice(troubled.items(), _MOST)),
            calls=[
                UnderWay(*who, at, who in self._queued)
                for who, at in islice(self.calls.items(), _MOST)
            ],
            parked=[Parked(*who, by) for who, by in islice(parked.items(), _MOST)],
            full=engine.drivers.full,
            left_out=sum(max(0, len(one) - _MOST) for one in lists),
        )

    def _serves(self) -> dict[str, list[str]]:
        """Every machine that was imported or given, with the definitions that are compiled."""
        found: dict[str, list[str]] = {}
        for name in registry.all():
            hashes = (self._hash(kind) for kind in registry.candidates(name))
            found[name] = sorted({one for one in hashes if one})
        for program in self._engine.programs.own():
            known = found.setdefault(program.machine.name, [])
            if program.machine.hash not in known:
                known.append(program.machine.hash)
        return found

    def _hash(self, kind: object) -> str:
        """Of a definition, unless it would have to be compiled for it."""
        with suppress(Exception):  # a definition that is wrong is told where it is used
            if isinstance(kind, Workflow):
                return kind.program.machine.hash if kind.compiled else ""
            if isinstance(kind, type) and issubclass(kind, Lifecycle):
                return kind.program().machine.hash
        return ""

    def _lacking(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for program in self._engine.programs.own():
            lacking = self._engine.resources.lacking(program)
            if lacking:
                found[program.machine.hash] = lacking
        return found


def _modules() -> list[str]:
    """The modules that the imported machines stand in, but for those inside of functions."""
    kinds = (kind for name in registry.all() for kind in registry.candidates(name))
    named = (k for k in kinds if "<locals>" not in str(getattr(k, "__qualname__", "")))
    return sorted({str(kind.__module__) for kind in named})
