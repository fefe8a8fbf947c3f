"""A compiled workflow at work: runs one segment of the author's function at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

from interlock.machines.compiler.binding import Binding
from interlock.machines.compiler.blocks import CAUGHT
from interlock.machines.compiler.emit import BOUNCED, RAISED, RETURNED
from interlock.machines.compiler.noted import Token
from interlock.machines.compiler.support import Writes
from interlock.machines.compiler.touches import END
from interlock.machines.facts import Facts
from interlock.machines.ir import Machine
from interlock.machines.migration import Migrations
from interlock.machines.program import Ended, Paused, Place, Raised, Returned
from interlock.store.values import Touch, Types

Segment = Callable[..., tuple[Any, ...]]
Touching = Callable[[int, int, Set[str | Token]], Mapping[str, Touch]]
Binder = Callable[..., dict[str, Any]]
_EXITS = (KeyboardInterrupt, SystemExit, GeneratorExit)


class Stop:
    """A place with what is needed to go on behind it.

    Attributes:
        place: what the engine sees.
        block: number of the block behind the await.
        where: number of the block that evaluates the wait's condition, -1 for none.
        active: hidden variable of the exception being handled there, None for none.
        touched: by the pause before it, how the segment between them uses its variables, unless it
            turns out to change more.
    """

    __slots__ = ("active", "block", "hidden", "index", "place", "touched", "where")

    def __init__(
        self, place: Place, index: int, block: int, where: int, active: str | None
    ) -> None:
        self.place = place
        self.index = index
        self.block = block
        self.where = where
        self.active = active
        self.touched: dict[int, Mapping[str, Touch]] = {}
        self.hidden = frozenset(name for name in place.live if name[0] == ".")


class CompiledProgram:
    """Implements `interlock.machines.program.Program`.

    Attributes:
        failures: the errors that can leave it, as far as declared.
        compensates: whether a call of it, or of its helpers, has an undo.
        unassigned: variables that some path reads before it has assigned them.
        annotations: the types of its own variables, as far as they are declared.
        migrations: what its author says about runs of other definitions.
    """

    def __init__(
        self,
        machine: Machine,
        types: Types,
        function: Callable[..., Any],
        segment: Segment,
        stops: Sequence[Stop],
        touches: Touching,
        calls: Mapping[str, Place],
        *,
        bind: Binder | None = None,
        failures: tuple[type[BaseException], ...] = (),
        compensates: bool = False,
        unassigned: frozenset[str] = frozenset(),
        annotations: Mapping[str, Any] | None = None,
        finder: Callable[[], Facts] = Facts,
    ) -> None:
        self.machine = machine
        self.types = types
        self.places: Mapping[str, Place] = {stop.place.state: stop.place for stop in stops}
        self.calls = calls
        self.failures = failures
        self.compensates = compensates
        self.unassigned = unassigned
        self.annotations: Mapping[str, Any] = annotations or {}
        self.migrations = Migrations()
        self._finder = finder
        self._facts: Facts | None = None
        self._bind = bind  # of a helper, whose arguments come from the workflow's own code
        self._binding = Binding(function)
        self._segment = segment
        self._stops: tuple[Stop, ...] = tuple(stops)
        self._by_state = {stop.place.state: stop for stop in stops}
        self._touches = touches

    @property
    def facts(self) -> Facts:
        """What its code says that the graph does not; looked for when it is asked for."""
        if self._facts is None:
            self._facts = self._finder()
        return self._facts

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The first frame: parameters by name, defaults applied.

        Raises:
            TypeError: the arguments do not fit the signature.
        """
        if self._bind is not None:
            around = {name[1:]: value for name, value in kwargs.items() if name[0] == "."}
            own = {name: value for name, value in kwargs.items() if name[0] != "."}
            frame = self._bind(*args, **own) | around
            frame.pop(".locals", None)  # what it is bound by, no parameter
            return frame
        return self._binding.frame(args, kwargs)

    def start(self, frame: dict[str, Any]) -> Ended:
        """Run from the beginning to the first await or the end."""
        given = {} if self._bind is None else frame.copy()
        return self._run(-1, 0, None, frame, None, None, given)

    def resume(self, state: str, frame: dict[str, Any], value: Any) -> Ended:
        """Go on behind the await of `state`, which gave `value`."""
        stop = self._by_state[state]
        active = None if stop.active is None else frame.get(stop.active)
        given = {".value": value} if stop.place.kind == "helper" else {}
        return self._run(stop.index, stop.block, active, frame, value, None, given)

    def throw(self, state: str, frame: dict[str, Any], error: BaseException) -> Ended:
        """Go on at the await of `state`, which raised `error`."""
        stop = self._by_state[state]
        active = None if stop.active is None else frame.get(stop.active)
        given = {CAUGHT: error} if stop.place.kind == "helper" else {}
        return self._run(stop.index, stop.block, active, frame, None, error, given)

    def where(self, state: str, frame: dict[str, Any]) -> Callable[[Any], bool] | None:
        """The `where=` of the wait at `state`, evaluated with the variables recorded there."""
        condition: Callable[[Any], bool] | None = self._evaluated(state, frame)
        return condition

    def rules(self, state: str, frame: dict[str, Any]) -> tuple[Any, Any]:
        """`approvers=` and `escalate=` of the approval at `state`, evaluated as `where` is."""
        return self._evaluated(state, frame) or (None, None)

    def _evaluated(self, state: str, frame: dict[str, Any]) -> Any:
        """What the block gives that was written for this await besides its call; None for none."""
        stop = self._by_state[state]
        if stop.where < 0:
            return None
        answer = self._segment(stop.where, frame, None, None, False, Writes())
        if answer[0] == RAISED:
            raise answer[1]
        return answer[1]

    def _run(
        self,
        index: int,
        block: int,
        active: BaseException | None,
        frame: dict[str, Any],
        value: Any,
        error: BaseException | None,
        given: dict[str, Any],
    ) -> Ended:
        writes = Writes()
        if error is None and active is None:
            answer = self._segment(block, frame, value, None, False, writes)
        else:
            context = None if error is None else error.__context__
            answer = self._under(active, block, frame, value, error, False, writes)
            if error is not None:
                _set_context(error, context, active)
        while answer[0] == BOUNCED:
            _, block, active, frame = answer
            answer = self._under(active, block, frame, None, None, True, writes)
        if answer[0] >= 0:
            return self._paused(index, answer, writes, given)
        if answer[0] == RAISED and isinstance(answer[1], _EXITS):
            raise answer[1]
        return self._finished(index, answer, writes, given)

    def _finished(
        self, index: int, answer: tuple[Any, ...], writes: Writes, given: dict[str, Any]
    ) -> Returned | Raised:
        ended = Returned if answer[0] == RETURNED else Raised
        if self._bind is None:
            return ended(answer[1])
        touched = self._touches(index, END, writes.deep)
        return ended(answer[1], *_handed({}, touched, given), writes.pairs)

    def _paused(
        self, index: int, answer: tuple[Any, ...], writes: Writes, given: dict[str, Any]
    ) -> Paused:
        number: int
        frame: dict[str, Any]
        number, (args, kwargs), frame = answer
        stop = self._stops[number]
        if ".n" in frame:  # it has all names
            keep = stop.hidden
            frame = {n: v for n, v in frame.items() if n[0] != "." or n in keep}
        touched = None if writes.deep else stop.touched.get(index)
        if touched is None:
            touched = self._touched(stop, index, writes)
        if given:
            frame, touched = _handed(frame, touched, given)
        return Paused(stop.place, args, kwargs, frame, touched, writes.pairs)

    def _touched(self, stop: Stop, index: int, writes: Writes) -> Mapping[str, Touch]:
        touched = self._touches(index, stop.index, writes.deep)
        if not writes.deep:
            stop.touched[index] = touched
        return touched

    def _under(self, active: BaseException | None, *call: Any) -> tuple[Any, ...]:
        """Run a segment while `active` is the exception being handled, as in an `except` block."""
        if active is None:
            return self._segment(*call)
        traceback, context = active.__traceback__, active.__context__
        try:
            raise active
        except BaseException:
            active.__traceback__, active.__context__ = traceback, context
            return self._segment(*call)


def _handed(
    frame: dict[str, Any], touched: Mapping[str, Touch], given: dict[str, Any]
) -> tuple[dict[str, Any], Mapping[str, Touch]]:
    """With what came from another frame, which the segment may have changed and let go of."""
    mentioned = {name: value for name, value in given.items() if name in touched}
    named = {f"({name})": value for name, value in mentioned.items()}
    return frame | named, {**touched, **{f"({name})": touched[name] for name in mentioned}}


def _set_context(
    error: BaseException, context: BaseException | None, active: BaseException | None
) -> None:
    """Give an exception that was thrown in the context it would have had, raised by the call.

    Raising it at the await replaced its own context; that one comes back, and the exception that
    was being handled stands behind it.
    """
    if context is None or context is active:
        error.__context__ = active if active is not error else context
        return
    error.__context__ = context
    last, seen = context, {id(error)}
    while last.__context__ is not None and id(last) not in seen:
        seen.add(id(last))
        last = last.__context__
    if active is not None and last is not active and active is not error and id(last) not in seen:
        last.__context__ = active
