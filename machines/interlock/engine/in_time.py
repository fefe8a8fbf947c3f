"""A command that came before a wait's deadline counts, though nobody took it by then."""

from __future__ import annotations

from interlock.engine.session import Session
from interlock.engine.workflows import WorkflowRun
from interlock.projections import Activity
from interlock.store.vocabulary import WaitMatched


class NeedsCode(Exception):
    """Whether a command is wanted can be said by the workflow's code alone."""


def came_in_time(session: Session, wait: Activity) -> bool:
    """Give a wait whose deadline is over the first command that came before, and that it wants.

    Raises:
        NeedsCode: there is one, and the workflow is not loaded.
    """
    received = session.state.match(wait) if wait.kind == "wait" else None
    if received is None:
        return False
    if not wait.alone:
        session.emit(WaitMatched(wait.id, received.id))
        return True
    if not isinstance(session.mover, WorkflowRun):
        raise NeedsCode
    session.mover.match(wait)
    left = session.state.pending.get(wait.id)
    return left is None or left.status == "done"
