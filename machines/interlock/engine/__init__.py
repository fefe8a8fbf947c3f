"""What happens next: start runs, send commands, approve, and drive them over a store."""

import asyncio
from typing import Any, TypeVar

from interlock.engine.caller import Middleware, Request, acting
from interlock.engine.deploying import DeployReport, deploy_check
from interlock.engine.engine import Engine
from interlock.engine.errors import (
    BadInput,
    BadRunId,
    DefinitionChanged,
    EngineClosed,
    EngineError,
    InputMismatch,
    NoCopy,
    NoReply,
    NotInDoubt,
    RunCancelledError,
    RunFailedError,
    UnknownMachine,
    UnknownRun,
)
from interlock.engine.handle import Run
from interlock.engine.inbox import Pending
from interlock.engine.notices import Notice
from interlock.engine.rehearsing import Rehearsed, rehearse
from interlock.engine.replaying import Replayed, replay
from interlock.engine.undo_answers import UndoAnswer
from interlock.machines.workflow import Workflow

R = TypeVar("R")

__all__ = [
    "BadInput",
    "BadRunId",
    "DefinitionChanged",
    "DeployReport",
    "Engine",
    "EngineClosed",
    "EngineError",
    "InputMismatch",
    "Middleware",
    "NoCopy",
    "NoReply",
    "NotInDoubt",
    "Notice",
    "Pending",
    "Rehearsed",
    "Replayed",
    "Request",
    "Run",
    "RunCancelledError",
    "RunFailedError",
    "UndoAnswer",
    "UnknownMachine",
    "UnknownRun",
    "acting",
    "deploy_check",
    "rehearse",
    "replay",
    "run",
]


def run(
    workflow: Workflow[..., R],
    *args: Any,
    id: str | None = None,  # noqa: A002  public name
    store: str = "sqlite:///interlock.db",
    **kwargs: Any,
) -> R:
    """Start a run, wait for its end and return its result: for scripts without an event loop.

    Raises:
        Exception: as `Engine.start` and `Run.result`.
    """

    async def main() -> R:
        async with Engine(store, machines=[workflow]) as engine:
            handle = await engine.start(workflow, *args, id=id, **kwargs)
            return await handle.result()

    return asyncio.run(main())
