"""Counting what happens in this process: in engines that open, and in scenarios."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from interlock.engine import openings
from interlock.machines import noting
from interlock.machines.ir import Machine
from interlock.machines.selector import Refusal
from interlock.store.event import Event
from interlock.testing.coverage.tally import Key, Tally

if TYPE_CHECKING:
    from interlock.engine.core import Core
    from interlock.machines.lifecycle_program import LifecycleProgram, Taken
    from interlock.store.contract import Store


class Collector:
    """Tallies of all machines that do something, by name and hash."""

    def __init__(self) -> None:
        self.tallies: dict[Key, Tally] = {}
        self._stores: list[Store] = []

    def begin(self) -> None:
        """Count from now on."""
        openings.LISTENERS.append(self._opened)
        noting.LISTENERS.append(self)

    def end(self) -> None:
        """Count no more."""
        openings.LISTENERS.remove(self._opened)
        noting.LISTENERS.remove(self)
        self._stores.clear()

    def add(self, tallies: Iterable[Tally]) -> None:
        """Count what another process has counted."""
        for tally in tallies:
            self.of(tally.machine).merge(tally)

    def of(self, machine: Machine) -> Tally:
        """The tally of a machine."""
        key = machine.name, machine.hash
        found = self.tallies.get(key)
        if found is None:
            found = self.tallies[key] = Tally(machine)
        return found

    # What it is told

    def decided(self, program: LifecycleProgram, taken: Taken, *, recorded: bool) -> None:
        """See `noting.Listener`; what is recorded is counted when it is appended."""
        tally = self.of(program.machine)
        self._said(tally, taken.said)
        if recorded:
            return
        for one in (taken, *taken.then):
            tally.took(edge.id for edge in one.edges)
            tally.entered(one.step.entered)
        if not taken.edges:
            tally.runs += 1

    def refused(self, program: LifecycleProgram, command: str, said: Sequence[Refusal]) -> None:
        """See `noting.Listener`."""
        tally = self.of(program.machine)
        tally.add("refusal", command)
        self._said(tally, said)

    def _said(self, tally: Tally, said: Sequence[Refusal]) -> None:
        for one in said:
            tally.add("guard", f"{one.edge.id} no")

    def _opened(self, engine: Core) -> None:
        store = engine.store
        if any(store is known for known in self._stores):
            return
        self._stores.append(store)
        log = str(len(self._stores))

        def note(events: Sequence[Event]) -> None:
            for event in events:
                machine = self._machine(engine, event)
                if machine is not None:
                    self.of(machine).note(event, log)

        store.on_append(note)

    def _machine(self, engine: Core, event: Event) -> Machine | None:
        known = self.tallies.get((event.machine, event.hash))
        if known is not None:
            return known.machine
        if event.stream.startswith("$"):
            return None
        try:
            found = engine.programs.find(event.machine, event.hash)
        except Exception:  # several of that name, or one that cannot be compiled: not ours to tell
            return None
        return None if found is None else found.machine
