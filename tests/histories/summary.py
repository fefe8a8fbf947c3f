"""What is remembered of a stream after each of its events: it has to come out the same for ever."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from interlock.projections import RunState, evolve, evolve_shared
from interlock.store.event import Event


def summaries(events: Iterable[Event]) -> Iterator[Any]:
    """One for each event, as plain JSON."""
    state: RunState | None = None
    for event in events:
        if event.type == "SharedMoved":
            shared = evolve_shared(event)
            yield _plain({"state": shared.state, "data": shared.data})
        elif event.stream.startswith("$"):
            yield _plain({"type": event.type, "state": event.state, "body": event.body})
        else:
            state = evolve(state, event)
            yield _plain(_run(state))


def _run(state: RunState) -> dict[str, Any]:
    """Where a run is, what it remembers and what it waits for."""
    return {
        "status": state.status,
        "state": state.state,
        "variables": state.image.plain_variables(hidden=True),
        "pending": {
            one.id: [one.kind, one.status, one.attempt, one.due, [*one.commands]]
            for one in state.pending.values()
        },
        "branches": {
            one.id: [one.state, one.image.plain_variables(hidden=True)]
            for one in state.threads.values()
        },
        "active": state.configuration if state.lifecycle else [],
        "undo": [one.activity for one in state.stack],
        "inbox": [one.id for one in state.inbox],
        "decided": [[one.name, one.granted] for one in state.decisions],
        "result": state.image.plain(state.result),
        "error": state.error.type if state.error is not None else "",
        "held": state.held,
    }


def _plain(found: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(found))
