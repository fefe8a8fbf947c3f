"""What a run that ends badly has to undo, and how far it has come with that."""

from __future__ import annotations

from dataclasses import dataclass, field

from interlock.store.failure import Failure


@dataclass(slots=True)
class Undoable:
    """A completed step that will be undone if the run fails.

    Attributes:
        activity: id of the step's activity.
        step: the step's name.
        scheduled, succeeded: versions of its intent and of its outcome: where history still has
            the input and the result as they were then.
        state: the step's state.
        child: for a child, the id of its run.
    """

    activity: str
    step: str
    scheduled: int
    succeeded: int
    state: str
    child: str = ""


@dataclass(slots=True)
class Irreversible:
    """A completed step that cannot be undone.

    Attributes:
        activity: id of the step's activity.
        step: the step's name.
        why: in the words of its author.
    """

    activity: str
    step: str
    why: str


@dataclass(slots=True)
class Compensation:
    """The undoing of a failed or cancelled run.

    Attributes:
        error: why, None for a cancellation.
        undone, not_undone: step activities so far.
        by_hand: those of `undone` that a person undid by other means.
    """

    error: Failure | None
    undone: list[str] = field(default_factory=list[str])
    not_undone: list[str] = field(default_factory=list[str])
    by_hand: list[str] = field(default_factory=list[str])
