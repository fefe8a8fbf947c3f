"""Runs of very many events, written straight into a store: what an engine would have recorded."""

from __future__ import annotations

from interlock.machines import Command, step, wait_for, workflow
from interlock.projections import entry_of, evolve, load_state
from interlock.store import Actor, Body, Commit, Delta, Draft, Encoded, Store
from interlock.store.vocabulary import (
    CommandReceived,
    StepScheduled,
    StepSucceeded,
    WaitMatched,
    WaitStarted,
)

NAMES = ["Add", "Stop"]
WAIT = "wait:Add or Stop"


class Add(Command):
    amount: int


class Stop(Command):
    pass


@step
async def note(total: int) -> int:
    return total


@workflow
async def counting(start: int) -> int:
    total = start
    while True:
        match await wait_for(Add, Stop):
            case Stop():
                return total
            case Add(amount=amount):
                total += await note(amount)


ANN, WORKER = Actor("user"), Actor("worker")


def turn(run: str, number: int, total: int) -> list[tuple[Body, str, Actor, str]]:
    """What one `Add(amount=1)` leads to: bodies, states, actors and causes."""
    wait, called, said = f"{WAIT}#{2 * number - 1}", f"note#{2 * number}", f"c{number}"
    value: dict[str, Encoded] = {"$": "object", "t": "Add", "v": {"amount": 1}}
    again = Delta(set={"total": total + 1})
    scheduled = StepScheduled(called, "note", f"{run}/{called}", [1], memory=Delta())
    return [
        (CommandReceived("Add", value), WAIT, ANN, said),
        (WaitMatched(wait, said), WAIT, WORKER, ""),
        (scheduled, "note", WORKER, ""),
        (StepSucceeded(called, "note", 1), "note", WORKER, ""),
        (WaitStarted(f"{WAIT}#{2 * number + 1}", NAMES, memory=again), WAIT, WORKER, ""),
    ]


async def lengthen(store: Store, run: str, turns: int, *, at_once: int = 400) -> None:
    """Append so many turns to a run of `counting` that waits in its first turn."""
    state = await load_state(store, run)
    number, total = 1, int(state.variables["total"])
    while number <= turns:
        drafts: list[Draft] = []
        for _ in range(min(at_once, turns - number + 1)):
            drafts += [Draft(*one) for one in turn(run, number, total)]
            number, total = number + 1, total + 1
        row = entry_of(state)
        commit = Commit(state.head, row, drafts, state.since, state.correlation)
        for event in (await store.append(commit)).events:
            state = evolve(state, event)
