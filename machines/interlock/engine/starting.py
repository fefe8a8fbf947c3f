"""Starting a run: idempotent by its id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlock.engine.caller import Caller
from interlock.engine.errors import BadInput, BadRunId, InputMismatch
from interlock.engine.inputs import input_digest, recorded_digest
from interlock.engine.lifecycles import LifecycleRun
from interlock.engine.privacy import refuse_forgotten
from interlock.engine.programs import mover_of
from interlock.engine.session import Session
from interlock.engine.workflows import WorkflowRun
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.program import Program
from interlock.store.contract import Store
from interlock.store.errors import Conflict
from interlock.store.event import Actor
from interlock.store.values import digest

if TYPE_CHECKING:
    from interlock.engine.core import Core

_LONGEST_ID = 200


async def start_run(
    engine: Core,
    program: Program | LifecycleProgram,
    run: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    actor: Actor,
    *,
    parent: tuple[str, str] = ("", ""),
    correlation: str = "",
) -> None:
    """Append the run's beginning, unless it has begun with the same input.

    Raises:
        Forgotten: the input holds something about a subject that was forgotten.
    """
    fingerprint = check_start(program, run, args, kwargs)
    engine.sessions.hold(run)
    try:
        while True:
            session = await engine.sessions.get(run, new=True)
            async with session.lock:
                if session.broken:
                    continue
                if session.exists:
                    await _check_same(engine.store, session, program, fingerprint)
                    break
                asked = actor.correlation if isinstance(actor, Caller) else ""
                session.correlation = correlation or asked or session.correlation
                _begin(session, program, args, kwargs, fingerprint, actor, parent)
                try:
                    await engine.flush(session)
                except Conflict:
                    continue
            break
        if not session.idle:
            engine.wake(run)
    finally:
        engine.sessions.release(run)


def check_start(
    program: Program | LifecycleProgram, run: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> str:
    """Check an id and an input; the input's digest.

    Raises:
        BadRunId, BadInput: as they say.
    """
    check_id(run)
    return _fingerprint(program, args, kwargs)


def _begin(
    session: Session,
    program: Program | LifecycleProgram,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    fingerprint: str,
    actor: Actor,
    parent: tuple[str, str],
) -> None:
    session.machine, session.hash = program.machine.name, program.machine.hash
    session.by(actor)
    try:
        mover = mover_of(session, program)
        if isinstance(mover, LifecycleRun):
            mover.begin(_data(args, kwargs), fingerprint)
        elif isinstance(mover, WorkflowRun):
            mover.begin(args, kwargs, fingerprint, parent)
        if not parent[0]:
            refuse_forgotten(program.types.vault, session.state.image.nodes.values())
    except BaseException:
        session.broken = True
        raise


def _data(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if len(args) != 1 or kwargs:
        raise BadInput("a lifecycle is started with exactly one argument: its data")
    return args[0]


def _fingerprint(
    program: Program | LifecycleProgram, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> str:
    if isinstance(program, LifecycleProgram):
        data = _data(args, kwargs)
        if not isinstance(data, program.data_type):
            wanted, given = program.data_type.__name__, type(data).__name__
            message = f"{program.machine.name} is started with a {wanted}, not with a {given}"
            raise BadInput(message)
        return digest(program.types, data)
    try:
        return input_digest(program, args, kwargs)
    except TypeError as error:
        message = f"the input does not fit {program.machine.name}: {error}"
        raise BadInput(message) from None


async def _check_same(
    store: Store, session: Session, program: Program | LifecycleProgram, fingerprint: str
) -> None:
    if session.machine != program.machine.name:
        message = (
            f"run {session.run!r} exists and is a {session.machine!r}, "
            f"not a {program.machine.name!r}"
        )
        raise InputMismatch(message)
    if session.state.input_digest == fingerprint:
        return
    (first, *_) = await store.read(session.run, upto=1)
    if recorded_digest(program, first) != fingerprint:
        message = f"run {session.run!r} exists and was started with other input"
        raise InputMismatch(message)


def check_id(run: str) -> None:
    """Raise `BadRunId` for what cannot be a run's id."""
    if not run or len(run) > _LONGEST_ID or not run.isprintable() or run.startswith("$"):
        message = (
            f"{run!r} cannot be a run's id; use 1 to {_LONGEST_ID} printable characters, "
            "the first of which is not '$'"
        )
        raise BadRunId(message)
