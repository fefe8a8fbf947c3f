"""A case: what a run begins with, what happens to it, and what goes wrong meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeAlias

from interlock.machines.command import Command


@dataclass(frozen=True, slots=True)
class Send:
    """A command comes."""

    command: Command

    def __str__(self) -> str:
        """As it is written in Python."""
        fields = ", ".join(f"{name}={value!r}" for name, value in self.command)
        return f"{type(self.command).__name__}({fields})"


@dataclass(frozen=True, slots=True)
class Pass:
    """Time passes, and what is due meanwhile fires in its order; None: until the next is due."""

    time: timedelta | None = None

    def __str__(self) -> str:
        """In words."""
        return "time passes" if self.time is None else f"{_span(self.time)} pass"


@dataclass(frozen=True, slots=True)
class Return:
    """The oldest call of a step that is under way returns; `undo charge` is that of an undo."""

    step: str
    value: Any

    def __str__(self) -> str:
        """In words."""
        return f"{self.step} returns {self.value!r}"


@dataclass(frozen=True, slots=True)
class Fail:
    """The oldest call of a step that is under way raises."""

    step: str
    error: Exception

    def __str__(self) -> str:
        """In words."""
        return f"{self.step} raises {self.error!r}"


@dataclass(frozen=True, slots=True)
class Decide:
    """A person decides on an approval."""

    approval: str
    granted: bool

    def __str__(self) -> str:
        """In words."""
        return f"{self.approval} {'approves' if self.granted else 'rejects'}"


@dataclass(frozen=True, slots=True)
class Settle:
    """A person says what becomes of the oldest undo that failed."""

    answer: str

    def __str__(self) -> str:
        """In words."""
        return f"a person says of the failed undo: {self.answer}"


@dataclass(frozen=True, slots=True)
class Cancel:
    """A person cancels the run."""

    def __str__(self) -> str:
        """In words."""
        return "the run is cancelled"


Move: TypeAlias = Send | Pass | Return | Fail | Decide | Settle | Cancel
"""One thing that happens to a run; what does not fit there happens to nobody."""


@dataclass(frozen=True, slots=True)
class Crash:
    """The process dies at a commit, and another one takes over.

    Attributes:
        commit: which, counted from 1 since the process began.
        kept: it is in the log, and nobody was told.
    """

    commit: int
    kept: bool

    def __str__(self) -> str:
        """In words."""
        return f"the process dies {'after' if self.kept else 'before'} commit {self.commit}"


@dataclass(frozen=True, slots=True)
class Twice:
    """What a move sends is delivered twice; `late`: the second time after everything else."""

    move: int
    late: bool = False

    def __str__(self) -> str:
        """In words."""
        return f"move {self.move + 1} is delivered again{' at the end' if self.late else ''}"


@dataclass(frozen=True, slots=True)
class Swap:
    """A move and the next one come in the other order."""

    move: int

    def __str__(self) -> str:
        """In words."""
        return f"moves {self.move + 1} and {self.move + 2} change places"


@dataclass(frozen=True, slots=True)
class Jump:
    """Before a move, the clock jumps; back, if `by` is negative."""

    move: int
    by: timedelta

    def __str__(self) -> str:
        """In words."""
        how = "ahead" if self.by >= timedelta() else "back"
        return f"the clock jumps {how} by {_span(abs(self.by))} before move {self.move + 1}"


Fault: TypeAlias = Crash | Twice | Swap | Jump
"""Something that goes wrong around a run."""


@dataclass(frozen=True, slots=True)
class Case:
    """One possible life of a run.

    Attributes:
        start: the data that a lifecycle begins with; of a workflow, its arguments by name.
        moves: what happens, in order.
        faults: what goes wrong meanwhile.
    """

    start: Any
    moves: tuple[Move, ...] = ()
    faults: tuple[Fault, ...] = ()

    def without(self, move: int) -> Case:
        """The same without one of its moves."""
        return replace(self, moves=(*self.moves[:move], *self.moves[move + 1 :]))

    def swapped(self) -> Case:
        """The same with its moves in the order in which they come in the end."""
        moves = [*self.moves]
        for fault in self.faults:
            if isinstance(fault, Swap) and fault.move + 1 < len(moves):
                here = fault.move
                moves[here], moves[here + 1] = moves[here + 1], moves[here]
        rest = tuple(fault for fault in self.faults if not isinstance(fault, Swap))
        return Case(self.start, tuple(moves), rest)


def _span(time: timedelta) -> str:
    return str(time)
