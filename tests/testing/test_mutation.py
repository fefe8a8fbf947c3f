"""Mutation: the seeded bugs are found and small; what tests do not notice is listed."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from engine import shop
from interlock.machines import step, workflow
from interlock.testing import Ended, machine_tests, mutants, mutate
from interlock.testing.errors import BadTests, NotTestable
from interlock.testing.flow_play import flow_played
from interlock.testing.flow_subject import FlowSubject
from interlock.testing.machine_suite import MachineSuite
from interlock.testing.moves import Case, Fail, Move, Return
from interlock.testing.scenario import Scenario
from interlock.testing.search import Failure
from sample_orders import Add, Cancel, OrderData, OrderLifecycle, Pay, Ship, Status, Submit
from testing.seeded import BUGS, order_lifecycle

LONG = os.environ.get("INTERLOCK_PROFILE") == "long"
"""Whether Hypothesis looks, too; the shortest ways alone have to find nineteen."""

FEW = settings(max_examples=30, derandomize=True)
WITHOUT = (
    *(() if LONG else ("codec",)),
    "crash",
    "deliveries",
    "clock",
    "snapshots",
    "refusals",
    "stored-timers",
    "replay",
)
"""Laws of the engine; what is wrong here is the author's doing."""


def found(bug: int) -> Failure | None:
    tests: Any = machine_tests(order_lifecycle(bug), settings=FEW, failures=None)
    suite: MachineSuite = tests.suite
    for name in suite.laws:
        if name not in WITHOUT:
            failure = suite.failure(name, drawn=LONG)
            if failure is not None:
                return failure
    return None


def test_nothing_is_found_in_the_sound_machine() -> None:
    assert found(0) is None


def test_of_twenty_seeded_bugs_nineteen_are_found_in_a_few_events() -> None:
    failures = {bug: found(bug) for bug in BUGS}
    assert sum(failure is not None for failure in failures.values()) >= len(BUGS) - 1
    for bug, failure in failures.items():
        assert failure is None or len(failure.case.moves) <= 6, (bug, failure)


def test_each_kind_of_mutant_is_made() -> None:
    texts = [mutant.text for mutant in mutants(OrderLifecycle)]
    assert "draft --Submit--> pending is left out" in texts
    assert "draft --Submit--> pending leads to draft" in texts
    assert "draft --Submit--> pending: has_items says the contrary" in texts
    assert "draft --Submit--> pending: has_items is not asked" in texts
    assert "draft --Add--> draft leaves the data as they are" in texts
    assert "entering processing has no effects" in texts
    assert len(set(texts)) == len(texts)


def in_the_end_it_is_shipped() -> None:
    scenario = Scenario(OrderLifecycle, OrderData())
    scenario.when(Submit()).refused("has_items")
    scenario.given(Add(item="tea"), Submit())
    scenario.when(Pay(amount=Decimal(0))).refused("positive")
    scenario.when(Pay(amount=Decimal(5))).then(
        Status.PROCESSING, having={"paid": 5}, effects=["reserve_stock", "mail", "mail"]
    )
    scenario.when(Ship(tracking="T1")).then(Status.COMPLETED, having={"note": "T1"})


async def it_can_be_cancelled() -> None:
    Scenario(OrderLifecycle).given(Cancel()).then(Status.CANCELLED, effects=["mail", "mail"])


def test_survivors_are_what_no_test_looks_at() -> None:
    done = mutate(OrderLifecycle, [in_the_end_it_is_shipped, it_can_be_cancelled])
    survivors = [mutant.text for mutant in done.survivors]
    killed = {mutant.text: by for mutant, by in done.killed}
    assert "in_the_end_it_is_shipped fails" in killed["draft --Submit--> pending is left out"]
    assert "it_can_be_cancelled fails" in killed["draft --Cancel--> cancelled leads to draft"]
    assert "pending --after 48 hours--> cancelled is left out" in survivors
    assert "completed --Return--> returned is left out" in survivors
    assert not any("is_positive is not asked" in text for text in survivors[:1])
    assert str(done).startswith(f"{len(done.killed)} of {len(killed) + len(survivors)} mutants")


def test_the_machine_is_as_it_was_behind_a_mutant() -> None:
    program = OrderLifecycle.program()
    with mutants(OrderLifecycle)[0].applied():
        assert OrderLifecycle.program() is not program
    assert OrderLifecycle.program() is program


