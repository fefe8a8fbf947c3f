"""What tests of machines are written with.

Nothing here is loaded by itself: `pytest_plugins = ["interlock.testing"]` in a `conftest.py`
switches the fixtures on, and each name is imported when it is first wanted.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interlock.testing.clock import VirtualClock
    from interlock.testing.errors import (
        BadFixture,
        HarnessError,
        NoPayload,
        NothingMore,
        NotScripted,
        NotTestable,
        StillRunning,
    )
    from interlock.testing.moves import Case
    from interlock.testing.payloads import Payloads, payload
    from interlock.testing.scenario import Scenario
    from interlock.testing.strategies import commands, faults, runs
    from interlock.testing.suite import machine_tests

__all__ = [
    "BadFixture",
    "Case",
    "HarnessError",
    "NoPayload",
    "NotScripted",
    "NotTestable",
    "NothingMore",
    "Payloads",
    "Scenario",
    "StillRunning",
    "VirtualClock",
    "commands",
    "faults",
    "machine_tests",
    "payload",
    "runs",
]

_WHERE = {
    "BadFixture": "errors",
    "Case": "moves",
    "HarnessError": "errors",
    "NoPayload": "errors",
    "NotScripted": "errors",
    "NotTestable": "errors",
    "NothingMore": "errors",
    "Payloads": "payloads",
    "Scenario": "scenario",
    "StillRunning": "errors",
    "VirtualClock": "clock",
    "commands": "strategies",
    "faults": "strategies",
    "machine_tests": "suite",
    "payload": "payloads",
    "runs": "strategies",
}
"""The module of each name."""


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    found = globals()[name] = getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    return found
