"""A thread of a run: the workflow's own code, or a branch, with the helpers it is inside of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from interlock.machines.changes import Changes
from interlock.machines.program import Ended, Paused, Place, Program, Raised, Returned
from interlock.machines.segment import Segment, at_instant
from interlock.machines.selector import edge_exists
from interlock.projections import RunState
from interlock.store.event import Delta
from interlock.store.fresh import new_dict
from interlock.store.values import Memory


@dataclass(slots=True)
class Level:
    """A function that has begun and not returned.

    Attributes:
        program: compiled from it.
        prefix: what its variables and states are called beside their own names: `review/`.
        state: its own name of the state it is at.
        frame: its variables.
    """

    program: Program
    prefix: str
    state: str
    frame: dict[str, Any] = field(default_factory=new_dict)


class Thread:
    """Runs segments; a helper that is awaited is a deeper level of the same thread.

    All levels share one memory, so that objects stay the same ones between a helper and its
    caller. Variables are recorded as the name of the level's state and their own.

    Attributes:
        id: the activity that it is, "" for the workflow itself.
        root: what names of its states begin with.
        memory: of its variables.
        levels: from the outermost.
        segment: what the running code notes down.
    """

    def __init__(self, id: str, root: str, program: Program, memory: Memory) -> None:  # noqa: A002  as in the fold
        self.id = id
        self.root = root
        self.memory = memory
        self.levels = [Level(program, "", program.machine.initial)]
        self.segment: Segment | None = None
        self._changes = Changes()
        self._recorded: Paused | None = None

    def _running(self) -> None:
        """Say which function's code runs from here on."""
        if self.segment is not None:
            self.segment.where = f"{self.root}{self.inner.prefix}"

    @property
    def inner(self) -> Level:
        """The function that stands still at an await."""
        return self.levels[-1]

    def restore(self, state: str, variables: Mapping[str, Any]) -> None:
        """Be where the log says: at a state, by its whole name."""
        rest = state.removeprefix(self.root)
        level = self.levels[0]
        while True:
            entered = helper_at(level.program, rest)
            level.state = rest if entered is None else entered.state
            level.frame = _own(variables, level.prefix)
            if entered is None:
                return
            assert entered.program is not None  # only those are entered
            rest = rest[len(entered.state) + 1 :]
            prefix = f"{level.prefix}{entered.state}/"
            level = Level(entered.program, prefix, entered.program.machine.initial)
            self.levels.append(level)

    def start(self, frame: dict[str, Any]) -> Ended:
        """Run the outermost function from its beginning."""
        return self._go(self.inner.program.start(frame))

    def resume(self, value: object) -> Ended:
        """Go on behind the await that it stands at."""
        level = self.levels[-1]
        return self._go(level.program.resume(level.state, level.frame, value))

    def throw(self, error: BaseException) -> Ended:
        """Raise at the await that it stands at."""
        level = self.inner
        return self._go(level.program.throw(level.state, level.frame, error))

    def wants(self, command: object, now: datetime) -> bool:
        """What the `where=` of the wait that it stands at says to a command."""
        level = self.inner
        with at_instant(now):
            where = level.program.where(level.state, level.frame)
            return where is None or bool(where(command))

    def rules(self) -> tuple[Any, Any]:
        """`approvers=` and `escalate=` of the approval that it stands at."""
        level = self.inner
        return level.program.rules(level.state, level.frame)

    def _go(self, ended: Ended) -> Ended:
        """Enter and leave helpers until the thread waits for something else, or is over."""
        while True:
            level = self.levels[-1]
            if isinstance(ended, Paused):
                edge_exists(level.program.machine, level.state, ended.place.state)
                if ended.place.kind != "helper":
                    return ended
                ended = self._enter(level, ended)
            elif len(self.levels) == 1:
                return ended
            else:
                ended = self._leave(ended)

    def _enter(self, level: Level, paused: Paused) -> Ended:
        program = paused.place.program
        assert program is not None  # a helper's place has one
        self._stand(level, paused)
        self._changes.add(level.prefix, paused)
        wrong: TypeError | None = None
        frame: dict[str, Any] = {}
        try:
            frame = program.bind(paused.args, paused.kwargs)
        except TypeError as error:
            wrong = error  # raised behind the handler, or it would be the context of what follows
        if wrong is not None:
            return level.program.throw(level.state, level.frame, wrong)
        prefix = f"{level.prefix}{paused.place.state}/"
        self.levels.append(Level(program, prefix, program.machine.initial))
        self._running()
        return program.start(frame)

    def reject(self, paused: Paused, error: BaseException) -> Ended:
        """Raise at the await that the code has just come to, which cannot be waited for."""
        level = self.inner
        self._stand(level, paused)
        self._changes.add(level.prefix, paused)
        return self._go(level.program.throw(level.state, level.frame, error))

    def stands_at(self, paused: Paused) -> bool:
        """Whether its variables were looked at there."""
        return self._recorded is paused

    def _leave(self, ended: Returned | Raised) -> Ended:
        left = self.levels.pop()
        self._changes.add(left.prefix, ended)
        level = self.inner
        self._running()
        if isinstance(ended, Returned):
            return level.program.resume(level.state, level.frame, ended.value)
        return level.program.throw(level.state, level.frame, ended.error)

    def _stand(self, level: Level, paused: Paused) -> None:
        """Be where a segment paused."""
        place = paused.place
        level.state = place.state
        level.frame = {name: paused.frame[name] for name in place.live if name in paused.frame}

    def record(self, paused: Paused) -> Delta:
        """Stand at a pause: what the event has to say of the variables."""
        level = self.levels[-1]
        self._recorded = paused
        if len(self.levels) == 1 and not self._changes.segments:
            place, memory = paused.place, self.memory
            delta = memory.record(paused.frame, place.live, paused.touched, paused.writes)
            level.state, level.frame = place.state, memory.variables
            return delta
        self._stand(level, paused)
        self._changes.add(level.prefix, paused)
        delta = self._changes.record(self.memory, [(o.prefix, o.frame) for o in self.levels])
        self._changes = Changes()
        return delta

    @property
    def state(self) -> str:
        """The whole name of the state that it stands at."""
        return f"{self.root}{self.inner.prefix}{self.inner.state}"


