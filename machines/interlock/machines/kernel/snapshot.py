"""Where a run of a nested machine is, and what one small move did to that."""

from __future__ import annotations

import msgspec

from interlock.machines.ir import Edge


class Snapshot(msgspec.Struct, frozen=True):
    """A configuration, and what the histories remember.

    Attributes:
        active: every active state, a parent before its children, in document order.
        history: by history, the states that it brings back; absent until its parent was left.
    """

    active: tuple[str, ...]
    history: dict[str, tuple[str, ...]] = {}


class Microstep(msgspec.Struct, frozen=True):
    """Transitions taken together.

    Attributes:
        edges: those taken, at most one for each region; none for the beginning.
        exited: what was left, inner states first.
        entered: what was entered, outer states first.
        history: what histories have newly remembered.
        raised: events that follow from it: `done x`, in order.
        after: where it led.
        done: a final state at the top was entered: nothing can follow.
    """

    edges: tuple[Edge, ...]
    exited: tuple[str, ...]
    entered: tuple[str, ...]
    history: dict[str, tuple[str, ...]]
    raised: tuple[str, ...]
    after: Snapshot
    done: bool
