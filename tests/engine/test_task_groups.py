"""`asyncio.TaskGroup` in a workflow: what it is natively, with a state for its calls."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from interlock.engine import Engine
from interlock.machines import Workflow, step, workflow


class Declined(Exception):
    pass


@step(raises=(Declined,))
async def quote(name: str) -> int:
    if name == "slow":
        await asyncio.sleep(60)
    if name == "bad":
        await asyncio.sleep(0.02)
        raise Declined(name)
    return len(name)


@workflow(name="quoted in a group")
async def quoted(names: list[str]) -> tuple[int, list[int], bool]:
    async with asyncio.TaskGroup() as group:
        first = group.create_task(quote.named("first")("first"))
        tasks = [group.create_task(quote(name)) for name in names]
    return first.result(), [task.result() for task in tasks], first.done()


@workflow(name="group that fails")
async def told(names: list[str]) -> list[str]:
    tasks: list[asyncio.Task[int]] = []
    found: list[str] = []
    try:
        async with asyncio.TaskGroup() as group:
            for name in names:
                task = group.create_task(quote(name), name=name)
                tasks.append(task)
            found.append(names[0])
    except ExceptionGroup as errors:
        found.append(repr(errors))
    return [*found, *("cancelled" if t.cancelled() else repr(t.exception()) for t in tasks)]


OUTSIDE = "list index out of range"
CASES: list[tuple[Workflow[[list[str]], Any], list[str], object]] = [
    (quoted, ["a", "bc"], (5, [1, 2], True)),
    (quoted, [], (5, [], True)),
    (
        told,
        ["a", "slow", "bad"],
        [
            "a",
            "ExceptionGroup('unhandled errors in a TaskGroup', [Declined('bad')])",
            "None",
            "cancelled",
            "Declined('bad')",
        ],
    ),
    (told, ["a"], ["a", "None"]),
    (
        told,
        [],
        [f"ExceptionGroup('unhandled errors in a TaskGroup', [{IndexError(OUTSIDE)!r}])"],
    ),
]


@pytest.mark.parametrize(("flow", "names", "result"), CASES)
async def test_a_group_gives_what_it_gives_natively(
    flow: Workflow[[list[str]], Any], names: list[str], result: object
) -> None:
    assert await flow(names) == result
    async with Engine("memory://") as engine:
        run = await engine.start(flow, names)
        assert await run.result() == result


def test_its_calls_are_states() -> None:
    machine = quoted.machine
    assert machine.by_id["tasks:first+quote"].kind == "parallel"
    assert machine.by_id["tasks:first+quote/first"].parent == "tasks:first+quote"
    assert "ExceptionGroup" in machine.raises
