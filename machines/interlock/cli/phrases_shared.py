"""What an event says of a machine that runs share: a breaker, a limit, a debounce."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from interlock.cli.text import compact
from interlock.cli.wording import Plain
from interlock.store.event import Event
from interlock.store.vocabulary_shared import SharedMoved


def _moved(event: Event, body: SharedMoved, plain: Plain) -> str:
    return f"{body.command} {compact(plain(body.value))}"


SHARED: dict[str, Callable[[Event, Any, Plain], str]] = {SharedMoved.__name__: _moved}
"""The phrases of these events, by their names."""
