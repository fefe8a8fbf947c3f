"""Compositions that were once undone wrongly, call by call."""

from __future__ import annotations

import asyncio

import pytest

from engine.sagas import flow_of
from engine.test_saga_law import Move, Stage

CHILD = """
@workflow(name='saga-child')
async def child(p):
    await act.named('first')(p + 'first ')
    await act.named('last')(p + 'last ')
    return p

@workflow(name='saga')
async def flow(p):
    await act.named('before')(p + 'before ')
    first = start(child(p + '1 '))
    second = start(child(p + '2 '))
    await act.named('beside')(p + 'beside ')
    await first
    await second
    await plain.named('end')(p + 'end')
"""

OUTLIVED = """
async def helper(p):
    s = start(act.named('started')(p + 'started '))
    await act.named('own')(p + 'own ')
    return p

@workflow(name='saga')
async def flow(p):
    await parallel(helper(p + 'helper '), act.named('other')(p + 'other '))
    await act.named('after')(p + 'after ')
    await plain.named('end')(p + 'end')
"""

RACED = """
async def careful(p):
    try:
        await act.named('slow')(p + 'slow ')
    finally:
        await act.named('tidy')(p + 'tidy ')

@workflow(name='saga')
async def flow(p):
    await race(careful(p + 'careful '), act.named('quick')(p + 'quick '))
    await plain.named('end')(p + 'end')
"""

WELL: Move = ("well", 0)
NEXT: Move = ("well", 1)
BADLY: Move = ("badly", 0)
CANCEL: Move = ("cancel", 0)
RESTART: Move = ("restart", 0)


@pytest.mark.parametrize(
    ("source", "moves"),
    [
        (CHILD, [WELL, WELL, CANCEL]),
        (CHILD, [WELL, WELL, WELL, CANCEL]),
        (CHILD, [WELL, NEXT, RESTART, CANCEL]),
        (CHILD, [WELL, WELL, WELL, BADLY]),
        (OUTLIVED, [NEXT, NEXT, NEXT, WELL]),
        (OUTLIVED, [NEXT, NEXT, BADLY]),
        (OUTLIVED, [NEXT, NEXT, RESTART, WELL]),
        (RACED, [NEXT, RESTART, WELL]),
        (RACED, [NEXT, CANCEL]),
    ],
)
@pytest.mark.parametrize("broken", [0, 1, 2])
def test_it_is_undone(source: str, moves: list[Move], broken: int) -> None:
    """`broken`: the undos that fail at first, and wait for a person."""
    last: list[Move] = [WELL, WELL, *[BADLY] * broken]
    asyncio.run(Stage(flow_of(source), [*moves, *last], [("retry", 0), ("skip", 0)]).play())


@pytest.mark.parametrize("appended", [False, True])
@pytest.mark.parametrize("source", [CHILD, OUTLIVED, RACED])
def test_the_process_dies_at_every_commit(source: str, appended: bool) -> None:
    commits = 0
    while True:
        moves: list[Move] = [WELL, WELL, NEXT]
        stage = Stage(flow_of(source), moves, [], [(commits, appended)])
        asyncio.run(stage.play())
        if not stage.crashed:
            break
        commits += 1
    assert commits > 7
