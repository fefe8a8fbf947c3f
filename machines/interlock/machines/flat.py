"""The machine as a flat `transitions.Machine` that only selects, on a throw-away cursor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from transitions import EventData, Machine, Transition

from interlock.machines import ir
from interlock.machines.guard import Guard
from interlock.machines.selector import Refusal, Selection, ask


class _Cursor:
    """What a selection sees of a run: where it is. Made for one question, then dropped."""

    __slots__ = ("_at", "edge", "refusals")

    def __init__(self, state: str) -> None:
        self._at = state  # under a name that no command has, which `transitions` would refuse
        self.edge: ir.Edge | None = None
        self.refusals: list[Refusal] = []


class _SelectOnly(Transition):
    """A transition that evaluates its conditions and moves nothing."""

    def __init__(self, *args: Any, edge: ir.Edge, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.edge = edge

    def execute(self, event_data: EventData) -> bool:
        """Whether this is the transition; if so, it is noted on the cursor."""
        for condition in self.conditions:
            if not condition.check(event_data):
                return False
        cursor: Any = event_data.model
        cursor.edge = self.edge
        return True


class _Flat(Machine):
    transition_cls = _SelectOnly


class FlatSelector:
    """The reference selector: no model, no callbacks, no state of its own, so safe to share.

    Args:
        machine: the graph; each of its states becomes one flat state.
        guards: the functions behind each guarded edge, by the edge's id.
    """

    def __init__(self, machine: ir.Machine, guards: Mapping[str, tuple[Guard, ...]]) -> None:
        self._flat = _Flat(
            model=None,
            states=[node.id for node in machine.nodes],
            initial=None,  # pyright: ignore[reportArgumentType]  # the stub forgets that None is allowed
            auto_transitions=False,
            send_event=True,
            model_attribute="_at",
        )
        for edge in sorted(machine.edges, key=lambda edge: edge.order):
            conditions: list[str | Callable[..., bool | None]] = [
                _condition(edge, guard) for guard in guards.get(edge.id, ())
            ]
            self._flat.add_transition(edge.event, edge.source, "=", conditions, edge=edge)

    def select(self, state: str, event: str, data: Any, command: Any) -> Selection:
        """See `Selects`."""
        known = self._flat.events.get(event)
        if known is None or state not in known.transitions:
            return Selection(None)
        cursor = _Cursor(state)
        known.trigger(cursor, data, command)
        return Selection(cursor.edge, tuple(cursor.refusals))

    def candidates(self) -> dict[tuple[str, str], tuple[ir.Edge, ...]]:
        """The candidates of each state and event, in the order in which they are asked."""
        found: dict[tuple[str, str], tuple[ir.Edge, ...]] = {}
        for name, event in self._flat.events.items():
            for state, transitions in event.transitions.items():
                edges = [t.edge for t in transitions if isinstance(t, _SelectOnly)]
                found[state, name] = tuple(edges)
        return found


def _condition(edge: ir.Edge, guard: Guard) -> Callable[[EventData], bool]:
    """`guard` in the form of a condition; its refusal is noted on the cursor."""

    def passes(event_data: EventData) -> bool:
        refusal = ask(edge, guard, *event_data.args)
        if refusal is not None:
            cursor: Any = event_data.model
            cursor.refusals.append(refusal)
        return refusal is None

    return passes
