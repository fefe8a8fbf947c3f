"""Running a workflow with scripted steps: natively, compiled, and restored at every await."""

from __future__ import annotations

import copy
import linecache
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import msgspec

from interlock.machines.changes import Changes
from interlock.machines.compiler import compile_workflow
from interlock.machines.program import Ended, Paused, Place, Program, Returned
from interlock.store.values import Image, Memory

_files = count()
_UNBOUND = re.compile(
    r"(UnboundLocal|Name)Error\(.cannot access (free|local) variable [\w\\']+ where it is not "
    r"associated with a value( in enclosing scope)?"
)
_CALLED = re.compile(r"TypeError\((['\"])\S+( \w+>)? argument after")


def define(source: str, names: Mapping[str, Any], function: str = "flow") -> Callable[..., Any]:
    """Execute source text such that its functions can be read again, as from a file."""
    file = f"<program {next(_files)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    space: dict[str, Any] = {"__name__": __name__, **names}
    exec(compile(source, file, "exec"), space)
    return space[function]  # type: ignore[no-any-return]  # what the source says


@dataclass
class Outcome:
    """What can be seen of an execution from outside.

    Attributes:
        calls: name and arguments of each step call, as text.
        result: text of the result, or the exception with its contexts and causes.
    """

    calls: list[str] = field(default_factory=list[str])
    result: str = ""

    def comparable(self) -> Outcome:
        """With one text for all unbound variables, and for whatever takes `*` and `**`.

        An awaiting comprehension is a loop when compiled: a variable around it is no longer the
        free variable of an inner function, as Python's message would call it.
        """
        self.calls = [_plain(call) for call in self.calls]
        self.result = _plain(self.result)
        return self


def _plain(text: str) -> str:
    return _CALLED.sub(r"TypeError(\1call argument after", _UNBOUND.sub("unbound", text))


def describe(error: BaseException, depth: int = 4) -> str:
    """An exception's type, arguments, cause and context, as text."""
    text = f"{type(error).__name__}{error.args!r}"
    if depth and error.__cause__ is not None:
        text += f" from ({describe(error.__cause__, depth - 1)})"
    if depth and error.__context__ is not None:
        text += f" during ({describe(error.__context__, depth - 1)})"
    return text


def natively(flow: Callable[..., Any], script: Any, args: Sequence[Any]) -> Outcome:
    """Run the author's function as Python does."""
    outcome = script.outcome = Outcome()

    value, error = _finished(flow(*copy.deepcopy(list(args))))
    outcome.result = repr(value) if error is None else describe(error)
    return outcome.comparable()


def _finished(coroutine: Coroutine[Any, Any, Any]) -> tuple[Any, BaseException | None]:
    """What a coroutine that never really waits gives or raises.

    The exception is handed on outside of any handler, which would become its context.
    """
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value, None
    except Exception as error:
        return None, error
    message = "a scripted step does not wait"
    raise AssertionError(message)


def compiled(program: Program, script: Any, args: Sequence[Any], keep: Any = None) -> Outcome:
    """Run the compiled function; `keep` stops and restores it at every await."""
    outcome = script.outcome = Outcome()
    keeper: Any = keep or PassedOn()
    frame, values = keeper.begin(program, copy.deepcopy(list(args)))
    stack = [Level(program, "")]
    ended = _through(stack, keeper, program.start(program.bind(tuple(values), frame)))
    while isinstance(ended, Paused):
        ended = _through(stack, keeper, _follow(stack, keeper, ended))
    outcome.result = repr(ended.value) if isinstance(ended, Returned) else describe(ended.error)
    return outcome.comparable()


@dataclass
class Level:
    """A function that is under way: the workflow, or the helper that the level above awaits.

    Attributes:
        program: its program.
        prefix: what its states and variables are recorded below, such as `review/`.
        place: where it is.
        frame: its variables there.
    """

    program: Program
    prefix: str
    place: Place | None = None
    frame: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def at(self) -> Place:
        """Where it is, once it has been somewhere."""
        assert self.place is not None
        return self.place


