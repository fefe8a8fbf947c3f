"""Old code that is kept in another module, beside the present one: the whole story."""

from __future__ import annotations

import asyncio
import importlib
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.kit import Invoke, document, lines
from interlock.cli.app import build
from interlock.engine import deploy_check
from interlock.machines import BadDefinition, registry
from interlock.machines.modules import defined_in
from interlock.store.open import open_store

CODE = """
from pydantic import BaseModel
from interlock.machines import approval, step, workflow

class Order(BaseModel):
    total: int

@step
async def charge(order: Order) -> str:
    return f"{order.total} by {MODULE}"

@workflow(name="kept-checkout")
async def checkout(order: Order) -> str:
    decision = await approval("manager", about=order)
    return await charge(order) if decision.granted else "rejected"
"""
HELD = [('approval("manager"', 'approval("boss"')]


def write(folder: Path, module: str, *edits: tuple[str, str], more: str = "") -> None:
    text = CODE.replace("{MODULE}", module)
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    (folder / f"{module}.py").write_text(text + more)
    sys.modules.pop(module, None)
    importlib.invalidate_caches()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(registry, "_known", {})
    monkeypatch.setattr(registry, "_present", {})
    monkeypatch.setenv("INTERLOCK_STORE", f"sqlite:///{tmp_path / 'kept.db'}")
    for name in ("present_code", "old_code", "both_code"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


@pytest.fixture
def kept(here: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    assert here.exists()
    app = build(boxes=False)

    def invoke(*arguments: str, input: str | None = None) -> Result:  # noqa: A002  as CliRunner's
        for name in ("present_code", "old_code"):
            sys.modules.pop(name, None)
        monkeypatch.setattr(registry, "_known", {})
        return CliRunner().invoke(app, list(arguments), input=input, prog_name="interlock")

    return invoke


BOTH = ("present_code", "old_code")
APPS = ("--app", "present_code", "--app", "old_code")


def test_runs_stay_on_the_old_code_and_new_ones_are_of_the_present(
    here: Path, kept: Invoke
) -> None:
    write(here, "present_code")
    assert kept("lock", "present_code").exit_code == 0
    assert kept("start", "present_code:checkout", '{"total": 7}', "--id", "r").exit_code == 0
    (here / "present_code.py").rename(here / "old_code.py")
    write(here, "present_code", *HELD)

    assert kept("deploy-check", "present_code").exit_code == 1
    report = kept("deploy-check", *BOTH, "--dry-run", "--json")
    assert report.exit_code == 0
    assert document(report)["fates"]["stays"] == 1
    assert document(report)["dry_run"]["held"] == []
    assert "new runs are of present_code:checkout" in report.stderr

    assert "ILK234" in kept("check", "present_code:checkout").stdout
    checked = kept("check", "present_code:checkout", "--app", "old_code")
    assert (checked.exit_code, "ILK234" in checked.stdout) == (0, False)

    why = kept("why", "r", "--app", "present_code").stdout
    assert "whatever comes: kept-checkout was edited" in " ".join(why.split())
    assert "cannot go on" not in kept("why", "r", *APPS).stdout
    (row,) = lines(kept("runs", *APPS, "--json"))
    assert (row["edited"], row["fate"]) == (True, "stays")
    assert "1 stay on their own code" in kept("runs", *APPS).stderr

    worked = kept("work", *BOTH, "--until-idle")
    assert "1 will stay on the old code" in worked.stderr
    assert kept("start", "present_code:checkout", '{"total": 8}', "--id", "n", *APPS).exit_code == 0
    assert document(kept("show", "n", "--json"))["state"] == "approval:boss"
    for run, name in (("r", "manager"), ("n", "boss")):
        assert kept("approve", run, name, "--by", "ann", *APPS).exit_code == 0
    assert document(kept("show", "r", "--json"))["result"] == "7 by present_code"
    assert document(kept("show", "n", "--json"))["result"] == "8 by present_code"


def test_a_run_goes_on_under_the_present_code_where_that_is_safe(here: Path, kept: Invoke) -> None:
    write(here, "old_code")
    assert kept("start", "old_code:checkout", '{"total": 7}', "--id", "r").exit_code == 0
    write(here, "present_code", ('else "rejected"', 'else "no"'))
    assert document(kept("deploy-check", *BOTH, "--json"))["fates"]["goes on"] == 1
    assert kept("approve", "r", "manager", "--by", "ann", *APPS).exit_code == 0
    assert document(kept("show", "r", "--json"))["result"] == "7 by present_code"


def test_a_copy_with_the_same_definition_is_the_same(here: Path, kept: Invoke) -> None:
    write(here, "old_code")
    write(here, "present_code")
    assert kept("start", "old_code:checkout", '{"total": 7}', "--id", "r").exit_code == 0
    assert document(kept("deploy-check", *BOTH, "--json"))["fates"]["unchanged"] == 1
    assert document(kept("lock", *BOTH, "--json"))["machines"].keys() == {"kept-checkout"}


def test_the_lock_file_remembers_the_old_code_that_is_kept(here: Path, kept: Invoke) -> None:
    write(here, "old_code")
    first = document(kept("lock", "old_code", "--json"))["machines"]["kept-checkout"]
    write(here, "present_code", *HELD)
    assert kept("lock", *BOTH).exit_code == 0
    text = (here / "interlock.lock").read_text()
    assert f"[kept.kept-checkout.{first}]" in text
    assert 'target = "present_code:checkout"' in text
    assert kept("lock", "--check").exit_code == 0
    assert kept("lock", *BOTH, "--check").exit_code == 0
    assert kept("check", "present_code:checkout").exit_code == 0

    (here / "old_code.py").unlink()
    for command in (("lock",), ("check", "present_code:checkout")):
        gone = kept(*command)
        assert gone.exit_code == 1, command
        assert f"@checkout.migrate(from_='{first[:8]}'" in gone.stdout
    assert kept("lock", "--accept").exit_code == 0
    assert "[kept." not in (here / "interlock.lock").read_text()


def test_within_a_module_its_own_code_is_the_present_one(here: Path, kept: Invoke) -> None:
    write(here, "old_code")
    assert kept("start", "old_code:checkout", '{"total": 7}', "--id", "r").exit_code == 0
    write(here, "both_code", *HELD)
    text = (here / "both_code.py").read_text()
    (here / "both_code.py").write_text(f"from old_code import checkout as before\n{text}")
    assert document(kept("deploy-check", "both_code", "--json"))["fates"]["stays"] == 1


def test_two_of_one_module_that_nothing_tells_apart_are_refused(here: Path) -> None:
    more = '\n@workflow(name="kept-checkout")\nasync def other(order: Order) -> None: ...\n'
    write(here, "both_code", more=more)
    with pytest.raises(BadDefinition, match="say which is the present one"):
        defined_in([importlib.import_module("both_code")])


def test_programs_that_ask_get_the_same_answer(
    here: Path, kept: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(here, "old_code")
    write(here, "present_code", *HELD)
    assert kept("start", "old_code:checkout", '{"total": 7}', "--id", "r").exit_code == 0
    monkeypatch.setattr(registry, "_known", {})
    for name in BOTH:
        sys.modules.pop(name, None)

    async def ask() -> list[tuple[str, int]]:
        store = open_store(f"sqlite:///{here / 'kept.db'}", readonly=True)
        try:
            return [(group.fate, group.count) for group in (await deploy_check(store, BOTH)).groups]
        finally:
            await store.close()

    assert asyncio.run(ask()) == [("stays", 1)]
