"""What is said of runs that are held under new code is what lets them go on, when it is written."""

from __future__ import annotations

import pytest

from engine.deployed import Deployed
from interlock.engine import Engine
from interlock.machines import BadDefinition

CODE = """
from interlock.machines import Command, step, wait_for, Workflow
class Go(Command):
    n: int = 0
class Early(Command):
    n: int = 0
async def undo(what: str) -> None:
    CALLS.append("undo")
async def nothing(what: str) -> None:
    CALLS.append("nothing")
@step(compensate=undo)
async def work(what: str) -> str:
    return what
@step
async def other(what: str) -> str:
    return what
async def _flow(what: str) -> str:
    await other(what)
    got = await work(what)
    await wait_for(Go)
    await wait_for(Early)
    raise ValueError("no")
flow = Workflow(_flow, "advised")
"""
OVER = """
@flow.migrate(from_='HASH', states=STATES)
def over(variables):
    return variables
"""
LOST = CODE.replace("@step(compensate=undo)", "@step")
NEVER = "    if what == 'never':\n        await wait_for(Early)\n"
KEPT = CODE.replace("    await wait_for(Early)\n", "").replace(
    "    await other", NEVER + "    await other"
)
WITHOUT_STEP = CODE.replace("    await other(what)\n", "")
NO_UNDO = "work is done, and has no undo any more"
GIVE_BACK = "compensate= on work again (an undo that does nothing, if nothing is to be undone)"


async def begun() -> Deployed:
    """A run that has done its work, waits, and was sent a command before its turn."""
    world = Deployed()
    await world.begin(CODE)
    async with Engine(world.store, machines=world.machines(CODE), clock=world.clock) as engine:
        await engine.send("run", world.named(CODE, "Early")())
        await engine.settle()
    return world


def migrated(world: Deployed, text: str, **states: str) -> str:
    named = {name.replace("_", ":"): now for name, now in states.items()}
    source = world.named(CODE, "flow").machine.hash
    return text + OVER.replace("HASH", source[:8]).replace("STATES", repr(named))


@pytest.mark.parametrize("migration", [False, True])
async def test_a_lost_undo_is_to_be_given_back_and_no_migration_is_asked_for(
    *, migration: bool
) -> None:
    world = await begun()
    text = migrated(world, LOST, work="work") if migration else LOST
    (found,) = await world.fates(text)
    assert found.reasons == (NO_UNDO,)
    assert (found.mend if migration else found.write).removeprefix("write ") == GIVE_BACK
    state = await world.go(text)
    assert f"{NO_UNDO}; write {GIVE_BACK}" in state.held
    given_back = text.replace("@step\nasync def work", "@step(compensate=nothing)\nasync def work")
    assert (await world.go(given_back)).status == "compensated"
    assert world.calls == ["nothing"]


async def test_a_kept_command_is_left_behind_by_mapping_the_state_to_itself() -> None:
    world = await begun()
    (found,) = await world.fates(KEPT)
    assert found.write.endswith("states={'wait:Go': ...}) (to itself, to leave Early behind)")
    wrong = migrated(world, KEPT)
    (found,) = await world.fates(wrong)
    said = "mend the migration over: states={'wait:Go': ...} (to itself, to leave Early behind)"
    assert found.mend == said
    right = migrated(world, KEPT, wait_Go="wait:Go")
    (found,) = await world.fates(right)
    assert found.fate == "migrated"
    assert (await world.go(right)).status == "compensated"


async def test_a_state_that_can_be_mapped_to_nothing_is_not_asked_to_be_mapped_again() -> None:
    world = await begun()
    text = migrated(world, WITHOUT_STEP, other="wait:Go")
    with pytest.raises(BadDefinition, match="keep it in the code until no run is in it") as caught:
        await world.report(text)
    assert "write states=" not in str(caught.value)
    kept = text.replace("    raise", "    await other('x')\n    raise").replace(
        "'other': 'wait:Go'", "'other': 'other'"
    )
    assert (await world.report(kept)).held == 0
