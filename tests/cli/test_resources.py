"""Resources on the command line: what the modules call `resources`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cli.kit import Invoke, document
from interlock.machines import registry

FLOW = """
from interlock.machines import approval, resource, step, workflow

class Post:
    pass

@step
async def tell(text: str, post: Post = resource(), sender: str = resource("sender")) -> str:
    return f"{sender} {text} by {type(post).__name__}"

@workflow(name="cli-resourceful")
async def telling(text: str) -> str:
    await approval("editor")
    return await tell(text)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the modules are; their machine is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(registry, "_known", {k: [v] for k, v in registry.all().items()})
    return tmp_path


def test_run_work_and_decisions_take_them_from_the_module(il: Invoke, folder: Path) -> None:
    (folder / "well_equipped.py").write_text(
        FLOW + '\nresources = {Post: Post, "sender": lambda: "ann"}\n'
    )
    (folder / "lines").write_text('{"id": "n-1", "text": "news"}\n{"id": "n-2", "text": "more"}\n')
    ran = il("run", "well_equipped:telling", "--input", "lines", "--id-field", "id", "--json")
    assert document(ran)["statuses"] == {"waiting": 2}
    first, second = "n-1", "n-2"
    il("approve", first, "editor", "--app", "well_equipped")
    assert document(il("show", first, "--json"))["result"] == "ann news by Post"
    il("approve", second, "editor")
    assert il("work", "well_equipped", "--until-idle").exit_code == 0
    assert document(il("show", second, "--json"))["result"] == "ann more by Post"


def test_without_them_nothing_is_started_and_a_decision_is_kept(il: Invoke, folder: Path) -> None:
    (folder / "ill_equipped.py").write_text(FLOW)
    (folder / "lines").write_text('{"text": "news"}\n')
    ran = il("run", "ill_equipped:telling", "--input", "lines")
    assert ran.exit_code == 1
    assert ran.stderr.startswith("error ILK039: cli-resourceful: tell needs Post for its 'post'")
    assert il("work", "ill_equipped").stderr.startswith("error ILK039")
    decided = il("approve", "order-2", "manager", "--app", "ill_equipped", "--by", "ann")
    assert decided.exit_code == 0
    assert "this command does not: cli-resourceful: tell needs Post" in decided.stdout
