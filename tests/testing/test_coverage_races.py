"""Waits in a race with a sleep: only those that can time out are there to be covered, in place."""

from __future__ import annotations

import linecache
from typing import Any

from interlock.machines import Command, Workflow, approval, race, sleep, wait_for, workflow
from interlock.testing.coverage.items import items_of


class Paid(Command):
    n: int = 0


@workflow(name="raced-waits")
async def racing(how_long: str) -> str:
    await race(
        longer=wait_for(Paid, timeout="2 hours"),
        late=sleep("1 hour"),
        sooner=approval("boss", timeout="30 minutes"),
    )
    await race(wait_for(Paid, timeout="2 hours"), sleep(how_long))
    await race(wait_for(Paid), sleep("1 hour"))
    return how_long


@workflow(name="raced-twice")
async def twice(n: int) -> int:
    await race(wait_for(Paid, timeout="1 hour"), sleep("1 day"))
    await race(wait_for(Paid, timeout="1 hour"), sleep("1 hour"))
    return n


def late(flow: Workflow[..., Any]) -> list[str]:
    return [item.key for item in items_of(flow.machine) if item.kind == "failure"]


def test_what_is_over_before_its_timeout_does_not_time_out() -> None:
    join = "race:longer+late+sooner"
    assert late(racing) == [
        f"{join}/approval:boss",
        f"race:Paid+sleep after {join}/wait:Paid",
    ]
    assert len(late(twice)) == 2


def test_each_state_in_a_race_has_its_own_line() -> None:
    for flow in (racing, twice):
        file = flow.function.__code__.co_filename
        nodes = [node for node in flow.machine.nodes if node.kind in ("wait", "sleep", "parallel")]
        for node in nodes:
            around = flow.machine.by_id[node.parent or node.id]
            assert around.line <= node.line <= around.line + 3, node.id
            assert "race(" in linecache.getline(file, around.line) or node.parent
