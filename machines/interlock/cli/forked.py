"""What a fork asks about, as a command line that answers it."""

from __future__ import annotations

from shlex import quote

from interlock.projections import Activity, RunState
from interlock.projections.answers import answerable, answers


def answering(state: RunState, activity: Activity) -> str:
    """The command line that says what becomes of a call that a fork asks about."""
    undo = activity.kind == "undo"
    first, *others = (f"--{word}" for word in answers(activity))
    if first == "--result":
        first = "--result null" if undo else "--result JSON"
    said = f"interlock answer {quote(state.run)} {quote(answerable(state, activity))} {first}"
    if undo:
        ways = ["it is done", *(f"or {word}" for word in others)]
        really = ", to really undo it" if "--live" in others else ""
        return f"{said} ({'; '.join(ways)}{really})"
    return f"{said} (or {', '.join(others)})"
