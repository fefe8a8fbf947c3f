"""Law: a scenario, which has no store and no engine, does what a run of an engine does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from interlock.machines import Command, Refused
from interlock.testing import Environment, Scenario, Script
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
    mail,
)

COMMANDS: list[Command] = [
    Subscribe(plan="gold"), Charge(), Charge(succeeded=False), Restrict(), Tighten(), Restore(),
    Pause(), Resume(), Close(), Rename(plan="tin"), Nudge(),
]  # fmt: skip
MOVES = st.one_of(
    st.sampled_from(COMMANDS),
    st.sampled_from(COMMANDS[:3]),
    st.sampled_from([timedelta(hours=1), timedelta(days=14), timedelta(days=29, hours=23)]),
)


async def send(env: Environment, command: Command) -> str:
    """Why it was refused, "" when it was not."""
    try:
        await env.send("run", command)
    except Refused as refused:
        return ", ".join(refused.guards) or "not accepted"
    return ""


@given(st.lists(MOVES, max_size=10))
async def test_a_scenario_is_what_a_run_is(moves: list[Command | timedelta]) -> None:
    script = Script({mail: None})
    async with Environment(script) as env:
        run = await env.start(Subscription, Account(), id="run")
        scenario = Scenario(Subscription, Account())
        texts = [effect.args[0] for effect in scenario.effects]
        for move in moves:
            if isinstance(move, timedelta):
                await env.advance(move)
                scenario.passes(move)
                said, why = "", ""
            else:
                said = await send(env, move)
                refusal: Any = scenario.when(move).refusal
                why = "" if refusal is None else ", ".join(refusal.guards) or "not accepted"
            texts += [effect.args[0] for effect in scenario.effects]
            state = await run.snapshot()
            assert said == why
            assert set(state.configuration) == set(scenario.configuration)
            assert await run.read("data", Account) == scenario.data
            due = dict(scenario.timers)
            set_ = {timer.name: timer.due for timer in await env.engine.store.timers("run")}
            assert {name.partition(":")[2] or name: at for name, at in set_.items()} == due
        assert [call.args[0] for call in script.calls] == texts
