"""Every cause that there is is met by some situation of the other tests of this folder."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from interlock.projections import Cause
from interlock.projections.why import URGENT

HERE = Path(__file__).parent


def test_every_cause_is_constructed_by_a_test() -> None:
    tests = "".join(
        page.read_text() for page in HERE.glob("test_*.py") if page.name != Path(__file__).name
    )
    missing = [cause for cause in get_args(Cause) if f'"{cause}"' not in tests]
    assert missing == []


def test_the_order_of_urgency_holds_every_cause_once() -> None:
    assert sorted(URGENT) == sorted(get_args(Cause))
