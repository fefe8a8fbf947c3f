"""How a conformance test gets its store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from interlock.store import Store

Scenario: TypeAlias = Callable[[Store], Awaitable[None]]
"""What is done with a new store, and looked at."""

Run: TypeAlias = Callable[[Scenario], None]
"""Runs a scenario with a new store on a new event loop."""
