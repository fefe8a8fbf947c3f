"""What a fork asks about, as a command line that answers it."""

from __future__ import annotations

from shlex import quote

from interlock.projections import Activity, RunState, address


def answering(state: RunState, activity: Activity) -> str:
    """The command line that says what becomes of a call that a fork asks about."""
    name = address(state, activity)
    if activity.kind == "undo":
        step = next((e.step for e in state.stack if e.activity == activity.of), activity.name)
        name = f"undo {step}"
    said = f"interlock answer {quote(state.run)} {quote(name)}"
    if activity.kind == "undo":
        return f"{said} --result null (it is done; or --recorded; or --live, to really undo it)"
    return f"{said} --recorded (or --result, --error, --live)"
