"""One exploration: from place to place, breadth first, each looked at once.

Data are counted: equal ones are one number, wherever a run has them. What a method makes of data is
asked once for all states that share it, as it is given nothing else.
"""

from __future__ import annotations

import gc
from array import array
from typing import Any

from interlock.machines.proof.asking import Failed, Move, Plain, made_by
from interlock.machines.proof.found import Found
from interlock.machines.proof.in_time import LOOKED
from interlock.machines.proof.keys import Key, key_of
from interlock.machines.proof.moving import KEPT, REFUSED, UNKNOWN, Moving
from interlock.machines.proof.result import Event

_REMEMBERED = 200_000
"""How many data are held for good; others, once nothing waits for them, are made again if asked."""


class Search:
    """One exploration."""

    def __init__(self, found: Found, moving: Moving, limit: int) -> None:
        self.found = found
        self.moving = moving
        self.limit = limit
        self._known: list[dict[Any, int]] = []  # of each configuration the places by their data
        self._numbers: dict[Key, int] = {}
        self._keys: list[Key] = []
        self._waiting = array("l")  # by data: places that were not looked on from yet
        self._key = key_of(moving.program.data_type)
        self._entered: set[int] = set()
        self._held = 0
        found.asks, found.configurations = moving.asks, moving.places
        found.taken, found.entered, found.again = moving.taken, moving.entered, self._again
        self._open = list(found.invariants)

    def run(self, starts: list[Any]) -> bool:
        """Look until nothing is left, or the limit is reached; False where code is not pure."""
        collecting = gc.isenabled()
        gc.disable()  # nothing of what is made goes round in circles
        try:
            for data in starts:
                self._come(self.moving.begin(data), -1, -1)
            self._held = max(_REMEMBERED, len(self.found.datas))
            return self._all()
        finally:
            if collecting:
                gc.enable()

    def _all(self) -> bool:
        found, limit = self.found, self.limit
        while found.looked < len(found.at) and len(found.at) <= limit:
            if not self._from(found.looked):
                return False
        if self.moving.full:
            said = f"at most {KEPT} commands kept for later at a time"
            found.whole, found.samples = False, (*found.samples, said)
        return True

    def _from(self, number: int) -> bool:
        """Look on from one place; False when its data have changed by that."""
        found = self.found
        found.looked = number + 1
        found.starts.append(len(found.onward))
        at, own, kept = found.at[number], found.of[number], found.kept.get(number, ())
        data = found.datas[own]
        self._waiting[own] -= 1
        if found.configurations[at].final:
            return True
        place = self.moving.prepared(at)
        self._widen()
        if place.plain is not None and not kept:
            called = self._plainly(place.plain, number, own, data)
        else:
            called = True
            for ask, move in self.moving.moves(at, data, kept):
                self._lead(move, number, ask)
        same = not called or self._key(data) == self._keys[own]
        if own >= self._held and not self._waiting[own]:
            found.datas[own] = None
        return same

    def _plainly(self, plain: Plain, number: int, own: int, data: Any) -> bool:
        """Where no state is nested, nothing is kept and there are no effects: without detours.

        Returns:
            whether any of the author's functions was asked.
        """
        kind, taken = self.moving.program.data_type, self.moving.taken
        known, onward, called = self._known, self.found.onward, False
        for ask, command, ways in plain:
            to, behind, new = -1, -1, None
            try:
                for guards, handler, edge, place, memo in ways:
                    behind = UNKNOWN if memo is None else memo[own]
                    if behind >= 0:
                        new = self.found.datas[behind]
                    if behind == UNKNOWN or (new is None and behind not in known[place]):
                        called, new = True, made_by(guards, handler, command, data, kind)
                        behind = own if new is data else self._number(new)
                        if memo is not None:
                            memo[own] = behind
                    if behind != REFUSED:
                        to = place
                        taken.add(edge)
                        break
            except Exception:
                self._exactly(number, ask)
                continue
            if to >= 0:
                there = known[to].get(behind)
                if there is None:
                    self._new(to, behind, new, (), number, ask)
                else:
                    onward.append(there)
        return called

    def _exactly(self, number: int, ask: int) -> None:
        """Something odd came of an event: it is asked for once more as a run asks."""
        found = self.found
        try:
            move = self.moving.exact(ask, found.at[number], found.datas[found.of[number]])
        except Failed:
            self._failed(number, ask)
            return
        if move is not None:
            self._come(move, number, ask)

    def _lead(self, move: Move | None, number: int, ask: int) -> None:
        if move is None:
            self._failed(number, ask)
        else:
            self._come(move, number, ask)

    def _failed(self, number: int, ask: int) -> None:
        found = self.found
        if found.failed is None:
            asked = self.moving.asks[ask]
            try:
                self.moving.exact(ask, found.at[number], found.data_of(number))
            except Failed as error:
                event = Event(asked.name, asked.command, asked.edge, "")
                if self._in_time("", number, event):
                    found.failed = number, event, str(error)

    def _in_time(self, name: str, number: int, last: Event | None = None) -> bool:
        """Whether a counter-example is one; of some that come at no time the rest is left out."""
        untimely = self.found.untimely
        if untimely[name] >= LOOKED:
            return False
        if self.found.in_time(number, last):
            return True
        untimely[name] += 1
        return False

    def _come(self, move: Move, before: int, ask: int) -> None:
        """Note where something leads, if nobody has been there."""
        at, data, kept, entered = move
        own = self._number(data)
        self._widen()
        number = self._known[at].get((own, kept) if kept else own)
        if entered and (number is None or number not in self._entered):
            try:
                self.moving.enter(at, data)
            except Failed:
                self._failed(before, ask)
                return
            self._entered.add(len(self.found.at) if number is None else number)
        if number is None:
            self._new(at, own, data, kept, before, ask)
        elif before >= 0:
            self.found.onward.append(number)

    def _widen(self) -> None:
        """Places are known by their configuration; of those there may be more by now."""
        while len(self._known) < len(self.moving.places):
            self._known.append({})

    def _number(self, data: Any) -> int:
        """The number of data, a new one if there were none like these; of None that of a no."""
        if data is None:
            return REFUSED
        key = self._key(data)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._keys)
            self._keys.append(key)
            self.found.datas.append(data)
            self._waiting.append(0)
            if number >= self.moving.room:
                self.moving.grow()
        return number

    def _new(
        self, at: int, own: int, data: Any, kept: tuple[int, ...], before: int, ask: int
    ) -> None:
        """A place that nobody has been at."""
        found = self.found
        number = self._known[at][(own, kept) if kept else own] = len(found.at)
        self._waiting[own] += 1
        found.datas[own] = data
        found.at.append(at)
        found.of.append(own)
        if kept:
            found.kept[number] = kept
        found.before.append(before)
        found.by.append(ask)
        if before >= 0:
            found.onward.append(number)
        if self._open:
            self._look(number, at, data)

    def _look(self, number: int, at: int, data: Any) -> None:
        active = self.found.configurations[at].snapshot.active
        for invariant in self._open:
            why = invariant.broken(active, data)
            if why is not None and self._in_time(invariant.name, number):
                self.found.broken[invariant.name] = number, why
        if self.found.broken:
            self._open = [one for one in self._open if one.name not in self.found.broken]

    def _again(self, number: int) -> Any:
        """The data of a place that were let go: what led there happens once more."""
        found, way = self.found, list[int]()
        while found.datas[found.of[number]] is None:
            way.append(number)
            number = found.before[number]
        data = found.datas[found.of[number]]
        for place in reversed(way):
            start = found.before[place]
            for ask, move in self.moving.moves(found.at[start], data, found.kept.get(start, ())):
                if ask == found.by[place] and move is not None:
                    data = move[1]
                    break
        return data
