"""An option that is not what it should be is told at the declaration, with what to write."""

from __future__ import annotations

from typing import Any

import pytest

from interlock.machines import BadDefinition, Policy, Retry, step


async def charge(amount: int) -> None:
    del amount


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"retry": "standard"}, "retry='standard' is not understood; write Retry.standard"),
        ({"retry": 3}, "Retry"),
        ({"compensate_retry": 3}, "compensate_retry=3"),
        ({"compensate": "refund"}, "compensate='refund' is no function"),
        ({"verify": 3}, "verify=3 is no function"),
        ({"map_error": ValueError("x")}, "map_error"),
        ({"raises": "Declined"}, "raises='Declined' is no class of exceptions"),
        ({"raises": (ValueError, 3)}, "raises=3"),
        ({"raises": int}, "is no class of exceptions"),
        ({"cache": "1 hour"}, "cache='1 hour' is not understood"),
        ({"rate": 10}, "rate=10"),
        ({"breaker": 5}, "breaker=5"),
        ({"bulkhead": 5}, "bulkhead=5"),
    ],
)
def test_options_of_the_wrong_kind(options: dict[str, Any], said: str) -> None:
    with pytest.raises(BadDefinition, match="test_step_options") as refused:
        step(**options)(charge)
    assert said in str(refused.value)


def test_policies_and_calls_too() -> None:
    wrong: Any = "standard"
    with pytest.raises(BadDefinition, match="retry='standard'"):
        Policy(retry=wrong)
    with pytest.raises(BadDefinition, match="retry='standard'"):
        step(charge).with_(retry=wrong)


def test_what_is_right_is_taken() -> None:
    made = step(
        retry=Retry.standard, raises=(ValueError, KeyError), breaker="later", compensate=None
    )(charge)
    assert made.options.retry is Retry.standard
    assert step(raises=ValueError)(charge).options.raises == (ValueError,)
