"""Names in migrations: slips are told with what is meant, and what may be meant is left alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from interlock.machines import Workflow, approval, phase, step
from interlock.machines.misnamed import Known, Misnamed, misnamed

DIGITS = "0123456789abcdef"


@step
async def pay(order: str) -> str:
    return order


async def before(order: str) -> str:
    with phase("review"):
        await approval("manager")
    return await pay(order)


async def after(order: str) -> str:
    await approval("boss")
    return await pay(order)


def called(function: Any, version: str = "") -> Workflow[..., Any]:
    return Workflow(function, "misnamed", version)


def unchanged(variables: dict[str, Any]) -> dict[str, Any]:
    return variables


def found(
    *migrations: dict[str, Any], known: Sequence[Workflow[..., Any]] = (), version: str = ""
) -> list[Misnamed]:
    new = called(after, version)
    for migration in migrations:
        new.migrate(**migration)(unchanged)
    old = [Known(one.machine, one.machine.hash) for one in known]
    return [*misnamed(new.machine, new.migrations, old)]


OLD = called(before, "1")
HASH = OLD.machine.hash


@given(st.integers(6, 16), st.data())
def test_a_digit_of_a_hash_that_is_wrong_is_found(length: int, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, length - 1))
    digit = data.draw(st.sampled_from(DIGITS))
    assume(digit != HASH[at])
    source = f"{HASH[:at]}{digit}{HASH[at + 1 : length]}"
    (one,) = found({"from_": source}, known=[OLD])
    assert one.certain
    assert f"did you mean {HASH[:8]!r} (version '1')?" in one.text


def test_another_hash_may_be_of_a_definition_from_before() -> None:
    other = "".join(DIGITS[-1 - DIGITS.index(digit)] for digit in HASH)
    for source in (other, other[:8], "spring-clean"):
        (one,) = found({"from_": source}, known=[OLD])
        assert (one.certain, one.near) == (False, False)


@given(st.integers(6, 16), st.booleans())
def test_what_is_right_is_passed_over(length: int, by_hash: bool) -> None:
    source = HASH[:length] if by_hash else "1"
    states = {"review/approval:manager": "approval:boss", "pay": "pay", "review": "approval:boss"}
    assert found({"from_": source, "states": states}, known=[OLD]) == []
    chained = {"from_": source, "to": "2", "states": states}, {"from_": "2"}
    assert found(*chained, known=[OLD]) == []


def test_a_migration_of_runs_that_are_no_more_is_passed_over() -> None:
    assert found({"from_": "0"}, {"from_": "1"}, known=[OLD]) == []
    assert found({"from_": "0"}) == []
    assert found({"from_": "0"}, known=[called(after)]) == []


def test_too_few_digits_are_told() -> None:
    (one,) = found({"from_": HASH[:4]}, known=[OLD])
    assert one.certain
    assert "six digits of a hash are wanted" in one.text


def test_a_version_that_is_much_like_another_may_be_meant() -> None:
    (one,) = found({"from_": "v1"}, known=[OLD])
    assert (one.certain, one.near) == (False, True)
    assert "did you mean '1'?" in one.text
    (other,) = found({"from_": "spring"}, known=[OLD])
    assert (other.certain, other.near) == (False, False)
    assert f"known is {HASH[:8]!r} (version '1')" in other.text


def test_a_state_that_the_old_definition_does_not_have() -> None:
    states = {"review/approval:manger": "approval:boss"}
    (by_hash,) = found({"from_": HASH[:8], "states": states}, known=[OLD])
    assert by_hash.certain
    assert "did you mean 'review/approval:manager'?" in by_hash.text
    (by_version,) = found({"from_": "1", "states": states}, known=[OLD])
    assert (by_version.certain, by_version.near) == (False, True)
    (far,) = found({"from_": HASH[:8], "states": {"x": "pay"}}, known=[OLD])
    assert "it has " in far.text
    assert "review/approval:manager" in far.text


def test_a_version_may_stand_for_several_definitions() -> None:
    other = called(after, "1")
    states = {"review/approval:manager": "approval:boss", "approval:boss": "approval:boss"}
    assert found({"from_": "1", "states": states}, known=[OLD, other]) == []


def test_a_chain_that_does_not_arrive() -> None:
    (one,) = found({"from_": "1", "to": "2.O"}, {"from_": "2.0"}, known=[called(before, "2.0")])
    assert not one.certain
    assert "leads to '2.O'" in one.text
    assert "did you mean '2.0'?" in one.text
    assert found({"from_": "1", "to": "3"}, known=[OLD], version="3") == []
