"""Corners of Python's semantics, each compared with Python itself and across JSON."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from typing import Any

import pytest

from interlock.machines.compiler import compile_workflow
from interlock.machines.compiler.support import EndlessIterable
from interlock.machines.program import Paused, Raised, Returned
from machines.programs import Script, names
from machines.scripted import Restored, compiled, define, natively
from machines.snippets import CONTROL
from machines.snippets_newer import NEWER
from machines.snippets_values import VALUES

BODIES = {**CONTROL, **VALUES, **NEWER}


def _note(log: list[Any]) -> Callable[[Any], Any]:
    class Called(int):
        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            return args, kwargs

    def note(value: Any) -> Any:
        log.append(value)
        return Called(value) if isinstance(value, int) else value

    return note


class Box:
    """Something with an attribute; kept out of JSON by the programs that use it."""

    def __init__(self, n: int) -> None:
        self.n = n

    def add(self) -> int:
        self.n += 1
        return self.n


def _info() -> str:
    return repr(sys.exc_info()[1])


def _space() -> tuple[dict[str, Any], Script, list[Any]]:
    from interlock.machines.step import step

    script, log = Script([7]), list[Any]()
    space = names(script)

    @step
    async def act(*args: Any) -> int:
        script.outcome.calls.append(f"act {args!r}")
        return 7

    @step
    async def zero(*args: Any) -> int:
        script.outcome.calls.append(f"zero {args!r}")
        return 0

    @step
    async def boom(*args: Any) -> int:
        script.outcome.calls.append(f"boom {args!r}")
        raise ValueError(*args)

    @step
    async def listed(*args: Any) -> list[int]:
        script.outcome.calls.append(f"listed {args!r}")
        return [8, 9]

    space |= {
        "act": act,
        "zero": zero,
        "boom": boom,
        "listed": listed,
        "Box": Box,
    }
    return space | {"note": _note(log), "info": _info, "itertools": itertools}, script, log


def _define(body: str, space: dict[str, Any]) -> Callable[..., Any]:
    text = "".join(f"    {line}\n" for line in body.strip("\n").splitlines())
    return define(f"async def flow(a, b=2):\n{text}", space)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_as_in_python(body: str) -> None:
    space, script, log = _space()
    flow = _define(body, space)
    expected = natively(flow, script, [1])
    noted = list(log)
    log.clear()
    found = compiled(compile_workflow(flow), script, [1])
    assert found == expected
    assert log == noted


RECORDABLE = {name: b for name, b in BODIES.items() if "Box" not in b and "note(" not in b}
"""Those whose variables a log can hold."""


@pytest.mark.parametrize("body", RECORDABLE.values(), ids=RECORDABLE)
def test_as_in_python_when_restored(body: str) -> None:
    space, script, _ = _space()
    flow = _define(body, space)
    expected = natively(flow, script, [1])
    assert compiled(compile_workflow(flow), script, [1], Restored()) == expected


def test_closures_and_defaults() -> None:
    space, _, _ = _space()
    source = """
def make(base):
    extra = [base]
    async def flow(a, /, b=5, *rest, key="k", **more):
        extra.append(await act(a, b, base))
        return extra, rest, key, more
    return flow
"""
    flow = define(source, space, "make")("base")
    program = compile_workflow(flow)
    assert program.bind((1,), {}) == {"a": 1, "b": 5, "rest": (), "key": "k", "more": {}}
    paused = program.start(program.bind((1, 2, 3), {"key": "x", "z": 9}))
    assert isinstance(paused, Paused)
    assert paused.args == (1, 2, "base")
    ended = program.resume("act", paused.frame, 7)
    assert ended == Returned((["base", 7], (3,), "x", {"z": 9}))
    with pytest.raises(TypeError):
        program.bind((), {})


@pytest.mark.parametrize(
    "iterable",
    [
        "itertools.count()",
        "itertools.cycle([1])",
        "itertools.repeat(1)",
        "map(abs, itertools.count())",
    ],
)
def test_an_endless_iterable_is_refused(iterable: str) -> None:
    space, _, _ = _space()
    program = compile_workflow(_define(f"for x in {iterable}:\n    await act(x)", space))
    ended = program.start(program.bind((1,), {}))
    assert isinstance(ended, Raised)
    assert isinstance(ended.error, EndlessIterable)
    assert "ILK067" in str(ended.error)


def test_a_finite_repeat_is_walked() -> None:
    space, script, _ = _space()
    flow = _define("for x in itertools.repeat(a, 2):\n    await act(x)", space)
    assert compiled(compile_workflow(flow), script, [1]).calls == ["act (1,)", "act (1,)"]


def test_an_interrupt_is_not_an_outcome() -> None:
    space, _, _ = _space()
    program = compile_workflow(_define("await act(1)\nraise KeyboardInterrupt", space))
    paused = program.start(program.bind((1,), {}))
    assert isinstance(paused, Paused)
    with pytest.raises(KeyboardInterrupt):
        program.resume("act", paused.frame, 1)
