"""Where in a run something belongs that is not simply what the run waits for."""

from __future__ import annotations

import msgspec

from interlock.store.event import Encoded


class Within(msgspec.Struct, gc=False, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The place of an activity in a run that does several things at once.

    Attributes:
        thread: the branch whose code asked for it: id of the activity that is the branch; ""
            for the workflow itself.
        join: the join that it is a member of, "" for none.
        index: its place among that join's calls.
        handle: it was started on its own; whoever has its handle may await it.
        state: its state, by its whole name; "" where that is the event's.
    """

    thread: str = ""
    join: str = ""
    index: int = 0
    handle: bool = False
    state: str = ""


class Planned(msgspec.Struct, gc=False, frozen=True, omit_defaults=True, array_like=True):
    """A call that a join is to make.

    Attributes:
        place: name of its place, whole.
        args, kwargs: its input, each encoded in one piece.
        handle: id of the activity, where that was begun before: then the rest is empty.
    """

    place: str
    args: list[Encoded] = []
    kwargs: dict[str, Encoded] = {}
    handle: str = ""
