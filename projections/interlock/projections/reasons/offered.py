"""Why a run has not begun: its start was offered, and another one may take its place yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from interlock.projections.instants import ago, both
from interlock.projections.why import Action, Cause, Then, Wait, Why
from interlock.store.board import Seen


@dataclass(frozen=True, slots=True)
class Offered:
    """A start that is debounced.

    Attributes:
        run, machine: what is to begin.
        key: what it is debounced by.
        since: when it was offered, or last moved.
        due: when it takes place; None once it is being carried out.
        stream: that it is recorded in.
    """

    run: str
    machine: str
    key: str
    since: datetime
    due: datetime | None
    stream: str


def debounced(offered: Offered, worker: Seen | None, now: datetime) -> Why:
    """The answer for a run that has not begun."""
    run, due = offered.run, offered.due
    then: tuple[Then, ...] = ()
    actions: tuple[Action, ...] = ()
    said = f"it has not begun: its start is debounced by {offered.key!r}"
    cause: Cause = "debounce"
    if due is not None and due > now:
        said += f", and takes place {both(due, now)} unless another one takes its place"
        then = (Then(due, "begins", f"run {run} of {offered.machine} begins", run),)
    else:
        late = "" if due is None else f" since {ago(due, now)}"
        cause, why = _obstacle(offered, worker)
        said += f", and is due{late}: {why}"
        actions = (Action("start a worker that has it", ("work", "MODULE")),)
    one = Wait("run", run, "", "", offered.since, due, cause, said, actions, then)
    return Why(
        run, offered.machine, "", "", "debounced", offered.since, now, 0, cause, said, run,
        (run,), waits=(one,), then=then, actions=actions,
    )  # fmt: skip


def _obstacle(offered: Offered, worker: Seen | None) -> tuple[Cause, str]:
    if worker is None:
        return "no_worker", "no worker serves this database"
    board = worker.board
    if board is not None and offered.stream in board.stuck:
        return "code_missing", f"the worker ({board.worker}) does not have {offered.machine}"
    return "due", "the worker is about to"
