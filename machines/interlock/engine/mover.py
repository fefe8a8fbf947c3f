"""The contract of what moves a session: a workflow or a lifecycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from interlock.engine.session import Session
from interlock.machines.step import Step
from interlock.projections import Activity


class Mover(Protocol):
    """Decides the transitions of one session. Every method emits events, none appends them."""

    session: Session

    def move(self) -> bool:
        """Decide what can be decided without a call. False when there is nothing."""
        ...

    def step_of(self, activity: Activity) -> Step[..., Any]:
        """The step that an activity calls, or whose undo it calls."""
        ...

    def arguments(self, activity: Activity) -> tuple[Sequence[Any], Mapping[str, Any]]:
        """A call's input: copies, so that a step cannot change the run's objects."""
        ...

    def succeed(self, activity: Activity, result: object) -> None:
        """A call returned."""
        ...

    def retry(self, activity: Activity, error: BaseException, at: datetime) -> None:
        """A call raised, and will be made again at an instant."""
        ...

    def fail(self, activity: Activity, error: BaseException) -> None:
        """A call raised for the last time."""
        ...
