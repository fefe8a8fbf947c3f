"""Which variables a pause answers with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from interlock.machines.compiler import compile_workflow
from interlock.machines.compiler.program import CompiledProgram
from interlock.machines.program import Paused
from machines.programs import Script, names
from machines.scripted import define


def _compiled(body: str) -> CompiledProgram:
    from interlock.machines.step import step

    @step
    async def act(*args: Any, **kwargs: Any) -> int:
        return 7

    text = "".join(f"    {line}\n" for line in body.strip("\n").splitlines())
    flow: Callable[..., Any] = define(
        f"async def flow(a, b=2):\n{text}", names(Script([7])) | {"act": act}
    )
    return compile_workflow(flow)


def _first(body: str, a: object = 1) -> Paused:
    program = _compiled(body)
    paused = program.start(program.bind((a,), {}))
    assert isinstance(paused, Paused)
    return paused


def test_it_holds_what_is_live_and_what_the_segment_mentions() -> None:
    paused = _first("dead = 3\nx = 4\nawait act(1)\nreturn x")
    assert paused.frame == {"dead": 3, "x": 4}
    assert paused.place.live == ("x",)


def test_what_is_mentioned_on_one_path_only_is_none_on_the_others() -> None:
    body = "if a:\n    x = [a]\nawait act(1)\nreturn b"
    assert _first(body, 1).frame == {"a": 1, "b": 2, "x": [1]}
    assert _first(body, 0).frame == {"a": 0, "b": 2, "x": None}


def test_what_the_code_itself_may_leave_unbound_is_left_out() -> None:
    live = "if a:\n    x = [a]\nawait act(1)\nreturn x"
    assert _first(live, 1).frame["x"] == [1]
    assert "x" not in _first(live, 0).frame
    deleted = _first("x = [a]\ny = x\ndel x\nawait act(1)\nreturn y")
    assert "x" not in deleted.frame
    assert deleted.frame["y"] == [1]
    caught = _first("try:\n    a / 0\nexcept ZeroDivisionError as e:\n    b = 5\nawait act(b)")
    assert "e" not in caught.frame
    assert caught.args == (5,)


def test_a_variable_that_a_moved_run_has_not_is_left_out() -> None:
    program = _compiled("x = 4\nawait act(1)\ny = await act.named('again')(2)\nreturn x + y")
    paused = program.start(program.bind((1,), {}))
    assert isinstance(paused, Paused)
    assert paused.frame == {"x": 4}
    behind = program.resume(paused.place.state, {}, 7)
    assert isinstance(behind, Paused)
    assert "x" not in behind.frame


def test_arguments_are_evaluated_in_order_whatever_their_form() -> None:
    paused = _first("n = [1]\nawait act(n.pop(), *[len(n)], k=len(n), **{'m': len(n)})")
    assert (paused.args, paused.kwargs) == ((1, 0), {"k": 0, "m": 0})
    paused = _first("n = [1]\nawait act(n.pop(), len(n), k=len(n))")
    assert (paused.args, paused.kwargs) == ((1, 0), {"k": 0})
