"""One stream whole: its chain, its fold, and what the index and the timers say of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from interlock.audit.chain import Chain
from interlock.audit.commits import Commands, Commits
from interlock.audit.finding import Findings
from interlock.audit.known import Known
from interlock.projections.fold import evolve
from interlock.projections.index import entry_of
from interlock.projections.run import RunState
from interlock.projections.timers import timers_of
from interlock.store.contract import Entry, Timer
from interlock.store.event import Event
from interlock.store.forking import FOLLOW
from interlock.store.inspection import Indexed, Raw
from interlock.store.vocabulary import TransitionTaken
from interlock.store.vocabulary_shared import SharedMoved

AFTER = "after:"
"""How the timers of a lifecycle's `after` transitions begin."""

WAKE = "wake"
"""The timer of a shared machine."""


class Stream:
    """Looks at the events of one stream, then at everything else that is kept about it.

    Attributes:
        definitions: those that its events name, with the first that did.
    """

    def __init__(
        self, stream: str, known: Mapping[str, Known], commands: Commands, findings: Findings
    ) -> None:
        self.stream = stream
        self.definitions: dict[str, Event] = {}
        self._known = known
        self._findings = findings
        self._commits = Commits(commands)
        self._chain = Chain(stream, findings)
        self._state: RunState | None = None
        self._last: Event | None = None
        self._entered: datetime | None = None
        self._begun: datetime | None = None

    @property
    def sound(self) -> bool:
        """Whether its events could be followed to the end."""
        return self._chain.sound

    @property
    def locked(self) -> int:
        """How many events are encrypted by a key that is not at hand."""
        return self._chain.locked

    def follow(self, rows: Iterable[Raw]) -> int:
        """Look at all events; how many there were."""
        count = 0
        for raw in rows:
            count += 1
            event = self._chain.follow(raw)
            if event is not None and self._chain.sound:
                self._last = event
                self._begun = self._begun or event.at
                self.definitions.setdefault(event.hash, event)
                self._commits.follow(event)
                self._fold(event)
        if self._chain.sound:
            self._commits.end()
        return count

    def _fold(self, event: Event) -> None:
        body = event.body
        if self.stream.startswith("$"):  # it is no run
            return
        try:
            self._state = evolve(self._state, event)
        except Exception as error:  # whatever it is: these events cannot have been written so
            what = f"event {event.version} of {self.stream!r} does not follow from those before it"
            self._findings.add(
                f"{what}: {type(error).__name__}: {error}",
                self.stream,
                event.version,
                event.position,
            )
            self._chain.sound = False
            return
        known = self._known.get(event.hash)
        moves = isinstance(body, TransitionTaken) and not (
            known is not None and body.transition in known.internal
        )
        if moves or self._entered is None:
            self._entered = event.at

    def compare(self, indexed: Sequence[Indexed], timers: Sequence[Timer]) -> None:
        """Compare what is kept beside the events with what follows from them."""
        row = indexed[0] if indexed else None
        if row is None:
            self._say(f"{self.stream!r} has events and no row in the index")
            return
        self._chain.end(row.head)
        if not self._chain.sound or self._last is None:
            return  # nothing sound to compare with
        if row.entry is None or row.head is None:
            self._say(f"the index row of {self.stream!r} cannot be read")
            return
        expected = self._entry(row.entry)
        if row.head.at != self._last.at:
            self._say(f"the index says that {self.stream!r} ends at another instant than it does")
        for name in Entry.__struct_fields__:
            said, follows = getattr(row.entry, name), getattr(expected, name)
            if said != follows:
                self._say(
                    f"the index says of {self.stream!r} that its {name} is {_shown(said)};"
                    f" from its events it is {_shown(follows)}"
                )
        self._compare_timers({timer.name: timer.due for timer in timers})

    def _compare_timers(self, said: dict[str, datetime]) -> None:
        follows = self._timers()
        state = self._state
        if FOLLOW in said and state is not None and state.fork and not state.ended:
            follows[FOLLOW] = said[FOLLOW]
        known = None if state is None else self._known.get(state.hash)
        unread = known is not None and bool(known.wrong)  # which timers a state has is not known
        for name in dict.fromkeys((*said, *follows)):
            if unread and name.startswith(AFTER):
                continue
            if said.get(name) != follows.get(name):
                self._say(
                    f"timer {name!r} of {self.stream!r} is {_shown(said.get(name))};"
                    f" from its events it is {_shown(follows.get(name))}"
                )

    def _entry(self, row: Entry) -> Entry:
        """The row of the index that follows from the events.

        Of Interlock's own streams some keep when they began, and others when they last moved.
        """
        last = self._last
        assert last is not None  # asked after the first event
        if self.stream.startswith("$"):
            since, started = last.at, last.at
            if isinstance(last.body, SharedMoved):
                since = last.body.since
            elif row.started == self._begun:
                started = row.started
            return Entry(
                self.stream, last.machine, last.hash, last.state, "open", since, "", "", started
            )
        assert self._state is not None  # it was folded
        return entry_of(self._state)

    def _timers(self) -> dict[str, datetime]:
        last = self._last
        if last is not None and isinstance(last.body, SharedMoved):
            data = last.body.data
            due = data.get("due") if isinstance(data, dict) else None
            return {WAKE: msgspec.convert(due, datetime)} if due else {}
        if self.stream.startswith("$"):
            return {}
        state = self._state
        assert state is not None  # as above
        return timers_of(state) | self._after(state)

    def _after(self, state: RunState) -> dict[str, datetime]:
        """The timers of a lifecycle's `after` transitions."""
        known = self._known.get(state.hash)
        if state.ended is not None or known is None or not state.lifecycle or self._entered is None:
            return {}
        since = state.active or {state.state: self._entered}
        return {
            f"{AFTER}{edge}": entered + delay
            for name, entered in since.items()
            for edge, delay in known.delays.get(name, ())
        }

    def _say(self, what: str) -> None:
        self._findings.add(what, self.stream)


def _shown(value: object) -> str:
    if value is None:
        return "not there"
    return value.isoformat() if isinstance(value, datetime) else repr(value)
