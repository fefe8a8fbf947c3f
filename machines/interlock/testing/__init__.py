"""What tests of machines are written with.

Nothing here is loaded by itself: `pytest_plugins = ["interlock.testing"]` in a `conftest.py`
switches the fixtures on, and each name is imported when it is first wanted.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interlock.testing.clock import VirtualClock
    from interlock.testing.errors import HarnessError, NothingMore, NotScripted, StillRunning
    from interlock.testing.fault import Chances, Fault
    from interlock.testing.faulty import FaultyStore
    from interlock.testing.scenario import Scenario

__all__ = [
    "Chances",
    "Fault",
    "FaultyStore",
    "HarnessError",
    "NotScripted",
    "NothingMore",
    "Scenario",
    "StillRunning",
    "VirtualClock",
]

_WHERE = {
    "Chances": "fault",
    "Fault": "fault",
    "FaultyStore": "faulty",
    "HarnessError": "errors",
    "NotScripted": "errors",
    "NothingMore": "errors",
    "Scenario": "scenario",
    "StillRunning": "errors",
    "VirtualClock": "clock",
}
"""The module of each name."""


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    found = globals()[name] = getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    return found
