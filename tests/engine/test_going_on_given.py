"""Forks under new code: what they are yet to be given of their parent has to be readable."""

from __future__ import annotations

import pytest

from engine.deployed import Deployed
from interlock.engine import Engine
from interlock.engine.deploying import RunFate
from interlock.projections import RunState, fold
from interlock.store.forking import Effects

OLD = """
from dataclasses import dataclass
from interlock.machines import Command, renamed, step, upcast, wait_for, Workflow
class Go(Command):
    n: int = 0
@dataclass
class Slip:
    id: str
@step
async def first(what: str) -> str:
    return what
@step
async def second(what: str) -> Slip:
    return Slip(what)
async def _flow(what: str) -> str:
    got = await first(what)
    slip = await second(got)
    await wait_for(Go)
    return slip.id
flow = Workflow(_flow, "given")
"""
NEW = OLD.replace("Slip", "Note")
RENAMED = NEW.replace("@step\nasync def first", 'renamed(Note, was="Slip")\n@step\nasync def first')
UPCAST = OLD.replace("    id: str\n", "    id: str\n    amount: int\n").replace(
    "Slip(what)", "Slip(what, 1)"
)
WHY = "what run run recorded of second holds a Slip, which the new program does not know"
LACKING = "what run run recorded of second holds a Slip without 'amount', which has no default"
BRING_UP = UPCAST.replace(
    "@step\nasync def first",
    "@upcast(Slip, from_=1)\ndef more(old: dict) -> dict:\n    return {**old, 'amount': 7}\n"
    "@step\nasync def first",
)
WITHOUT = OLD.replace("await second(got)", "None").replace("slip.id", "got").replace("Slip", "Note")


async def forked(at: int, effects: Effects = "recorded") -> Deployed:
    """A fork that no worker has seen yet, of a run that waits."""
    world = Deployed()
    await world.begin(OLD)
    async with Engine(world.store, machines=[], clock=world.clock, worker=False) as engine:
        await engine.fork("run", at, id="fork", effects=effects)
    return world


async def foretold(world: Deployed, text: str) -> RunFate:
    return next(found for found in await world.fates(text) if found.run == "fork")


async def moved(world: Deployed, text: str) -> RunState:
    """The fork, when a worker with a text has seen it."""
    await world.go(text)
    return fold(await world.store.read("fork"))


@pytest.mark.parametrize("version", [2, 4], ids=["before it comes to it", "at it"])
@pytest.mark.parametrize(("text", "why"), [(NEW, WHY), (UPCAST, LACKING)])
async def test_what_a_fork_is_given_and_cannot_read_is_foretold(
    version: int, text: str, why: str
) -> None:
    world = await forked(version)
    found = await foretold(world, text)
    assert (found.fate, found.reasons) == ("type changed", (why,))
    assert found.write.startswith("an @upcast of the class, or renamed(..., was=...)")
    state = await moved(world, text)
    assert why in state.held
    assert "write an @upcast of the class, or renamed(..., was=...)" in state.held
    assert (await moved(world, OLD)).status == "completed"  # nothing is lost


@pytest.mark.parametrize("text", [RENAMED, BRING_UP], ids=["renamed", "upcast"])
@pytest.mark.parametrize("version", [2, 4])
async def test_what_is_brought_up_to_the_new_class_goes_on(version: int, text: str) -> None:
    world = await forked(version)
    assert (await foretold(world, text)).fate == "goes on"
    state = await moved(world, text)
    assert (state.held, state.state) == ("", "wait:Go")


@pytest.mark.parametrize(("text", "effects"), [(WITHOUT, "recorded"), (NEW, "ask"), (NEW, "live")])
async def test_nothing_is_said_of_what_it_is_not_given(text: str, effects: Effects) -> None:
    world = await forked(2, effects)
    assert (await foretold(world, text)).fate == "goes on"
    state = await moved(world, text)
    assert state.held == ""
