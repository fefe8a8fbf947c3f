"""What an event says of a fork, or of the run that was forked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from interlock.cli.joined import error_text
from interlock.cli.text import compact
from interlock.cli.wording import Plain, because, by, name_of
from interlock.store.event import Event
from interlock.store.forking import (
    CallAnswered,
    CallAsked,
    ForkCaughtUp,
    ForkMade,
    OutcomeReplayed,
    RunForked,
)

_EFFECTS = {
    "recorded": "its calls are answered by what was recorded",
    "ask": "each of its calls is asked about",
    "live": "its calls are really made",
}


def _forked(event: Event, body: RunForked, plain: Plain) -> str:
    said = f"forked from {body.parent} at {body.version}{by(event, ' by ')}"
    for change in body.changes:
        said += f", {change.path} set to {compact(change.after)} (was {compact(change.before)})"
    return f"{said}; {_EFFECTS[body.effects]}"


def _made(event: Event, body: ForkMade, plain: Plain) -> str:
    changed = f", with other {', '.join(body.changes)}" if body.changes else ""
    return f"forked at {body.version} as {body.fork}{by(event, ' by ')}{changed}"


def _replayed(event: Event, body: OutcomeReplayed, plain: Plain) -> str:
    said = f"as {body.run} recorded it at {body.version}"
    return f"not {said}, for it is refused here: {body.refused}" if body.refused else f"{said}:"


def _caught_up(event: Event, body: ForkCaughtUp, plain: Plain) -> str:
    return "was given all that fits of what was recorded"


def _asked(event: Event, body: CallAsked, plain: Plain) -> str:
    return f"{name_of(body.activity)} is not called: a person has to say; {body.reason}"


def _answered(event: Event, body: CallAnswered, plain: Plain) -> str:
    name = name_of(body.activity)
    if body.how == "live":
        said = f"wants {name} to be called"
    elif body.how == "recorded":
        said = f"wants {name} to have its recorded outcome"
    elif body.error is not None:
        said = f"had {name} raise {error_text(body.error)}"
    else:
        said = f"had {name} return {compact(plain(body.result))}"
    return because(f"{by(event)} {said}".strip(), body.reason)


FORKS: dict[str, Callable[[Event, Any, Plain], str]] = {
    RunForked.__name__: _forked,
    ForkMade.__name__: _made,
    OutcomeReplayed.__name__: _replayed,
    ForkCaughtUp.__name__: _caught_up,
    CallAsked.__name__: _asked,
    CallAnswered.__name__: _answered,
}
"""The phrases of these events, by their names."""
