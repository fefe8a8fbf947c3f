"""A compiled workflow does what its function does: first examples."""

from __future__ import annotations

from interlock.machines.compiler import compile_workflow
from interlock.machines.program import Paused, Raised, Returned
from interlock.machines.step import step
from interlock.machines.waits import approval


@step
async def charge(order: str) -> str:
    return f"paid {order}"


@step
async def ship(order: str, payment: str) -> str:
    return f"shipped {order}"


async def checkout(orders: list[str], limit: int = 2) -> list[str]:
    done: list[str] = []
    for order in orders:
        payment = await charge(order)
        if len(order) > limit:
            decision = await approval("manager", about=order)
            if not decision.granted:
                raise ValueError(order)
        done.append(await ship(order, payment))
    return done


def test_a_segment_ends_at_each_await() -> None:
    program = compile_workflow(checkout)
    paused = program.start(program.bind((["a", "bcd"],), {}))
    assert isinstance(paused, Paused)
    assert (paused.place.state, paused.args, paused.kwargs) == ("charge", ("a",), {})
    paused = program.resume("charge", paused.frame, "p1")
    assert isinstance(paused, Paused)
    assert (paused.place.state, paused.args) == ("ship", ("a", "p1"))
    paused = program.resume("ship", paused.frame, "s1")
    assert isinstance(paused, Paused)
    paused = program.resume("charge", paused.frame, "p2")
    assert isinstance(paused, Paused)
    assert paused.place.state == "approval:manager"
    assert paused.kwargs == {"about": "bcd"}
    ended = program.throw("approval:manager", paused.frame, KeyError("gone"))
    assert isinstance(ended, Raised)
    assert ended.error.__traceback__ is not None
    assert ended.error.__traceback__.tb_lineno == paused.place.line


def test_an_empty_loop_returns_at_once() -> None:
    program = compile_workflow(checkout)
    assert program.start(program.bind(([],), {"limit": 1})) == Returned([])