def test_laws_and_files_of_tests_are_run_against_mutants(tmp_path: Path) -> None:
    loops = "asyncio_default_fixture_loop_scope = function"
    (tmp_path / "pytest.ini").write_text(f"[pytest]\n{loops}\n")
    file = tmp_path / "test_it.py"
    file.write_text(
        "from sample_orders import OrderLifecycle, Add, Submit, Status\n"
        "from interlock.testing import Scenario\n"
        "def test_it():\n"
        "    Scenario(OrderLifecycle).given(Add(item='a'), Submit()).then(Status.PENDING)\n"
    )
    from interlock.testing.mutation import noticed

    left_out = next(m for m in mutants(OrderLifecycle) if "Submit--> pending is left" in m.text)
    assert noticed([str(file)], None) == ""
    with left_out.applied():
        assert "test_it" in noticed([str(file)], None)
    with pytest.raises(BadTests, match="cannot run"):
        noticed([str(tmp_path / "nothing.py")], None)
    with pytest.raises(BadTests, match=r"no file .*did you mean .*test_it.py"):
        mutate(OrderLifecycle, [str(tmp_path / "test_i.py")])


def test_undos_that_are_skipped() -> None:
    undos = [mutant for mutant in mutants(shop.checkout) if mutant.text.endswith("not undone")]
    assert [one.text for one in undos] == ["reserve is not undone", "charge is not undone"]
    before = shop.charge.options
    with undos[1].applied():
        assert shop.charge.options.compensate is None
    assert shop.charge.options == before


@step(raises=LookupError)
async def mutated_find(text: str) -> int: ...  # type: ignore[empty-body]  # it is not called


@step
async def mutated_tell(text: str) -> None: ...


@workflow
async def mutated(text: str) -> str:
    try:
        count = await mutated_find(text)
    except LookupError:
        return "missing"
    if count > 3:
        await mutated_tell("many")
        raise ValueError(count)
    while count < 2:
        count += await mutated_find("more")
    return "many" if count > 1 else "few"


def comes_to(*moves: Move) -> Ended:
    return flow_played(FlowSubject(mutated), Case({"text": ""}, moves)).ended


def few_are_looked_for_again() -> None:
    ended = comes_to(Return("mutated_find", 1), Return("mutated_find", 1))
    assert (ended.status, ended.result) == ("completed", "many")


def many_fail() -> None:
    ended = comes_to(Return("mutated_find", 4))
    assert ended.status == "failed"
    assert ended.called("mutated_tell")


def what_is_missing_is_no_failure() -> None:
    ended = comes_to(Fail("mutated_find", LookupError("x")))
    assert ended.result == "missing"


def test_the_code_of_a_workflow_is_changed_in_one_place() -> None:
    before = mutated.program
    texts = [text.partition(": ")[2] for text in map(str, mutants(mutated))]
    assert texts == [
        "`except LookupError` catches nothing",
        "`return 'missing'` is left out",
        "`if count > 3` says the contrary",
        "`await mutated_tell('many')` is left out",
        "`raise ValueError(count)` is left out",
        "`while count < 2` says the contrary",
        "`if count > 1` says the contrary",
    ]
    done = mutate(mutated, [few_are_looked_for_again, many_fail, what_is_missing_is_no_failure])
    assert [str(one) for one in done.survivors] == []
    assert mutated.program is before
    left = mutate(mutated, [what_is_missing_is_no_failure]).survivors
    assert len(left) == len(texts) - 2


def test_a_workflow_needs_tests_that_know_what_is_meant() -> None:
    with pytest.raises(BadTests, match="say which tests should notice"):
        mutate(mutated)


def test_tests_that_fail_by_themselves_kill_nothing() -> None:
    def wrong() -> None:
        raise AssertionError("as ever")

    with pytest.raises(BadTests, match="as it is, wrong fails: as ever"):
        mutate(OrderLifecycle, [wrong])
    with pytest.raises(NotTestable):
        mutants(shop.charge)  # type: ignore[arg-type]  # that is what is refused


@pytest.mark.parametrize(
    ("machine", "tests", "told"),
    [
        (OrderLifecycle, ["tests/test_ordr.py"], "no file or folder 'tests/test_ordr.py' in /"),
        (OrderLifecycle, ["nowhere.py::test_it"], "no file or folder 'nowhere.py'"),
        (OrderLifecycle, [Path("nowhere.py")], "no file or folder 'nowhere.py'"),
        (OrderLifecycle, "tests/test_order.py", "are no list"),
        (OrderLifecycle, len, "are no list"),
        (OrderLifecycle, [7], "7 is no test"),
        (shop.checkout, [], "say which tests should notice"),
        (shop.charge, [], "neither a lifecycle nor a workflow"),
    ],
)
def test_what_no_mutant_can_be_held_against_is_refused(machine: Any, tests: Any, told: str) -> None:
    with pytest.raises((BadTests, NotTestable), match=told):
        mutate(machine, tests)
