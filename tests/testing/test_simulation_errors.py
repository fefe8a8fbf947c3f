"""Simulated calls raise what the code catches, declared or not: handlers are come to as well."""

from __future__ import annotations

import pytest

from interlock.machines import Retry, step, workflow
from interlock.testing import SimulationFailed, simulate


class Lost(Exception):
    def __init__(self, what: str, where: str) -> None:
        super().__init__(what, where)


@step(retry=Retry(attempts=5))
async def fetch(n: int) -> int:
    return n


@step
async def instead(n: int) -> int:
    return n


@step
async def mend(n: int) -> int:
    return n


async def carefully(n: int) -> int:
    try:
        return await fetch(n)
    except LookupError:
        return await mend(n)


@workflow(name="simulated-catching")
async def catching(n: int) -> int:
    try:
        first = await fetch(n)
    except (KeyError, Lost):
        first = await instead(n)
    return first + await carefully(n)


@workflow(name="simulated-broken-handler")
async def broken(n: int) -> int:
    try:
        return await fetch(n)
    except KeyError:
        got = 0
        for number in range(n, n + 1):
            got = await instead(number)
        raise AssertionError(got) from None


def test_handlers_of_errors_that_no_step_declares_are_come_to() -> None:
    assert simulate(catching, inputs=[1, 2], seeds=40).never == []


def test_what_is_wrong_behind_such_a_handler_is_found() -> None:
    def no_assertion_fails(run: object) -> None:
        error = getattr(run, "error", None)
        assert error is None or error.type != "AssertionError"

    with pytest.raises(SimulationFailed, match="no_assertion_fails"):
        simulate(broken, inputs=[1], seeds=60, invariants=[no_assertion_fails])