def _through(stack: list[Level], keeper: Any, ended: Ended) -> Ended:
    """Enter and leave helpers, until a step is to be called or the workflow is over."""
    while True:
        level = stack[-1]
        keeper.note(level, ended)
        if isinstance(ended, Paused):
            level.place, level.frame = ended.place, ended.frame
            assert set(level.program.machine.by_id) >= {ended.place.state}
            if ended.place.program is None:
                return ended
            ended = _enter(stack, ended)
        elif len(stack) == 1:
            return ended
        else:
            stack.pop()
            level = stack[-1]
            state, frame = level.at.state, _live(level)
            if isinstance(ended, Returned):
                ended = level.program.resume(state, frame, ended.value)
            else:
                ended = level.program.throw(state, frame, ended.error)


def _enter(stack: list[Level], paused: Paused) -> Ended:
    level, state = stack[-1], paused.place.state
    helper = paused.place.program
    assert helper is not None
    wrong: TypeError | None = None
    try:
        frame = helper.bind(paused.args, paused.kwargs)
    except TypeError as error:
        wrong, frame = error, {}
    if wrong is not None:
        return level.program.throw(state, _live(level), wrong)
    stack.append(Level(helper, f"{level.prefix}{state}/"))
    return helper.start(frame)


def _live(level: Level) -> dict[str, Any]:
    return {n: level.frame[n] for n in level.at.live if n in level.frame}


def _follow(stack: list[Level], keeper: Any, paused: Paused) -> Ended:
    program, place = stack[-1].program, paused.place
    assert place.step is not None
    args, kwargs = copy.deepcopy((paused.args, paused.kwargs))
    keeper.keep(stack)
    value, raised = _finished(place.step(*args, **kwargs))
    frame = stack[-1].frame
    if raised is not None:
        return program.throw(place.state, frame, keeper.adopt(program, raised))
    return program.resume(place.state, frame, keeper.adopt(program, value))


class PassedOn:
    """The frames go from segment to segment as they are, reduced to what is live."""

    def begin(self, program: Program, args: list[Any]) -> tuple[dict[str, Any], list[Any]]:
        return {}, args

    def note(self, level: Level, ended: Ended) -> None:
        """Take notice of what a segment did."""

    def keep(self, stack: list[Level]) -> None:
        for level in stack:
            level.frame = _live(level)

    def adopt(self, program: Program, value: Any) -> Any:
        return value


class Restored(PassedOn):
    """The frames are written as JSON deltas, and read back by folding them all."""

    def __init__(self) -> None:
        self.deltas: list[bytes] = []
        self.changes = Changes()

    def begin(self, program: Program, args: list[Any]) -> tuple[dict[str, Any], list[Any]]:
        self.types = program.types
        self.memory = Memory(self.types)
        values = [self.memory.adopt(value)[1] for value in args]
        self._write(self.memory.take())
        return {}, values

    def note(self, level: Level, ended: Ended) -> None:
        self.changes.add(level.prefix, ended)

    def keep(self, stack: list[Level]) -> None:
        under_way = [(level.prefix, _live(level)) for level in stack]
        self._write(self.changes.record(self.memory, under_way))
        self.changes = Changes()
        frames = self._restore()
        for level in stack:
            names = _live(level)
            level.frame = {name: frames[level.prefix + name] for name in names}

    def adopt(self, program: Program, value: Any) -> Any:
        _, adopted = self.memory.adopt(value)
        self._write(self.memory.take())
        return adopted

    def _write(self, delta: Any) -> None:
        self.deltas.append(msgspec.json.encode(delta))

    def _restore(self) -> dict[str, Any]:
        from interlock.store.event import Delta

        image = Image()
        for text in self.deltas:
            image.apply(msgspec.json.decode(text, type=Delta | None))
        self.memory, frame = Memory.restore(self.types, image)
        return frame


def compile_source(source: str, names: Mapping[str, Any]) -> tuple[Callable[..., Any], Program]:
    """A function from source text, and its program."""
    flow = define(source, names)
    return flow, compile_workflow(flow)
