"""What changed between two moments of one run."""

from __future__ import annotations

from interlock.engine import Engine
from interlock.machines import step, workflow


@step
async def weigh(name: str) -> int:
    return len(name)


@workflow
async def weighing(names: list[str]) -> int:
    total = 0
    for name in names:
        total += await weigh(name)
    return total


async def test_a_difference_is_what_each_moment_says_by_itself() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(weighing, ["ann", "robert"])
        await run.result()
        history = await run.history()
    for a in range(1, len(history) + 1):
        for b in range(a, len(history) + 1):
            before, after = history.at(a), history.at(b)
            found = history.diff(a, b)
            assert (found.before, found.after) == (before, after)
            names = before.variables.keys() | after.variables.keys()
            for name in names:
                one, other = before.variables.get(name), after.variables.get(name)
                changed = one != other or (name in before.variables) != (name in after.variables)
                assert (name in found.variables) == changed
                assert found.variables.get(name, (one, other)) == (one, other)
    assert history.diff(1, len(history)).after.state == "completed"
    totals = [history.at(v).variables.get("total") for v in range(1, len(history) + 1)]
    second = totals.index(3) + 1
    assert history.diff(second - 1, second).variables["total"] == (0, 3)
