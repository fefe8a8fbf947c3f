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
from interlock.store.joining import BranchReturned, BranchStarted, ChildEnded, RunEnding
from interlock.store.vocabulary import (
    CompensationStarted,
    Failure,
    RunFailed,
    RunStarted,
    StepFailed,
    TransitionTaken,
    UndoScheduled,
    UndoSucceeded,
    WaitTimedOut,
)
from interlock.store.within import Within
from interlock.testing.coverage.items import items_of, transition_key
from interlock.testing.coverage.moves import moved
from interlock.testing.coverage.whereabouts import Thread, Whereabouts

Key: TypeAlias = tuple[str, str]
"""Kind and name of an item."""


@dataclass(slots=True)
class Tally:
    """How often each thing happened in runs of one machine.

    Attributes:
        machine: the definition.
        counts: by kind and name.
        runs: how many runs began.
        unread: archived runs that are not counted, for their file is not there.
    """

    machine: Machine
    counts: Counter[Key] = field(default_factory=Counter[Key])
    runs: int = 0
    unread: int = 0
    _runs: dict[str, Whereabouts] = field(default_factory=dict[str, Whereabouts])
    _keys: set[Key] = field(default_factory=set[Key])

    def note(self, event: Event, log: str = "") -> None:
        """Count an event; those of a run have to come in their order.

        Args:
            event: of a run of this machine.
            log: tells stores apart that have runs of the same ids.
        """
        name = f"{log}/{event.stream}"
        if isinstance(event.body, RunStarted):
            self.runs += 1
            self._runs[name] = Whereabouts()
        if self.machine.kind == "lifecycle":
            self._lifecycle(event)
        else:
            self._workflow(self._runs.setdefault(name, Whereabouts()), event)

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

    def _workflow(self, run: Whereabouts, event: Event) -> None:
        body: Any = event.body
        begins = isinstance(body, BEGIN)
        within = getattr(body, "within", None)
        main = run.threads[""]
        if isinstance(body, BranchStarted):
            self._branch(run, body, event.state)
        elif begins:
            place = run.begin(self.machine, body.activity, event.state, within)
            if within is not None:
                self._beside(run, place, within)
        elif isinstance(body, BranchReturned):
            branch = run.threads.get(body.activity, main)
            self._move(branch, f"{branch.place}/completed", None)
        alone = begins and within is None and not isinstance(body, UndoScheduled)
        if event.state != main.state or (alone and main.begun):
            self._move(main, event.state, _raised(body))
            main.begun = False
        main.begun = main.begun or alone
        self._outcome(run, event)

    def _branch(self, run: Whereabouts, body: BranchStarted, state: str) -> None:
        place = run.begin(self.machine, body.activity, state, body.within)
        self._enter(place, body.within)
        run.owners[body.activity] = body.activity
        run.threads[body.activity] = Thread(place, f"{place}/start")

    def _beside(self, run: Whereabouts, place: str, within: Within) -> None:
        """Something begins that is not what the workflow's own code waits for."""
        if within.join or within.handle:
            self._enter(place, within)
        elif within.thread in run.threads:
            self._move(run.threads[within.thread], place, None)

    def _enter(self, place: str, within: Within) -> None:
        if within.join and place in self.machine.by_id:
            self.add("state", place)

    def _move(self, thread: Thread, target: str, raised: Failure | None) -> None:
        move = moved(self.machine, thread.state, target)
        for state in move.entered:
            node = self.machine.by_id.get(state)
            inside = node is not None and node.parent is not None and node.kind == "final"
            if node is not None and node.kind != "initial" and not inside:
                self.add("state", state)
        for key in {key for edge in move.edges if (key := self._key(edge, thread, raised))}:
            self.add("transition", key)
        thread.state, thread.failed = target, ""

    def _key(self, edge: Edge, thread: Thread, raised: Failure | None) -> str:
        """The item of an edge, if it can be the one that was taken."""
        if edge.event.startswith("raise "):
            if raised is None or edge.event != f"raise {raised.type}":
                return ""
        elif (edge.event == "error") != bool(thread.failed) and edge.event in ("error", "done"):
            others = self.machine.edges
            if any(
                (one.source, one.targets) == (edge.source, edge.targets) and one.event != edge.event
                for one in others
            ):
                return ""  # there is another one, which it was
        return transition_key(self.machine, edge)

    def _outcome(self, run: Whereabouts, event: Event) -> None:
        body = event.body
        failed = _failed(body)
        if failed:
            run.thread(failed).failed = failed
            self._item("failure", run.places.get(failed, event.state))
        if isinstance(body, UndoSucceeded):
            self._item("undo", run.places.get(body.of, body.of.rpartition("#")[0]))

    def _item(self, kind: str, key: str) -> None:
        """Count what is there to be covered: not every call has items of its own."""
        if not self._keys:
            self._keys.update((item.kind, item.key) for item in items_of(self.machine))
        if (kind, key) in self._keys:
            self.add(kind, key)


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
