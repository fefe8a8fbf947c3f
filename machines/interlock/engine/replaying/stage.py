"""A run in memory alone: nothing is stored, nothing is called, and time is the recorded one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from interlock.engine.replaying.speech import Said, said
from interlock.engine.session import Session
from interlock.store.backends.memory import MemoryStore
from interlock.store.clock import ManualClock
from interlock.store.event import Body, Event
from interlock.store.values import Types


class Stop(BaseException):
    """The new code did something else. Nothing may catch it on its way out.

    Attributes:
        recorded: what the run did, None where its record ends.
        new: what the new code does.
    """

    def __init__(self, recorded: Said | None, new: Said) -> None:
        super().__init__()
        self.recorded = recorded
        self.new = new


class Script:
    """What each thread of a run's code did, in order, and how far the new code has come with it.

    Attributes:
        new: the activity of the new code that stands for a recorded one.
        done: versions of the recorded events that the new code has come to.
    """

    def __init__(self, recorded: Sequence[Said], types: Types) -> None:
        self._types = types
        self._lines: dict[str, list[Said]] = {}
        self._members: dict[tuple[str, int], Said] = {}
        for one in recorded:
            if one.join:
                self._members[one.join, one.index] = one
            else:
                self._lines.setdefault(one.thread, []).append(one)
        self._places: dict[str, int] = {}
        self.new: dict[str, str] = {}
        self.done: set[int] = set()
        self._old: dict[str, str] = {"": ""}

    def compare(self, new: Said) -> None:
        """Take what the new code did.

        Raises:
            Stop: it is not what the run did.
        """
        known = self._next(new)
        if known is None or not known.equals(new, self._types):
            raise Stop(known, new)
        self.done.add(known.event.version)
        if new.activity:
            self.new[known.activity] = new.activity
            self._old[new.activity] = known.activity

    def _next(self, new: Said) -> Said | None:
        if new.join:
            return self._members.get((self._old.get(new.join, ""), new.index))
        thread = self._old.get(new.thread)
        lines = self._lines.get(thread, []) if thread is not None else []
        place = self._places.get(new.thread, 0)
        self._places[new.thread] = place + 1
        return lines[place] if place < len(lines) else None

    def left(self) -> Said | None:
        """The first thing that the run did and the new code did not."""
        done = {self._old.get(thread, ""): place for thread, place in self._places.items()}
        found = [
            line for thread, lines in self._lines.items() for line in lines[done.get(thread, 0) :]
        ]
        return min(found, key=lambda line: line.event.version, default=None)


class Stage(Session):
    """A session whose events go nowhere."""

    def __init__(self, run: str, machine: str, hash: str, script: Script) -> None:  # noqa: A002  as in the log
        super().__init__(run, None, MemoryStore(), ManualClock())
        self.machine, self.hash = machine, hash
        self._script = script

    def at(self, when: datetime) -> None:
        """What is decided from here on is decided at this instant."""
        self._at = when

    def emit(self, body: Body, state: str | None = None) -> None:
        """Decide an event, and compare what it says with what was recorded."""
        super().emit(body, state)
        event = Event(
            self.run, self.state.head.version, type(body).__name__, "", self.now, self.machine,
            self.hash, self.state.state, self.actor, self.cause, "", "", body,
        )  # fmt: skip
        found = said(self.state, event)
        if found is not None:
            self._script.compare(found)
