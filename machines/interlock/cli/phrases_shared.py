"""What an event says of definitions, and of a machine that runs share: a breaker, a limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from interlock.cli.text import compact
from interlock.cli.wording import Plain
from interlock.store.changing import RunMigrated
from interlock.store.event import Event
from interlock.store.vocabulary_shared import SharedMoved


def _moved(event: Event, body: SharedMoved, plain: Plain) -> str:
    return f"{body.command} {compact(plain(body.value))}"


def _migrated(event: Event, body: RunMigrated, plain: Plain) -> str:
    said = f"goes on under definition {body.target}, no more under {body.source}"
    return f"{said}; migrations: {', '.join(body.by)}" if body.by else said


SHARED: dict[str, Callable[[Event, Any, Plain], str]] = {
    SharedMoved.__name__: _moved,
    RunMigrated.__name__: _migrated,
}
"""The phrases of these events, by their names."""
