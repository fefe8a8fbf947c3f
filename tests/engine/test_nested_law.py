"""Laws of nested lifecycles at work: whatever is sent, the log, the timers and the fold agree."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.engine import Engine
from interlock.engine.lifecycles import AFTER
from interlock.machines import Command, Refused
from interlock.machines.kernel import Snapshot
from interlock.machines.lifecycle_program import Taken
from interlock.projections import RunState, evolve
from interlock.store.backends.memory import MemoryStore
from interlock.store.clock import ManualClock
from sample_subscription import (
    Account,
    Charge,
    Close,
    Nudge,
    Pause,
    Rename,
    Restore,
    Restrict,
    Resume,
    Subscribe,
    Subscription,
    Tighten,
)

PROGRAM = Subscription.program()
commands = st.one_of(
    st.builds(Subscribe, plan=st.just("gold")),
    st.builds(Charge, succeeded=st.booleans()),
    *(st.builds(kind) for kind in (Restrict, Tighten, Restore, Pause, Resume, Nudge)),
    st.builds(Rename, plan=st.sampled_from(["a", "b"])),
    st.builds(Close),
)
moves = st.lists(commands | st.integers(1, 20), min_size=5, max_size=25)


def plain(state: RunState) -> tuple[object, ...]:
    return state.state, state.active, state.remembered, state.variables, state.status, state.inbox


async def refusal(sending: Awaitable[object]) -> Refused | None:
    try:
        await sending
    except Refused as refused:
        return refused
    return None


async def drive(word: list[Command | int]) -> None:
    clock = ManualClock()
    async with Engine(MemoryStore(), clock=clock) as engine:
        run = await engine.start(Subscription, Account(), id="s")
        for number, move in enumerate([Subscribe(plan="gold"), *word]):
            before = (await run.history()).events
            if isinstance(move, int):
                clock.set(clock.now() + timedelta(days=move))
                await engine.tick()
            else:
                refused = await refusal(engine.send(run, move, command_id=f"c{number}"))
                if refused is not None:
                    assert refused.state == await run.state()
                    events = (await run.history()).events
                    assert not [e for e in events[len(before) :] if e.cause == f"c{number}"]
            await engine.settle()
            state = await run.snapshot()
            assert PROGRAM.chart.problem(state.configuration) == ""
            active = {
                f"{AFTER}{edge}": since + delay
                for name, since in state.active.items()
                for edge, delay in PROGRAM.timers(name)
                if state.ended is None
            }
            timers = {t.name: t.due for t in await engine.store.timers("s")}
            assert {name: due for name, due in timers.items() if name.startswith(AFTER)} == active
        history = await run.history()
        folded: RunState | None = None
        for event in history.events:
            folded = evolve(folded, event)
            assert PROGRAM.chart.problem(folded.configuration) == ""
        assert folded is not None
        assert plain(folded) == plain(await run.snapshot())
        history.verify()


@settings(max_examples=25)
@given(moves)
def test_the_log_the_timers_and_the_fold_agree(word: list[Command | int]) -> None:
    asyncio.run(drive(word))


def decided(place: Snapshot, data: Account, command: Command) -> Taken | Refused:
    try:
        return PROGRAM.decide(place, data, command)
    except Refused as refused:
        return refused


@given(moves)
def test_what_is_decided_depends_on_nothing_but_place_data_and_command(
    word: list[Command | int],
) -> None:
    data = Account()
    taken = PROGRAM.begin(data)
    for command in [Subscribe(plan="gold"), *word]:
        if isinstance(command, int):
            continue
        place, kept = taken.step.after, data.model_copy()
        first, second = (decided(place, data, command) for _ in range(2))
        if isinstance(first, Refused) or isinstance(second, Refused):
            assert str(first) == str(second)
            continue
        assert first == second
        assert data == kept
        assert {edge.source for edge in first.edges} <= set(place.active)
        taken = first.then[-1] if first.then else first
        data = taken.data
        if taken.step.done:
            return
