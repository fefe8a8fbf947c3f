"""What has to hold at the end of a simulation, whatever went wrong in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from interlock.audit import audit
from interlock.engine.auditing import read_definition
from interlock.projections import Activity, RunState, entry_of, fold
from interlock.store.contract import Store
from interlock.store.vocabulary import UndoSucceeded
from interlock.testing.simulation.process import Process
from interlock.testing.simulation.register import Register
from interlock.testing.simulation.world import Told


async def unsafe(
    truth: Store, register: Register, told: Told, processes: Iterable[Process]
) -> list[str]:
    """What was lost, doubled or damaged, said for a person."""
    with truth.inspect() as snapshot:
        found = [one.what for one in audit(snapshot, read_definition).findings.found]
    found += register.broken
    found += told.wrong
    for run in told.started:
        if run not in register.states:
            found.append(f"the start of {run!r} was acknowledged, and there is no such run")
    for key, run in told.accepted.items():
        known = await truth.command(key)
        if known is None or known[0] != run:
            found.append(f"command {key!r} to {run!r} was acknowledged, and is not in the log")
    kept = {(e.stream, e.version, e.digest) for e in await truth.log(limit=10**9)}
    for process in processes:
        for stream, version, digest in process.acknowledged:
            if (stream, version, digest) not in kept:
                found.append(f"event {version} of {stream!r} was acknowledged, and is lost")
    for run in register.states:
        found += await _damage(truth, run)
    return found


async def _damage(truth: Store, run: str) -> list[str]:
    """What is wrong with one run."""
    events = await truth.read(run)
    state, found = fold(events), list[str]()
    if entry_of(state) != await truth.entry(run):
        found.append(f"the index says something else of {run!r} than its events")
    undone = [event.body.of for event in events if isinstance(event.body, UndoSucceeded)]
    found += [f"{one} of {run!r} was undone twice" for one in {*undone} if undone.count(one) > 1]
    return found


def stuck(states: Iterable[RunState], now: datetime, overdue: Sequence[str]) -> Iterator[str]:
    """Runs that neither end nor wait for something that has a name."""
    known = {state.run: state for state in states}
    for timer in overdue:
        yield f"a timer is due and does not fire: {timer}"
    for state in known.values():
        if state.ended is not None and not state.pending:
            continue
        if state.held:
            yield f"{state.run!r} stands still at {state.state}: {state.held}"
        elif state.status in ("running", "compensating"):
            yield f"{state.run!r} is {state.status} at {state.state}, and nothing moves it"
        for activity in state.pending.values():
            if not _named(activity, known):
                yield f"{state.run!r} waits at {activity.state} for nothing that has a name"


def _named(activity: Activity, known: dict[str, RunState]) -> bool:
    if activity.status in ("in doubt", "undo failed", "asked"):
        return True
    if activity.kind == "approval":
        return bool(activity.name)
    if activity.kind == "wait":
        return bool(activity.commands)
    if activity.kind == "child":
        return activity.child in known
    if activity.kind in ("sleep", "join", "helper"):
        return activity.kind != "sleep" or activity.due is not None
    return activity.status == "postponed" and bool(activity.postponed)
