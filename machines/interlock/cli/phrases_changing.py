"""What an event says of a run that goes on under another definition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from interlock.cli.wording import Plain
from interlock.store.changing import RunMigrated
from interlock.store.event import Event


def _migrated(event: Event, body: RunMigrated, plain: Plain) -> str:
    by = f" by {', '.join(body.by)}" if body.by else ""
    said = f"goes on under new code{by}: {body.source} → {body.target}"
    for was, now in body.states.items():
        said += f"; {was} is {now}"
    variables = [] if body.memory is None else [*body.memory.set]
    gone = [] if body.memory is None else body.memory.unset
    named = [name for name in variables if not name.rpartition("/")[2].startswith(".")]
    if named:
        said += f"; its variables: {', '.join(named)}"
    if gone:
        said += f"; gone: {', '.join(gone)}"
    return said


CHANGING: dict[str, Callable[[Event, Any, Plain], str]] = {RunMigrated.__name__: _migrated}
"""The phrases of these events, by their names."""
