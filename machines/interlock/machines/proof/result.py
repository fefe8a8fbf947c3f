"""What a proof comes to: a property, a verdict, and the shortest way to where it does not hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel

from interlock.machines.command import Command

_FEW = 2
"""How many beginnings are named."""

Verdict: TypeAlias = Literal["proved", "refuted", "bounded"]
"""`proved`: it holds wherever a run can come to. `refuted`: it does not, and the trace shows where.
`bounded`: it held wherever was looked, which was not everywhere."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happens to a run.

    Attributes:
        name: of the command, or `after 48 hours`.
        command: the command, None for a timer.
        edge: of the timer, "" for a command.
        state: where it leads, as one readable line; "" where it leads nowhere.
        who: in a system, the member that it happens to; "" for all that share the command.
        sent: in a system, whether another member sent the command.
    """

    name: str
    command: Command | None
    edge: str
    state: str
    who: str = ""
    sent: bool = False

    def __str__(self) -> str:
        """As in a trace."""
        said = self.name if self.command is None else _written(self.command)
        said = f"{self.who}: {said}" if self.who else said
        said = f"{said} (sent)" if self.sent else said
        return f"{said} → {self.state}" if self.state else said


@dataclass(frozen=True, slots=True)
class Trace:
    """The shortest way to a place.

    Attributes:
        start: the data at the beginning; those of each member by name in a system.
        events: what happens, in order.
        state: where it ends.
        data: the data there; those of each member in a system.
        last: what would come next, where the property is about that.
    """

    start: Any
    events: tuple[Event, ...]
    state: str
    data: Any
    last: Event | None = None

    def lines(self) -> list[str]:
        """One for each event, readable; also for what would come next."""
        last = () if self.last is None else (self.last,)
        return [str(event) for event in (*self.events, *last)]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one property.

    Attributes:
        code: stable, as those of `interlock check`.
        property: what was looked for, as a statement that should be true.
        verdict: see `Verdict`.
        reason: why it does not hold, "" where it does.
        trace: where it does not.
        bound: how far was looked, "" for everywhere.
        about: name of the invariant, state or transition, "" for the machine as a whole.
        start: the data that the runs looked at began with, in words; "" for whatever there are.
    """

    code: str
    property: str
    verdict: Verdict
    reason: str = ""
    trace: Trace | None = None
    bound: str = ""
    about: str = ""
    start: str = ""

    def __str__(self) -> str:
        """One line, and one more for each event of the trace."""
        head = f"{self.verdict}: {self.property}"
        if self.reason and (self.verdict == "refuted" or self.trace is not None):
            head = f"{head}: {self.reason}"
        told = [self.bound] if self.verdict == "bounded" and self.bound else []
        if self.start and self.trace is None:
            told.append(f"begun with {self.start}")
        head = f"{head} ({'; '.join(told)})" if told else head
        steps = [] if self.trace is None else self.trace.lines()
        return "\n".join([head, *(f"  {line}" for line in steps)])


def told_starts(starts: Sequence[BaseModel]) -> str:
    """What runs begin with, in words; "" for data without fields."""
    shown = [*dict.fromkeys(repr(one) for one in starts)]
    if not shown or not any(type(one).model_fields for one in starts):
        return ""
    more = f", … {len(shown)} in all" if len(shown) > _FEW else ""
    return ", ".join(shown[:_FEW]) + more


def _written(command: Command) -> str:
    fields = ", ".join(f"{name}={value!r}" for name, value in command)
    return f"{type(command).__name__}({fields})"
