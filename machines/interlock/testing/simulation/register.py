"""What a simulated log holds, folded as it grows: the truth that everything is judged by."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from interlock.machines.ir import Machine
from interlock.projections import Activity, RunState, evolve
from interlock.store.contract import Store
from interlock.store.event import Event
from interlock.testing.coverage.tally import Tally
from interlock.testing.simulation.loop import PROCESS
from interlock.testing.simulation.trace import Trace

Check = Callable[[RunState], object]
"""A user's invariant: asked about a run after each of its commits; False or an error is a no."""


class Register:
    """Hears of every commit that a store keeps, whoever made it.

    Attributes:
        seen: what runs of the simulated machine came to.
        states: every run, as its log says.
        intents: every call that was recorded before it was made, by run, activity and attempt.
        broken: invariants that did not hold, said for a person.
        moved: how many events there were.
    """

    def __init__(
        self, store: Store, trace: Trace, checks: Sequence[Check], machine: Machine
    ) -> None:
        self.seen = Tally(machine)
        self.states: dict[str, RunState] = {}
        self.intents: set[tuple[str, str, int]] = set()
        self.broken: list[str] = []
        self.moved = 0
        self._trace = trace
        self._checks = checks
        store.on_append(self._note)

    def _note(self, events: Sequence[Event]) -> None:
        stream = events[0].stream
        self.moved += len(events)
        told = ", ".join(_told(event) for event in events)
        versions = f"{events[0].version}" + (f"-{events[-1].version}" if len(events) > 1 else "")
        self._trace.note(PROCESS.get(), f"{stream} {versions}: {told} -> {events[-1].state}")
        if stream.startswith("$"):
            return
        state = self.states.get(stream)
        for event in events:
            if event.hash == self.seen.machine.hash:
                self.seen.note(event)
            self.states[stream] = state = evolve(state, event)
            for activity in state.pending.values():
                self.intents.add((stream, activity.id, activity.attempt))
        if state is not None:
            self._ask(state)

    def _ask(self, state: RunState) -> None:
        for check in self._checks:
            try:
                holds = check(state) is not False
                why = ""
            except Exception as error:  # an invariant may assert
                holds, why = False, f": {error}" if str(error) else ""
            if not holds:
                name = getattr(check, "__name__", repr(check))
                wrong = (
                    f"invariant {name} does not hold for {state.run!r} at version"
                    f" {state.head.version} ({state.state}){why}"
                )
                self.broken.append(wrong)
                self._trace.wrong(wrong)

    def activity(self, run: str, id: str) -> Activity | None:  # noqa: A002  as in the fold
        """What a run has pending under this id."""
        state = self.states.get(run)
        return None if state is None else state.pending.get(id)


def _told(event: Event) -> str:
    body = event.body
    said = [getattr(body, name, "") for name in ("activity", "command", "transition", "reason")]
    about = next((one for one in said if isinstance(one, str) and one), "")
    return f"{event.type}({about})" if about else event.type