def helper_at(program: Program, rest: str) -> Place | None:
    """The helper that a state's name, as its caller knows it, leads into; None for none."""
    if "/" not in rest or rest in program.places:
        return None
    found = None
    for place in (*program.places.values(), *program.calls.values()):
        inside = place.program is not None and rest.startswith(f"{place.state}/")
        if inside and (found is None or len(place.state) > len(found.state)):
            found = place
    return found


def place_at(program: Program, state: str) -> Place:
    """The place of a state or a call, by its whole name.

    Raises:
        KeyError: the machine has none.
    """
    place = program.places.get(state) or program.calls.get(state)
    if place is not None:
        return place
    entered = helper_at(program, state)
    if entered is None or entered.program is None:
        raise KeyError(state)
    return place_at(entered.program, state[len(entered.state) + 1 :])


def can_stand(program: Program, state: str) -> bool:
    """Whether code awaits at a state, and does not only make a call of this name."""
    if state in program.places:
        return True
    entered = helper_at(program, state)
    if entered is None or entered.program is None:
        return False
    return can_stand(entered.program, state[len(entered.state) + 1 :])


def helper_of(place: Place) -> Program:
    """What a place of kind helper enters."""
    assert place.program is not None  # these have one
    return place.program


def stands_at_call(state: RunState) -> bool:
    """Whether one call is under way and nothing else has come: most looks at a run find that."""
    if len(state.pending) != 1 or state.cancel is not None or state.ending is not None:
        return False
    (activity,) = state.pending.values()
    return activity.kind == "step" and activity.status != "done" and not state.threads


def _own(variables: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    size = len(prefix)
    return {
        name[size:]: value
        for name, value in variables.items()
        if name.startswith(prefix) and "/" not in name[size:]
    }
