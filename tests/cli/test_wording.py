"""How activities are called in front of people."""

from __future__ import annotations

import pytest

from interlock.cli.wording import branch_of, name_of


@pytest.mark.parametrize(
    ("activity", "name", "branch"),
    [
        ("charge#3", "charge", ""),
        ("decide/approval:manager#1", "decide/approval:manager", ""),
        ("each:ask#1[ann]/approval:review#2", "approval:review", "ann"),
        ("each:halve#1[7]", "halve", "7"),
        ("settle:a+b#2[a]", "a", "a"),
        ("each:order#1[7]/parallel:a,b#2[b]/charge#3", "charge", "7/b"),
    ],
)
def test_an_activity_is_called_by_its_own_name_and_its_branch(
    activity: str, name: str, branch: str
) -> None:
    assert (name_of(activity), branch_of(activity)) == (name, branch)
