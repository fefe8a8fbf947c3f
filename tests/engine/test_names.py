"""Two definitions of one name: told apart by where they are used, or refused."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from interlock.engine import Engine
from interlock.machines import registry
from interlock.machines.errors import BadDefinition, CompileError

SOURCE = """
from interlock.machines import Command, wait_for, workflow

class Go(Command):
    pass

@workflow
async def homonym(number: int) -> str:
    await wait_for(Go)
    return f"{__name__} {number}"
"""


def module(folder: Path, name: str, source: str) -> ModuleType:
    """A module of this source, imported."""
    (folder / f"{name}.py").write_text(source)
    __import__(name)
    return sys.modules[name]


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ModuleType, ModuleType]]:
    """Two modules, each with a workflow `homonym` of its own."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(registry, "_known", {})
    first = module(tmp_path, "homonyms_one", SOURCE)
    second = module(tmp_path, "homonyms_two", SOURCE.replace("{number}", "{number} too"))
    yield first, second
    del sys.modules["homonyms_one"], sys.modules["homonyms_two"]


async def test_each_engine_serves_the_one_that_it_starts(
    two: tuple[ModuleType, ModuleType],
) -> None:
    for number, home in enumerate(two):
        async with Engine("memory://") as engine:
            run = await engine.start(home.homonym, number)
            await engine.send(run, home.Go())
            assert str(await run.result()).startswith(f"{home.__name__} {number}")


async def test_one_engine_does_not_start_both(two: tuple[ModuleType, ModuleType]) -> None:
    first, second = two
    async with Engine("memory://") as engine:
        await engine.start(first.homonym, 1, id="one")
        with pytest.raises(BadDefinition, match=r"s_one\.homonym and homonyms_two\.homonym"):
            await engine.start(second.homonym, 2, id="two")
        assert [entry.run for entry in await engine.runs()] == ["one"]


async def test_a_run_that_was_left_goes_on_in_the_definition_that_it_follows(
    two: tuple[ModuleType, ModuleType], tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/names.db"
    for number, home in enumerate(two):
        async with Engine(url) as engine:
            await engine.start(home.homonym, number, id=home.__name__)
    async with Engine(url) as engine:
        for home in two:
            await engine.send(home.__name__, home.Go())
            run = await engine.get(home.__name__)
            assert str(await run.result()).startswith(home.__name__)


async def test_one_that_cannot_be_compiled_is_nothing_to_a_run_of_the_other(
    two: tuple[ModuleType, ModuleType], tmp_path: Path
) -> None:
    first, _ = two
    url = f"sqlite:///{tmp_path}/names.db"
    async with Engine(url) as engine:
        await engine.start(first.homonym, 1, id="one")
    broken = SOURCE.replace("wait_for(Go)", "not_there_yet()")
    module(tmp_path, "homonyms_six", broken)
    try:
        async with Engine(url) as engine:
            await engine.send("one", first.Go())
            run = await engine.get("one")
            assert await run.result() == "homonyms_one 1"
        registry.__dict__["_known"]["homonym"] = [sys.modules["homonyms_six"].homonym]
        async with Engine(url, recover=False) as engine:
            with pytest.raises(CompileError, match="not_there_yet"):
                await engine.send("one", first.Go())
    finally:
        del sys.modules["homonyms_six"]
