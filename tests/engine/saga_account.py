"""What a finished run and its children did and undid, checked against the world's own record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard

from engine.sagas import World
from interlock.projections import History
from interlock.store.joining import ChildEnded, ChildStarted
from interlock.store.vocabulary import StepResolved, StepSucceeded


@dataclass
class Account:
    """What all runs of a store came to.

    Attributes:
        histories: by run.
        world: where the calls were made.
        crashed: a process died meanwhile: calls may have been made more than once.
    """

    histories: Mapping[str, History]
    world: World
    crashed: bool

    def check(self) -> None:
        called = [*dict.fromkeys(self.world.called)]
        expected = list[str]()
        for run in self.histories:
            self._check_run(run)
            if self._to_be_undone(run) and not self._undone_by_another(run):
                undos = self._undos(run)
                assert [label for label in called if label in undos] == undos, run
                expected += undos
                self._check_after_its_children(run, called)
        assert sorted(called) == sorted(expected)
        self._check_once(called)

    def _check_once(self, called: list[str]) -> None:
        times = Counter(label for _, label in self.world.undone)
        keys = Counter(label for _, label in {*self.world.undone})
        assert set(keys.values()) <= {1}  # one key, however often
        decided = self._decided("UndoResolved") | self._decided("UndoSkipped")
        assert not self.crashed or {*called} - decided <= {*times}
        if self.crashed:
            return
        assert times == Counter({*called} - decided)
        returned = [label for label in self.world.returned if not label.startswith("undo ")]
        recorded = [
            event.body.result for history in self.histories.values() for event in history.events
            if _is_done(event.body)
        ]  # fmt: skip
        assert Counter(returned) == Counter(recorded)

    def _check_run(self, run: str) -> None:
        """The run's own account of itself."""
        history = self.histories[run]
        state = history.replay()
        history.verify()
        assert (state.pending, state.threads) == ({}, {})
        undoable = self._completed(run)
        if not self._to_be_undone(run):
            assert len(state.stack) == len(undoable)
            return
        assert state.stack == []
        undone, left = list[str](), list[str]()
        if state.compensation is not None:
            undone, left = state.compensation.undone, state.compensation.not_undone
        assert sorted([*undone, *left]) == sorted(undoable)
        effects = {effect.activity: effect.status for effect in history.ledger()}
        assert {effects[activity] for activity in undone} <= {"compensated"}
        assert {effects[activity] for activity in left} <= {"not compensated"}
        skipped = self._decided("UndoSkipped")
        wholly = [a for a, labels in undoable.items() if not {*labels} & skipped]
        assert sorted(undone) == sorted(wholly)
        ends = ("compensation failed",) if left else ("failed", "compensated", "cancelled")
        assert state.status in ends

    def _check_after_its_children(self, run: str, called: list[str]) -> None:
        """What a child undid by itself, it had undone before its parent began to."""
        own = [called.index(label) for label in self._undos(run)]
        for child in self._children(run).values():
            if own and child in self.histories and not self._undone_by_another(child):
                its = [called.index(label) for label in self._undos(child)]
                if its and self._to_be_undone(child):
                    assert max(its) < min(own)

    def _decided(self, how: str) -> set[str]:
        """Labels that people decided about, by the type of their event."""
        found = set[str]()
        for history in self.histories.values():
            of = {getattr(event.body, "of", "") for event in history.events if event.type == how}
            results = [e.body for e in history.events if _is_done(e.body)]
            found |= {str(body.result) for body in results if body.activity in of}
        return found

    def _to_be_undone(self, run: str) -> bool:
        return self.histories[run].replay().status != "completed"

    def _undone_by_another(self, run: str) -> bool:
        types = {event.type for event in self.histories[run].events}
        return "CompensationRequested" in types

    def _children(self, run: str) -> dict[str, str]:
        """Runs that it started, by activity."""
        bodies = [event.body for event in self.histories[run].events]
        return {body.activity: body.child for body in bodies if isinstance(body, ChildStarted)}

    def _completed(self, run: str) -> dict[str, list[str]]:
        """What can be undone, oldest first, by activity: its labels."""
        found: dict[str, list[str]] = {}
        children = self._children(run)
        for event in self.histories[run].events:
            body = event.body
            if _is_done(body) and body.undoable:
                found[body.activity] = [str(body.result)]
            elif isinstance(body, ChildEnded) and body.status == "completed":
                labels = self._undos(children[body.activity])
                if labels:
                    found[body.activity] = labels
        return found

    def _undos(self, run: str) -> list[str]:
        """What the undoing of a run calls, in order."""
        completed = self._completed(run)
        return [label for labels in reversed(completed.values()) for label in labels]


def _is_done(body: object) -> TypeGuard[StepSucceeded | StepResolved]:
    """Whether a call is known to have happened."""
    return isinstance(body, StepSucceeded) or (isinstance(body, StepResolved) and body.happened)
