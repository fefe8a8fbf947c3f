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

from interlock.machines.compiler import compile_workflow
from interlock.machines.program import Ended, Paused, Place, Program, Raised, Returned
from interlock.store.values import Image, Memory

_files = count()
_UNBOUND = re.compile(
    r"(UnboundLocal|Name)Error\(.cannot access (free|local) variable [\w\\']+ where it is not "
    r"associated with a value( in enclosing scope)?"
)


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
        """With one text for all unbound variables.

        An awaiting comprehension is a loop when compiled: a variable around it is no longer the
        free variable of an inner function, as Python's message would call it.
        """
        self.calls = [_UNBOUND.sub("unbound", call) for call in self.calls]
        self.result = _UNBOUND.sub("unbound", self.result)
        return self


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
    ended = program.start(program.bind(tuple(values), frame))
    while isinstance(ended, Paused):
        ended = _follow(program, script, keeper, ended)
    assert isinstance(ended, Returned | Raised)
    outcome.result = repr(ended.value) if isinstance(ended, Returned) else describe(ended.error)
    return outcome.comparable()


def _follow(program: Program, script: Any, keeper: Any, paused: Paused) -> Ended:
    place: Place = paused.place
    assert place.step is not None
    assert {name for name in place.live if name in paused.frame} <= set(paused.frame)
    args, kwargs = copy.deepcopy((paused.args, paused.kwargs))
    frame = keeper.keep(program, paused)
    value, raised = _finished(place.step(*args, **kwargs))
    if raised is not None:
        return program.throw(place.state, frame, keeper.adopt(program, raised))
    return program.resume(place.state, frame, keeper.adopt(program, value))


class PassedOn:
    """The frame goes from segment to segment as it is, reduced to what is live."""

    def begin(self, program: Program, args: list[Any]) -> tuple[dict[str, Any], list[Any]]:
        return {}, args

    def keep(self, program: Program, paused: Paused) -> dict[str, Any]:
        return {n: paused.frame[n] for n in paused.place.live if n in paused.frame}

    def adopt(self, program: Program, value: Any) -> Any:
        return value


class Restored(PassedOn):
    """The frame is written as JSON deltas, and read back by folding them all."""

    def __init__(self) -> None:
        self.deltas: list[bytes] = []

    def begin(self, program: Program, args: list[Any]) -> tuple[dict[str, Any], list[Any]]:
        self.memory = Memory(program.types)
        values = [self.memory.adopt(value)[1] for value in args]
        self._write(self.memory.take())
        return {}, values

    def keep(self, program: Program, paused: Paused) -> dict[str, Any]:
        place = paused.place
        delta = self.memory.record(paused.frame, place.live, paused.touched, paused.writes)
        self._write(delta)
        return self._restore(program)

    def adopt(self, program: Program, value: Any) -> Any:
        _, adopted = self.memory.adopt(value)
        self._write(self.memory.take())
        return adopted

    def _write(self, delta: Any) -> None:
        self.deltas.append(msgspec.json.encode(delta))

    def _restore(self, program: Program) -> dict[str, Any]:
        from interlock.store.event import Delta

        image = Image()
        for text in self.deltas:
            image.apply(msgspec.json.decode(text, type=Delta | None))
        self.memory, frame = Memory.restore(program.types, image)
        return frame


def compile_source(source: str, names: Mapping[str, Any]) -> tuple[Callable[..., Any], Program]:
    """A function from source text, and its program."""
    flow = define(source, names)
    return flow, compile_workflow(flow)
