"""What a case of a workflow came to: what an invariant of a workflow is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from interlock.projections import History


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was answered.

    Attributes:
        step: its name, `undo charge` for an undo.
        run, key: whose, and its idempotency key.
        args, kwargs: what it was given.
        result: what it returned, None where it raised.
        error: what it raised.
    """

    step: str
    run: str
    key: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    result: Any = None
    error: Exception | None = None


@dataclass
class Ended:
    """What a run came to: what an invariant of a workflow is given.

    Attributes:
        inputs: the arguments, by name.
        status: of the run: `completed`, `failed`, `compensated`, `waiting` …
        state: its state.
        result: what it returned.
        error: name of the class of what it raised, "" for nothing.
        calls: those that were answered, in order, also of its children and of undos.
        histories: of it and its children, by run.
        lines: what happened, in words.
        by_hand: the activities whose undo failed, and that a person said something about.
        crashes: how many processes died.
        unfinished: what it still waits for, in words.
    """

    inputs: dict[str, Any]
    status: str = ""
    state: str = ""
    result: Any = None
    error: str = ""
    calls: list[Call] = field(default_factory=list[Call])
    histories: dict[str, History] = field(default_factory=dict[str, History])
    lines: list[str] = field(default_factory=list[str])
    by_hand: list[str] = field(default_factory=list[str])
    crashes: int = 0
    unfinished: str = ""

    def called(self, step: str) -> list[Call]:
        """The calls of a step that returned; `undo charge` for those of an undo."""
        return [call for call in self.calls if call.step == step and call.error is None]
