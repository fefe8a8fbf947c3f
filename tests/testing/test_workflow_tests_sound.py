"""Laws of workflows are green where nothing is wrong, and come to what the code catches."""

from __future__ import annotations

import json

import pytest
from hypothesis import settings

from interlock.machines import Command, race, sleep, step, wait_for, workflow
from interlock.testing import mutate, workflow_tests
from interlock.testing.flow_subject import caught
from interlock.testing.flow_suite import FlowSuite

FEW = settings(max_examples=5, derandomize=True)


async def pay_back(paid: int) -> None: ...


@step(compensate=pay_back)
async def pay_for(n: int) -> int:
    return n


@step
async def look_again(n: int) -> int:
    return n


@workflow
async def paying_child(n: int) -> int:
    return await pay_for(n)


@workflow
async def with_a_paying_child(n: int) -> int:
    return await look_again(await paying_child(n))


@workflow
async def catching(n: int) -> int:
    try:
        return await look_again(n)
    except (OSError, json.JSONDecodeError):
        await sleep("1 minute")
    return 0


class Settled(Command):
    pass


@workflow
async def reminding(n: int) -> int:
    for sent in range(3):
        won = await race(paid=wait_for(Settled), late=sleep("1 day"))
        if won.name == "paid":
            return sent
        await look_again(n)
    return -1


def suite_of(tests: object) -> FlowSuite:
    found: FlowSuite = vars(tests)["suite"]
    return found


@pytest.mark.parametrize("law", ["structure", "deliveries", "reached"])
def test_a_child_that_its_parent_undoes_moves_as_it_may(law: str) -> None:
    suite_of(workflow_tests(with_a_paying_child, settings=FEW, failures=None)).run(law)


def test_a_crash_may_let_a_command_meet_a_run_that_has_not_moved_yet() -> None:
    suite_of(workflow_tests(reminding, settings=settings(FEW, max_examples=40), failures=None)).run(
        "crash"
    )


def test_what_is_caught_is_raised_whatever_it_is_called_by() -> None:
    assert caught(catching.function) == [OSError, json.JSONDecodeError]
    suite_of(workflow_tests(catching, settings=FEW, failures=None)).run("reached")


def test_a_class_of_the_function_around_is_found() -> None:
    class Own(Exception):
        pass

    async def flow(n: int) -> int:
        try:
            return await look_again(n)
        except (Own, StopIteration, LookupError):
            return 0

    assert caught(flow) == [Own, LookupError]


def test_mutants_are_held_against_the_laws_that_were_chosen() -> None:
    every = suite_of(workflow_tests(catching, failures=None)).laws
    without = [name for name in every if name != "structure"]
    chosen = workflow_tests(catching, settings=FEW, failures=None, without=without)
    assert suite_of(chosen).chosen == ["structure"]
    done = mutate(catching, [chosen], settings=FEW)
    assert done.survivors
    assert not [by for _, by in done.killed if "every state is come to" in by]
