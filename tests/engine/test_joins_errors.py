"""Exceptions: they leave a branch as what they are, also when the engine died in between."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from engine import fans, mistakes
from engine.board import Board, Life, quiet
from interlock.engine import Engine
from interlock.machines import Workflow

WORSE = ["Worse", [-7, "deep"], []]
BAD = ["Bad", ["item -7", -7], []]

CAUGHT: list[tuple[Workflow[..., Any], Any]] = [
    (mistakes.one_mistake, [-7, "deep", BAD]),
    (mistakes.all_mistaken, [
        "ExceptionGroup", "2 calls failed", [BAD, ["Worse", [-8, "deep"], []]],
    ]),
    (mistakes.gathered_mistake, WORSE),
    (mistakes.mistaken_item, ["Worse", [-7, "deep"], ["at item 3 (d), batch 2"]]),
    (mistakes.mistaken_handle, [WORSE, WORSE, "Err"]),
    (mistakes.mistaken_child, BAD),
]  # fmt: skip
"""What each workflow catches when it is given 7."""


@pytest.fixture(autouse=True)
def board() -> Iterator[Board]:
    fans.BOARD.append(Board())
    yield fans.BOARD[-1]
    fans.BOARD.pop()


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize(("flow", "caught"), CAUGHT)
def test_an_error_is_the_same_wherever_the_engine_dies(
    flow: Workflow[..., Any], caught: Any, kept: bool
) -> None:
    async def once(dies: int) -> bool:
        fans.BOARD[-1] = Board()
        life = Life(fans.BOARD[-1], Random(dies), [(dies, kept)])
        state = await life.live(flow, 7)
        assert state.status == "completed", state.error
        assert state.image.decode(flow.program.types, state.result) == caught
        life.check()
        return bool(life.died)

    assert sum(asyncio.run(once(dies)) for dies in range(1, 16))


async def test_several_errors_at_once_are_a_group(board: Board) -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(mistakes.two_mistakes, 7, id="run")
        await quiet()
        board.let("#1[0]", "#1[1]")
        group = ["ExceptionGroup", "2 calls failed", [BAD, ["Worse", [-8, "deep"], []]]]
        assert await run.result() == group
    assert [key.rpartition("/")[2] for key in board.cancelled] == ["parallel:work+deep+good#1[2]"]


async def test_an_error_that_comes_late_is_not_waited_for(board: Board) -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(mistakes.two_mistakes, 7, id="run")
        await quiet()
        board.let("#1[0]")
        assert await run.result() == BAD
    assert len(board.cancelled) == 2
