"""Edits inside of branches: the lock file alone says what deploy-check says, and what happens."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from interlock.engine import Engine, deploy_check
from interlock.engine.deploying import HELD
from interlock.machines import BadDefinition, registry
from interlock.machines.lock import locked
from interlock.machines.lock.judging import left_behind
from interlock.store.backends.memory import MemoryStore

CODE = """
from interlock.machines import Command, approval, each, parallel, start, step, wait_for, workflow

class Paid(Command):
    amount: int = 0

@step
async def look(number: int) -> int:
    return number

async def deep(number: int) -> int:
    told = number + 1
    await approval("deep", about=told)
    return told

async def money(number: int) -> int:
    kept = number * 2
    paid = await wait_for(Paid)
    return kept + paid.amount

async def nested(number: int) -> int:
    own = number
    first, second = await parallel(money(own), deep(own))
    return first + second + own

@workflow(name="edited-branches")
async def flow(number: int) -> int:
    later = start(deep(number))
    first, second, third = await parallel(money(number), look(number), nested(number))
    others = await each(deep, [number, second])
    return first + third + sum(others) + await later
"""

EDITS = [
    ("await wait_for(Paid)", "await wait_for(Paid, Other)", True),
    ("class Paid", "class Payed", True),
    ('approval("deep", about=told)', 'approval("deeper", about=told)', True),
    ("told", "said", True),
    ("kept", "saved", True),
    ("own", "mine", True),
    ("money", "cash", True),
    ("    return told\n", "    return told + 1\n", False),
    ("    kept = number * 2\n", "    kept = number * 3\n", False),
    ("    return first + second + own", "    await look(own)\n    return own + first", False),
    ("    kept = number", "    await look(number)\n    kept = number", False),
]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the definitions of one name, only the one that an engine is given is known."""
    monkeypatch.setattr(registry, "_known", {})


def load(folder: Path, name: str, text: str) -> ModuleType:
    """A module, as in a program that has no other one."""
    registry._known.clear()  # pyright: ignore[reportPrivateUsage]  as in a new process
    file = folder / f"{name}.py"
    file.write_text(text)
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def edited(old: str, new: str) -> str:
    text = CODE.replace(old, new)
    text = text.replace("wait_for(Paid)", "wait_for(Payed)") if new == "class Payed" else text
    return text.replace("@step", "class Other(Command): ...\n\n@step") if "Other" in new else text


@pytest.mark.parametrize(("old", "new", "held"), EDITS)
async def test_an_edit_inside_of_a_branch(tmp_path: Path, old: str, new: str, held: bool) -> None:
    before = load(tmp_path, "branches_before", CODE)
    after = load(tmp_path, "branches_after", edited(old, new))
    store = MemoryStore("memory://")
    async with Engine(store, machines=[before.flow]) as engine:
        await engine.start(before.flow, 3, id="run")
        await engine.settle()
    behind = [*left_behind(locked("shop:flow", before.flow.machine), after.flow.program)]
    assert bool(behind) is held, behind
    assert all(problem.line for problem in behind if problem.state in after.flow.machine.places)
    (group,) = (await deploy_check(store, [after.flow])).groups
    assert (group.fate in HELD) is held, group
    async with Engine(store, machines=[after.flow]) as engine:
        await engine.approve("run", "nested/deep/deep", by="ann")
        await engine.settle()
        entry = await store.entry("run")
        assert entry is not None
        assert (entry.status == "held") is held


async def test_a_migration_answers_for_branches_as_well(tmp_path: Path) -> None:
    before = load(tmp_path, "branches_before", CODE)
    renamed = ('approval("deep", about=told)', 'approval("deeper", about=told)')
    states = {
        name: name.replace("approval:deep", "approval:deeper")
        for name in before.flow.machine.places
        if name.endswith("approval:deep")
    }
    inside = {name: now for name, now in states.items() if name.count(":") == 1}
    assert sorted(inside) == ["deep/approval:deep", "nested/deep/approval:deep"]
    store = MemoryStore("memory://")
    async with Engine(store, machines=[before.flow]) as engine:
        await engine.start(before.flow, 3, id="run")
        await engine.settle()
    for number, mapped in enumerate(({}, inside)):
        after = load(tmp_path, f"branches_after{number}", edited(*renamed))
        after.flow.migrate(from_=before.flow.machine.hash, states=mapped)(_same)
        behind = [*left_behind(locked("shop:flow", before.flow.machine), after.flow.program)]
        if mapped:
            assert behind == []
            (group,) = (await deploy_check(store, [after.flow])).groups
            assert group.fate == "migrated"
        else:
            assert {problem.state for problem in behind} == {*inside}
            with pytest.raises(BadDefinition, match="leave out"):
                await deploy_check(store, [after.flow])


async def test_a_helper_with_another_name_is_mapped_with_its_states(tmp_path: Path) -> None:
    before = load(tmp_path, "branches_before", CODE)
    store = MemoryStore("memory://")
    async with Engine(store, machines=[before.flow]) as engine:
        await engine.start(before.flow, 3, id="run")
        await engine.settle()
    inside = [name for name in before.flow.machine.places if "money" in name]
    states = {name: name.replace("money", "cash") for name in inside if "wait:" in name}
    joins = {name: name.replace("money", "cash") for name in inside if name.count("/") < 2}
    for number, mapped in enumerate((states, states | joins)):
        after = load(tmp_path, f"branches_after{number}", edited("money", "cash"))
        after.flow.migrate(from_=before.flow.machine.hash, states=mapped)(_same)
        behind = [*left_behind(locked("shop:flow", before.flow.machine), after.flow.program)]
        assert bool(behind) is (mapped == states)
        try:
            (group,) = (await deploy_check(store, [after.flow])).groups
        except BadDefinition:
            assert mapped == states
        else:
            assert group.fate == "migrated", group


def _same(variables: dict[str, object]) -> dict[str, object]:
    return variables
