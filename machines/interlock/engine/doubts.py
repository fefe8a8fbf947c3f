"""What a person found out about a call in doubt: it happened, it did not, or try again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.engine import commands
from interlock.engine.errors import NotInDoubt, UnknownMachine
from interlock.engine.session import Session
from interlock.engine.workflows import WorkflowRun
from interlock.machines.errors import Refused
from interlock.machines.ir import Machine
from interlock.projections import Activity, address, node_of
from interlock.store.clock import uuid7
from interlock.store.event import Actor
from interlock.store.values import encode_whole
from interlock.store.vocabulary import StepResolved

if TYPE_CHECKING:
    from interlock.engine.core import Core


async def resolve(
    engine: Core,
    run: str,
    step: str,
    happened: bool | None,
    result: object,
    actor: Actor,
    reason: str,
) -> None:
    """Record what a person found out about a step in doubt."""
    machine = await commands.definition_of_run(engine, run)

    def record(session: Session) -> None:
        activity = _doubtful(session, step)
        undoable, irreversible = declared(session, activity, machine)
        session.emit(
            StepResolved(
                activity.id, activity.name, bool(happened), reason,
                encode_whole(engine.types_of(session.machine, session.hash), result),
                undoable=undoable, again=happened is None, irreversible=irreversible,
            )
        )  # fmt: skip

    command_id = str(uuid7(engine.clock.now()))
    await commands.accept(engine, run, record, actor, command_id, asks=True)


def _doubtful(session: Session, step: str) -> Activity:
    """The call in doubt of this step, state, address or activity."""
    state = session.state
    doubtful = [a for a in state.pending.values() if a.status == "in doubt"]
    found = [a for a in doubtful if step in (a.name, a.state, a.id, address(state, a))]
    if len(found) == 1:
        return found[0]
    if found:
        addresses = [address(state, a) for a in found]
        apart = len({*addresses}) == len(found)
        told = ", ".join(addresses if apart else [a.id for a in found])
        message = f"several calls of {step!r} of run {state.run!r} are in doubt: say {told}"
        raise Refused(message, run=session.run, state=state.state)
    names = ", ".join(address(state, a) for a in doubtful) or "none"
    message = f"step {step!r} of run {state.run!r} is not in doubt; in doubt: {names}"
    raise NotInDoubt(message)


def declared(session: Session, activity: Activity, machine: Machine | None) -> tuple[bool, str]:
    """Whether the step can be undone, and why it cannot, as its definition says."""
    if session.state.lifecycle:
        return False, ""
    if isinstance(session.mover, WorkflowRun):
        options = session.mover.step_of(activity).options
        return options.compensate is not None, options.irreversible
    node = None if machine is None else machine.by_id.get(node_of(session.state, activity))
    if node is None:  # what was started on its own is in no machine
        message = (
            f"whether {activity.name!r} can be undone is not known here: import the module of "
            f"machine {session.machine!r} first"
        )
        raise UnknownMachine(message)
    return node.compensated, node.irreversible
