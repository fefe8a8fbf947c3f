"""What one event does to a run, asked many times: the same as in a run, prepared for each state.

The author's functions are called as they are; where one fails or answers something odd, the event
is asked for once more as a run asks, which says what is wrong.
"""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from interlock.machines.command import Command
from interlock.machines.due import Due
from interlock.machines.errors import EndlessChain, HandlerFailed, Refused
from interlock.machines.guard import Refuse
from interlock.machines.ir import ALWAYS
from interlock.machines.kernel import Microstep, Snapshot
from interlock.machines.lifecycle_program import LifecycleProgram, Taken
from interlock.machines.lifecycle_refusal import is_final
from interlock.machines.proof.asking import (
    Ask,
    Asking,
    At,
    Candidates,
    Failed,
    Move,
    Odd,
    Plain,
    Way,
    candidates_of,
)
from interlock.machines.proof.reacting import Reacting

KEPT = 2
"""Of a command that a state keeps for later, how many are kept at a time."""


UNKNOWN, REFUSED = -2, -1
"""What is remembered of data: nothing yet; that a guard said no."""

ROOM = 1024
"""The numbers of data that there is room to remember something of at first."""

_MOST = 20_000_000
"""What is remembered, at most."""


class Moving:
    """The moves of one lifecycle. It holds no run.

    Attributes:
        asks: all that may happen, in the order in which it is tried.
        taken: ids of the edges that were taken so far.
        entered: the states that were entered on the way, also those that were left at once.
        full: a command was not tried where as many were kept already.
        places: the configurations that were come to.
        room: the numbers of data that there is room to remember something of.

    Args:
        exactly: ask everything as a run asks, which is slower.
    """

    def __init__(
        self, program: LifecycleProgram, commands: Sequence[Command], *, exactly: bool = False
    ) -> None:
        self.program = program
        self._exactly = exactly
        self.asks = [Ask(type(command).__name__, command) for command in commands]
        self._timer_asks: dict[str, int] = {}
        for edge in program.machine.edges:
            if edge.event.startswith("after "):
                self._timer_asks[edge.id] = len(self.asks)
                self.asks.append(Ask(edge.event, None, edge.id))
        self._due = Due(program.machine)
        self.taken: set[str] = set()
        self.entered: set[str] = set()
        self.full = False
        self.room = ROOM
        self.places: list[At] = []
        self._numbers: dict[object, int] = {}
        self._edges = {edge.id: edge for edge in program.machine.edges}
        self._candidates = candidates_of(program)
        self._data_type = program.data_type
        self._handlers = {edge: program.handler(edge) for edge in self._edges}
        self._reacting = Reacting(program.chart, self._take)
        knows = program.chart.knows
        self._memos: dict[object, array[int]] = {}
        self._shared = Counter((program.guards(e), self._handlers[e]) for e in self._edges)
        self._plain = program.chart.flat and not knows(ALWAYS)
        self._acting = {
            (when, place)
            for when, places in (
                ("entering", program.machine.by_id), ("exiting", program.machine.by_id),
                ("taking", self._edges),
            )
            for place in places
            if program.acts(when, place)
        }  # fmt: skip

    def begin(self, data: Any) -> Move:
        """Where a run begins.

        Raises:
            HandlerFailed: the author's code failed.
        """
        return self._led(self.program.begin(data), ())

    def moves(self, at: int, data: Any, kept: tuple[int, ...]) -> Iterator[tuple[int, Move | None]]:
        """All that can happen: the number of the event, and the move; None where code fails."""
        place = self.prepared(at)
        move_by = self.exact if kept and self._acting else self.move
        for ask in place.asks:
            try:
                move = move_by(ask, at, data)
            except Failed:
                yield ask, None
                continue
            if move is not None:
                yield ask, self._retried((*move[:2], kept, move[3])) if kept else move
        for ask in place.kept:
            if len(kept) >= KEPT:
                self.full = True
            else:
                yield ask, (at, data, (*kept, ask), False)

    def move(self, ask: int, at: int, data: Any) -> Move | None:
        """Where one event leads; None when it is refused.

        Raises:
            Failed: the author's code failed.
        """
        if self._exactly:
            return self.exact(ask, at, data)
        if not self._plain:
            return self._nested(ask, at, data)
        command = self.asks[ask].command
        try:
            for guards, handler, edge, to, leaves in self.prepared(at).ways.get(ask, ()):
                for guard in guards:
                    answer = guard(data, command)
                    if answer is not True:
                        break
                else:
                    new = handler(data, command) if command is not None else handler(data)
                    if type(new) is not self._data_type:
                        return self.exact(ask, at, data)
                    if self._acting:
                        source = self.places[at].snapshot.active[0]
                        self._acts_plainly(source, edge, data, new, command, leaves=leaves)
                    self.taken.add(edge)
                    return to, new, (), leaves
                if answer is not False and type(answer) is not Refuse:
                    return self.exact(ask, at, data)
        except Exception:
            return self.exact(ask, at, data)
        return None

    def exact(self, ask: int, at: int, data: Any) -> Move | None:
        """The same, asked as a run asks.

        Raises:
            Failed: the author's code failed.
        """
        asked, snapshot = self.asks[ask], self.places[at].snapshot
        try:
            if asked.command is None:
                return self._led(self.program.expire(snapshot, data, asked.edge), ())
            return self._led(self.program.decide(snapshot, data, asked.command), ())
        except Refused:
            return None
        except (HandlerFailed, EndlessChain) as error:
            raise Failed(error.message) from None

    def enter(self, at: int, data: Any) -> None:
        """Ask for the effects of entering, once for each place.

        Raises:
            Failed: the author's code failed.
        """
        state = self.places[at].snapshot.active[0]
        if self._plain and ("entering", state) in self._acting:
            try:
                self.program.effects("entering", state, data)
            except HandlerFailed as error:
                raise Failed(error.message) from None

    def _acts_plainly(
        self, source: str, edge: str, data: Any, new: Any, command: Any, *, leaves: bool
    ) -> None:
        arguments = () if command is None else (command,)
        if leaves and ("exiting", source) in self._acting:
            self.program.effects("exiting", source, data)
        if ("taking", edge) in self._acting:
            self.program.effects("taking", edge, new, *arguments)

    def _nested(self, ask: int, at: int, data: Any) -> Move | None:
        asked, snapshot = self.asks[ask], self.places[at].snapshot
        asking = Asking(self._candidates, asked, self._edges.get(asked.edge), data)
        try:
            to = self._reacting.known(at, ask, asking)
            if to is None:
                asking.data = data  # what was computed on the way is computed again
                event = asked.name if asking.only is None else asking.only.event
                to = self._reacting.tried(at, ask, asking, snapshot, event, self.number)
        except Exception:
            return self.exact(ask, at, data)
        self.taken |= asking.taken
        self.entered |= asking.entered
        return None if to < 0 else (to, asking.data, (), False)

    def _take(self, asking: Asking, step: Microstep) -> None:
        """Run the author's functions of one step."""
        program, acting = self.program, self._acting
        for state in step.exited if acting else ():
            if ("exiting", state) in acting:
                program.effects("exiting", state, asking.data)
        for edge in step.edges:
            given = () if edge.event not in program.commands else (asking.ask.command,)
            asking.data = self._handlers[edge.id](asking.data, *given)
            if type(asking.data) is not self._data_type:
                raise Odd
            if ("taking", edge.id) in acting:
                program.effects("taking", edge.id, asking.data, *given)
            asking.taken.add(edge.id)
        asking.entered.update(step.entered)
        for state in step.entered if acting else ():
            if ("entering", state) in acting:
                program.effects("entering", state, asking.data)

    def _led(self, taken: Taken, kept: tuple[int, ...]) -> Move:
        for one in (taken, *taken.then):
            self.taken.update(edge.id for edge in one.edges)
            self.entered.update(one.step.entered)
        last = taken.then[-1] if taken.then else taken
        return self.number(last.step.after), last.data, kept, False

    def _retried(self, move: Move) -> Move:
        """What was kept is tried again after each transition, the first one first."""
        at, data, kept, entered = move
        move_by = self.exact if self._acting else self.move
        again = bool(kept)
        while again and not self.places[at].final:
            again = False
            self.entered.update(self.places[at].snapshot.active)
            for place, ask in enumerate(kept):
                try:
                    found = move_by(ask, at, data)
                except Failed:  # it is dropped: nobody is there to be told
                    found = at, data, kept, False
                if found is not None:
                    at, data, _, entered = found
                    kept, again = kept[:place] + kept[place + 1 :], True
                    break
        return at, data, () if self.places[at].final else kept, entered

    def number(self, snapshot: Snapshot) -> int:
        """The number of a configuration, which is prepared when it is new."""
        key = (snapshot.active, tuple(sorted(snapshot.history.items())))
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.places)
            self.places.append(At(snapshot, is_final(self.program.chart, snapshot)))
        return number

    def prepared(self, at: int) -> At:
        """A configuration, with all that may happen there."""
        place = self.places[at]
        if not place.ready:
            place.ready = True
            if not place.final:
                self._prepare(place)
        return place

    def _prepare(self, place: At) -> None:
        active = place.snapshot.active
        events = {event for state, event in self._candidates if state in active}
        due = {self._timer_asks[edge.id] for edge in self._due.of(active)}
        kept: set[int] = set()
        for ask, asked in enumerate(self.asks):
            if asked.command is None:
                if ask in due:
                    place.asks.append(ask)
            elif asked.name in events:
                place.asks.append(ask)
            elif self.program.unhandled(place.snapshot, asked.command) == "defer":
                kept.add(ask)
        place.kept = frozenset(kept)
        if self._plain:
            place.ways = {ask: self._ways(active[0], self.asks[ask]) for ask in place.asks}
            if not (self._acting or kept or self._exactly):
                place.plain = self._remembering(place)

    def _remembering(self, place: At) -> Plain:
        """The ways out of a place, with what is remembered of those that other states share."""
        return tuple(
            (ask, self.asks[ask].command, tuple((*way[:4], self._memo(ask, way)) for way in ways))
            for ask, ways in place.ways.items()
        )

    def _memo(self, ask: int, way: Way) -> array[int] | None:
        shared = self._shared[way[:2]] > 1 and self.asks[ask].command is not None
        if not shared or not self.room:
            return None
        key = ask, way[:2]
        if key not in self._memos:
            self._memos[key] = array("l", [UNKNOWN]) * self.room
        return self._memos[key]

    def grow(self) -> None:
        """Make room for the numbers of more data; where that is too much nothing is remembered."""
        more = self.room * len(self._memos)
        if more < _MOST:
            for memo in self._memos.values():
                memo.extend(array("l", [UNKNOWN]) * self.room)
            self.room *= 2
            return
        self.room = sys.maxsize
        self._memos.clear()
        self._shared.clear()
        for place in self.places:
            place.plain = None if place.plain is None else self._remembering(place)

    def _ways(self, state: str, asked: Ask) -> tuple[Way, ...]:
        if asked.command is None:
            candidates: Candidates = ((self._edges[asked.edge], ()),)
        else:
            candidates = self._candidates[state, asked.name]
        found: list[Way] = []
        for edge, guards in candidates:
            to = self.number(self.program.chart.take(Snapshot((state,)), (edge,)).after)
            found.append((guards, self.program.handler(edge.id), edge.id, to, not edge.stays))
        return tuple(found)
