"""The vocabulary of runs that go on under another definition than the one they began under."""

from __future__ import annotations

from interlock.store.event import Body, Delta


class RunMigrated(Body, frozen=True):
    """From here on the run follows another definition: that of this event's envelope.

    Attributes:
        source, target: hashes of the definition that it followed and of the one that it follows.
        by: the migrations that were applied, in order; none where none was needed.
        states: what its states are called now, by their old names, where that is another name.
        commands: the types that its waits accept now, by activity, where those are others.
        memory: what changed in the variables of its own code.
        branches: the same of its branches, by activity.
        entered: for a lifecycle that follows one with nested states, the active ones.
    """

    source: str
    target: str
    by: list[str] = []
    states: dict[str, str] = {}
    commands: dict[str, list[str]] = {}
    memory: Delta | None = None
    branches: dict[str, Delta] = {}
    entered: list[str] | None = None
