"""Where a follower of a log is, such that it notices when the log is not the same any more."""

from __future__ import annotations

import msgspec

from interlock.store.event import Event


class Place(msgspec.Struct, frozen=True):
    """An event up to which a log was followed. Keep it with what was made of the events.

    Attributes:
        log: identity of the log: see `Store.log_id`.
        position: of the last event, 0 for none yet.
        digest: of that event, "" for none.
    """

    log: str
    position: int = 0
    digest: str = ""

    def after(self, event: Event) -> Place:
        """The place once this event was followed, too."""
        return Place(self.log, event.position, event.digest)
