"""Whether a workflow came to another end than it came to before, and what differs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from interlock.projections.effect import Effect
from interlock.testing.broken import differ
from interlock.testing.ended import Ended


def other_end(whole: Ended, came: Ended) -> str | None:
    """What differs, in words; None where nothing does.

    A call that was cancelled may as well not have been made: who cancels at the instant at which
    it begins comes before it or after it.
    """
    stopped = {one.key for end in (whole, came) for _, one in _calls(end) if _is_stopped(one)}
    pairs: list[tuple[str, Any, Any]] = [
        ("the status at the end", whole.status, came.status),
        ("the state at the end", whole.state, came.state),
        ("the result", whole.result, came.result),
        ("the error", whole.error, came.error),
        ("the effects", _effects(whole), _effects(came)),
        ("the keys of calls", _keys(whole) - stopped, _keys(came) - stopped),
    ]
    for what, expected, found in pairs:
        if expected != found:
            return differ(what, expected, found)
    return None


def _effects(ended: Ended) -> list[tuple[str, str, str]]:
    calls = _calls(ended)
    return sorted((run, one.activity, one.status) for run, one in calls if not _is_stopped(one))


def _keys(ended: Ended) -> set[str]:
    return {call.key for call in ended.calls}


def _is_stopped(effect: Effect) -> bool:
    return effect.status == "cancelled"


def _calls(ended: Ended) -> Iterator[tuple[str, Effect]]:
    for run, history in ended.histories.items():
        for one in history.ledger():
            yield run, one


def met_elsewhere(whole: Ended, came: Ended) -> bool:
    """Whether what people said met the runs when these stood elsewhere, or was refused there.

    What comes at the instant at which a run moves by itself meets it before or behind that.
    """
    return _met(whole) != _met(came)


def _met(ended: Ended) -> list[tuple[str, int]]:
    """What people said to the runs, and how often these had moved by then."""
    found: list[tuple[str, int]] = []
    for run, history in ended.histories.items():
        moves, state = 0, ""
        for event in history.events:
            moves += event.state != state
            state = event.state
            if event.actor.kind == "user":
                found.append((f"{run} {event.type}", moves))
    return found
