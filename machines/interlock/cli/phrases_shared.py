"""What an event says of a machine that runs share: a breaker, a limit, a debounce."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from interlock.cli.text import compact
from interlock.cli.wording import Plain, by
from interlock.store.event import Event
from interlock.store.vocabulary_shared import SharedMoved


def _moved(event: Event, body: SharedMoved, plain: Plain) -> str:
    way = event.state if body.source == event.state else f"{body.source} to {event.state}"
    return f"{way}: {body.command} {compact(plain(body.value))}{by(event, ' by ')}"


SHARED: dict[str, Callable[[Event, Any, Plain], str]] = {SharedMoved.__name__: _moved}
"""The phrases of these events, by their names."""
