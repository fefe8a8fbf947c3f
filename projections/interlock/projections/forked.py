"""Where a fork comes from."""

from __future__ import annotations

import msgspec

from interlock.store.forking import Effects


class Forked(msgspec.Struct, frozen=True):
    """Where a run was forked from.

    Attributes:
        parent: the run.
        version: of the parent's event that was asked for.
        taken: events that were taken over: the parent's up to `version`, or up to where it last
            stood still before it.
        effects: what becomes of calls.
        caught_up: it was given what the parent had recorded, as far as that fitted.
    """

    parent: str
    version: int
    taken: int
    effects: Effects
    caught_up: bool = False
