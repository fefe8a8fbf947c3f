"""The selector: which edge, if any, an event takes from a state. It never moves anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, cast

from interlock.machines.errors import HandlerFailed, NoSuchEdge
from interlock.machines.guard import Guard, Refuse, guard_name
from interlock.machines.ir import Edge, Machine
from interlock.machines.place import place_of


@dataclass(frozen=True, slots=True)
class Refusal:
    """A guard's no.

    Attributes:
        edge: the candidate it stood before.
        guard: its name.
        reason: what it said, "" when it just said no.
    """

    edge: Edge
    guard: str
    reason: str

    def __str__(self) -> str:
        return f"{self.guard}: {self.reason}" if self.reason else f"{self.guard} says no"


@dataclass(frozen=True, slots=True)
class Selection:
    """The answer of a selector.

    Attributes:
        edge: the first candidate whose guards all passed, or None.
        refusals: of the candidates before it, in order.
    """

    edge: Edge | None
    refusals: tuple[Refusal, ...] = ()


class Selects(Protocol):
    """A selector over the guards of a machine's edges."""

    def select(self, state: str, event: str, data: Any, command: Any) -> Selection:
        """Ask the candidates of `event` in `state`, in order.

        Raises:
            HandlerFailed: a guard raised, or answered neither True, False nor a Refuse.
        """
        ...


class Selector:
    """The selector that engines use: a plain table, read out of the compiled machine.

    The table is compiled on first use from the `transitions` machine of `FlatSelector`, which
    answers the same (a law of the tests), several times slower.

    Args:
        machine: the graph.
        guards: the functions behind each guarded edge, by the edge's id.
    """

    def __init__(self, machine: Machine, guards: Mapping[str, tuple[Guard, ...]]) -> None:
        self._machine = machine
        self._guards = guards

    @cached_property
    def _table(self) -> Mapping[tuple[str, str], tuple[tuple[Edge, tuple[Guard, ...]], ...]]:
        from interlock.machines.flat import FlatSelector  # `transitions` is slow to import

        candidates = FlatSelector(self._machine, self._guards).candidates()
        return {
            key: tuple((edge, self._guards.get(edge.id, ())) for edge in edges)
            for key, edges in candidates.items()
        }

    def select(self, state: str, event: str, data: Any, command: Any) -> Selection:
        """See `Selects`."""
        refusals: list[Refusal] = []
        for edge, guards in self._table.get((state, event), ()):
            for guard in guards:
                refusal = ask(edge, guard, data, command)
                if refusal is not None:
                    refusals.append(refusal)
                    break
            else:
                return Selection(edge, tuple(refusals))
        return Selection(None, tuple(refusals))


def edge_exists(machine: Machine, source: str, target: str) -> None:
    """Check that a run may move from `source` to `target`: nothing but the drawn machine happens.

    Raises:
        NoSuchEdge: there is no such edge.
    """
    if (source, target) not in machine.moves:
        text = f"{machine.name} has no edge from {source!r} to {target!r}"
        raise NoSuchEdge(text)


def ask(edge: Edge, guard: Guard, data: Any, command: Any) -> Refusal | None:
    """Evaluate one guard: None when it passes.

    Raises:
        HandlerFailed: it raised, or answered neither True, False nor a Refuse.
    """
    try:
        answer: object = cast("object", guard(data, command))  # whatever it really answered
    except Exception as error:
        what = f"(a guard) raised {type(error).__name__}: {error}"
        raise HandlerFailed(guard_name(guard), *place_of(guard), what) from error
    if answer is True:
        return None
    if answer is False:
        return Refusal(edge, guard_name(guard), "")
    if isinstance(answer, Refuse):
        return Refusal(edge, guard_name(guard), answer.reason)
    what = f"(a guard) answered {answer!r}; return True, False or Refuse('why not')"
    raise HandlerFailed(guard_name(guard), *place_of(guard), what)
