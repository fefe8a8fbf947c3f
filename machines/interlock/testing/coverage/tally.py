"""Counting what happens in runs, event by event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from interlock.machines.ir import Edge, Machine
from interlock.projections.recorded import BEGIN
from interlock.store.event import Event
from interlock.store.joining import ChildEnded, RunEnding
from interlock.store.vocabulary import (
    CompensationStarted,
    Failure,
    RunFailed,
    RunStarted,
    StepFailed,
    TransitionTaken,
    UndoSucceeded,
    WaitTimedOut,
)
from interlock.store.within import Within
from interlock.testing.coverage.items import transition_key
from interlock.testing.coverage.moves import edges_between

Key: TypeAlias = tuple[str, str]
"""Kind and name of an item."""


@dataclass(slots=True)
class _Run:
    """What has to be known of a run to tell what its next event means."""

    state: str = ""
    begun: bool = False
    places: dict[str, str] = field(default_factory=dict[str, str])
    failed: str = ""


@dataclass(slots=True)
class Tally:
    """How often each thing happened in runs of one machine.

    Attributes:
        machine: the definition.
        counts: by kind and name.
        runs: how many runs began.
    """

    machine: Machine
    counts: Counter[Key] = field(default_factory=Counter[Key])
    runs: int = 0
    _runs: dict[str, _Run] = field(default_factory=dict[str, _Run])

    def note(self, event: Event, log: str = "") -> None:
        """Count an event; those of a run have to come in their order.

        Args:
            event: of a run of this machine.
            log: tells stores apart that have runs of the same ids.
        """
        name = f"{log}/{event.stream}"
        if isinstance(event.body, RunStarted):
            self.runs += 1
            self._runs[name] = _Run()
        run = self._runs.setdefault(name, _Run())
        if self.machine.kind == "lifecycle":
            self._lifecycle(event)
        else:
            self._workflow(run, event)
        run.state = event.state

    def add(self, kind: str, key: str, times: int = 1) -> None:
        """Count something."""
        self.counts[kind, key] += times

    def merge(self, other: Tally) -> None:
        """Count what another tally has counted."""
        self.counts.update(other.counts)
        self.runs += other.runs

    def _lifecycle(self, event: Event) -> None:
        body = event.body
        if isinstance(body, RunStarted):
            self.entered(body.entered or [event.state])
        elif isinstance(body, TransitionTaken):
            self.took([body.transition, *body.also])
            self.entered(body.entered or ([] if self._stays(body.transition) else [event.state]))

    def _stays(self, transition: str) -> bool:
        return any(edge.id == transition and edge.stays for edge in self.machine.edges)

    def entered(self, states: Iterable[str]) -> None:
        """Count states of a lifecycle that were entered."""
        for state in states:
            if state in self.machine.by_id:
                self.add("state", state)

    def took(self, edges: Iterable[str]) -> None:
        """Count transitions of a lifecycle that were taken."""
        taken = {*edges}
        for edge in self.machine.edges:
            if edge.id in taken:
                self.add("transition", edge.id)
                if edge.guard:
                    self.add("guard", f"{edge.id} yes")

    def _workflow(self, run: _Run, event: Event) -> None:
        body: Any = event.body
        within = getattr(body, "within", None)
        activity = getattr(body, "activity", "")
        if isinstance(body, BEGIN):
            place = run.places[activity] = self._place(run, event, within)
            if within is not None:
                self._visit(place)
        if event.state != run.state or (isinstance(body, BEGIN) and within is None and run.begun):
            self._move(run, event)
        run.begun = (run.begun and event.state == run.state) or (
            isinstance(body, BEGIN) and within is None
        )
        self._outcome(run, event)

    def _place(self, run: _Run, event: Event, within: Within | None) -> str:
        """The state that something belongs to, as the machine calls it."""
        place = within.state if within is not None and within.state else event.state
        around = run.places.get(within.join, "") if within is not None else ""
        inside = f"{around}/{place}"
        return inside if inside in self.machine.by_id else place

    def _move(self, run: _Run, event: Event) -> None:
        self._visit(event.state)
        raised = _raised(event.body)
        taken = [*edges_between(self.machine, run.state, event.state)]
        for key in {key for edge in taken if (key := self._key(edge, run, raised))}:
            self.add("transition", key)
        run.failed = ""

    def _key(self, edge: Edge, run: _Run, raised: Failure | None) -> str:
        """The item of an edge, if it can be the one that was taken."""
        if edge.event.startswith("raise "):
            if raised is None or edge.event != f"raise {raised.type}":
                return ""
        elif (edge.event == "error") != bool(run.failed) and edge.event in ("error", "done"):
            others = self.machine.edges
            if any(
                (one.source, one.targets) == (edge.source, edge.targets) and one.event != edge.event
                for one in others
            ):
                return ""  # there is another one, which it was
        return transition_key(self.machine, edge)

    def _visit(self, state: str) -> None:
        found: str | None = state
        while found is not None and found in self.machine.by_id:
            node = self.machine.by_id[found]
            if node.kind != "initial":
                self.add("state", found)
            found = node.parent

    def _outcome(self, run: _Run, event: Event) -> None:
        body = event.body
        failed = _failed(body)
        if failed:
            run.failed = failed
            self.add("failure", run.places.get(failed, event.state))
        if isinstance(body, UndoSucceeded):
            self.add("undo", run.places.get(body.of, body.of.rpartition("#")[0]))


def _failed(body: object) -> str:
    """The activity that ended badly by this event, "" for none."""
    if isinstance(body, StepFailed):
        return body.activity if body.retry_at is None else ""
    if isinstance(body, ChildEnded):
        return body.activity if body.error is not None else ""
    return body.activity if isinstance(body, WaitTimedOut) else ""


def _raised(body: object) -> Failure | None:
    if isinstance(body, RunFailed | CompensationStarted | RunEnding):
        return body.error
    return None


def dump(tallies: Mapping[Key, Tally]) -> str:
    """Tallies as JSON text."""
    return msgspec.json.encode(
        [
            {
                "machine": tally.machine.to_json(),
                "runs": tally.runs,
                "counts": [[kind, key, count] for (kind, key), count in tally.counts.items()],
            }
            for tally in tallies.values()
        ]
    ).decode()


def load(text: str) -> list[Tally]:
    """The tallies that `dump` wrote.

    Raises:
        ValueError: it is something else.
    """
    found: list[Tally] = []
    for one in msgspec.json.decode(text, type=list[_Dumped]):
        tally = Tally(Machine.from_json(one.machine), runs=one.runs)
        for kind, key, count in one.counts:
            tally.add(kind, key, count)
        found.append(tally)
    return found


class _Dumped(msgspec.Struct):
    machine: str
    runs: int
    counts: list[tuple[str, str, int]]
