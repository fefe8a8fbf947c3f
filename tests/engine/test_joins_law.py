"""Law: whatever order calls end in, and wherever the engine dies, joins give what they would."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import given, note
from hypothesis import strategies as st

from engine import fans
from engine.board import Board, Life
from engine.fans import FLOWS, STOPS, Plan
from interlock.projections import RunState


@st.composite
def plans(draw: Any) -> tuple[str, Plan]:
    how = draw(st.sampled_from([*FLOWS]))
    items = draw(st.lists(st.integers(0, 9), min_size=3, max_size=7))
    failing = draw(st.lists(st.integers(0, len(items) - 1), max_size=1 if how in STOPS else 4))
    for index in failing:
        items[index] = -1 - items[index]
    return how, Plan(items, draw(st.integers(1, 4)), draw(st.integers(1, 4)))


def shown(value: Any) -> str:
    """A result as text, exceptions with their arguments and notes."""
    kind = type(value).__name__
    parts: Any = [*value.items()] if kind == "dict" else getattr(value, "exceptions", value)
    if kind in ("dict", "list", "tuple", "ExceptionGroup"):
        return f"{kind}({', '.join(map(shown, parts))})"
    if isinstance(value, BaseException):
        return f"{kind}{value.args!r} {getattr(value, '__notes__', [])}"
    inside = getattr(value, "value", getattr(value, "error", None))
    return repr(value) if inside is None else f"{kind} {shown(inside)}"


async def sequentially(how: str, plan: Plan) -> str:
    """What Python gives when every call ends at once."""
    fans.BOARD[-1].patient = False
    try:
        return shown(await FLOWS[how].function(replace(plan, pause="0 s")))
    except Exception as error:
        return f"raised {shown(error)}"
    finally:
        fans.BOARD[-1].patient = True


def ended(how: str, state: RunState) -> str:
    types = FLOWS[how].program.types
    if state.status == "completed":
        return shown(state.image.decode(types, state.result))
    assert state.error is not None
    return f"raised {shown(state.image.decode(types, state.error.value))}"


@given(
    plan=plans(),
    seed=st.integers(0, 2**32),
    crashes=st.lists(st.tuples(st.integers(1, 15), st.booleans()), max_size=4),
)
def test_results_are_those_of_the_sequential_run(
    plan: tuple[str, Plan], seed: int, crashes: list[tuple[int, bool]]
) -> None:
    async def main() -> None:
        fans.BOARD.append(Board())
        expected = await sequentially(*plan)
        life = Life(fans.BOARD[-1], Random(seed), crashes)
        state = await life.live(FLOWS[plan[0]], plan[1])
        note(f"{life.died} crashes, {dict(life.board.made)}")
        assert ended(plan[0], state) == expected
        life.check()
        fans.BOARD.pop()

    asyncio.run(main())
