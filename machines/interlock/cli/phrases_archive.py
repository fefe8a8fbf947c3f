"""What an event says of archives: which runs were moved, and which came back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from interlock.cli.text import many
from interlock.cli.wording import Plain
from interlock.store.event import Event
from interlock.store.retention import RunsArchived, RunsRestored

_FEW = 3


def _archived(event: Event, body: RunsArchived, plain: Plain) -> str:
    return f"{_named([one.run for one in body.runs])} archived in {body.file}"


def _restored(event: Event, body: RunsRestored, plain: Plain) -> str:
    return f"{_named(body.runs)} restored from {body.file}"


def _named(runs: Sequence[str]) -> str:
    return ", ".join(runs) if len(runs) <= _FEW else many(len(runs), "run")


ARCHIVES: dict[str, Callable[[Event, Any, Plain], str]] = {
    RunsArchived.__name__: _archived,
    RunsRestored.__name__: _restored,
}
"""The phrases of these events, by their names."""
