"""What an explanation is made from: a run's state, and what is known around it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from interlock.projections.breaker import BreakerState
from interlock.projections.outline import Outline
from interlock.projections.run import RunState
from interlock.projections.why import Why
from interlock.store.board import Seen, UnderWay
from interlock.store.contract import Timer


@dataclass(frozen=True, slots=True)
class Asked:
    """What the guards of a transition say now.

    Attributes:
        answer: `depends` where they want to know the command, or cannot be asked.
        said: the reason of a no, or what it depends on.
        values: what they looked at, as plain JSON.
    """

    answer: Literal["yes", "no", "depends"]
    said: str = ""
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Facts:
    """All that is known about a run and what it waits for, at one instant.

    Attributes:
        state: the folded run.
        now: the instant.
        definition: that it follows, None where the store has none.
        timers: its due timers.
        worker: the process that drives the runs of the store, None for none.
        children: the answers for the runs that it waits for, by id; none for one that has not
            begun.
        breakers: those that hold its calls back, by name.
        members: of the groups that may decide, by group; those that are not known are missing.
        asked: what the guards of a lifecycle say now, by transition, where they could be asked.
        asks: why they could not, "" where they could.
        changed: why it cannot go on under the definition that the worker has in place of its own,
            "" where it can; None where that is not known.
        imported: why it cannot go on under the definition that is imported here, which is not the
            worker's; "" where it can, and where none is.
    """

    state: RunState
    now: datetime
    definition: Outline | None = None
    timers: Sequence[Timer] = ()
    worker: Seen | None = None
    children: Mapping[str, Why] = field(default_factory=dict[str, Why])
    breakers: Mapping[str, BreakerState] = field(default_factory=dict[str, BreakerState])
    members: Mapping[str, Collection[str]] = field(default_factory=dict[str, Collection[str]])
    asked: Mapping[str, Asked] | None = None
    asks: str = ""
    changed: str | None = None
    imported: str = ""

    @cached_property
    def parked(self) -> Mapping[tuple[str, str], str]:
        """What holds calls back in the worker's memory, by run and activity."""
        board = None if self.worker is None else self.worker.board
        return {} if board is None else {(p.run, p.activity): p.by for p in board.parked}

    @cached_property
    def making(self) -> Mapping[tuple[str, str], UnderWay]:
        """The calls that the worker makes, by run and activity."""
        board = None if self.worker is None else self.worker.board
        return {} if board is None else {(c.run, c.activity): c for c in board.calls}

    @property
    def module(self) -> str:
        """Where its definition stands, as a command line names it."""
        found = "" if self.definition is None else self.definition.module
        return "MODULE" if found in ("", "__main__") else found
