"""Slips in migrations: each command that can know says which name is wrong, and what is meant."""

from __future__ import annotations

import asyncio
import importlib
import sys
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.kit import Invoke, document
from interlock.cli.app import build
from interlock.engine import Engine
from interlock.machines import BadDefinition, registry
from interlock.machines.misnamed import MisnamedMigration

CODE = """
from interlock.machines import approval, step, workflow

@step
async def charge(order: str) -> str:
    return order

@workflow(name="slips-checkout", version="1")
async def checkout(order: str) -> str:
    decision = await approval("manager", about=order)
    await approval("auditor")
    return await charge(order)
"""
EDITED = (("1", "2"), ('approval("manager"', 'approval("boss"'))
MIGRATION = """
@checkout.migrate(from_="{source}", states={{"{state}": "approval:boss"}})
def to_the_boss(variables: dict) -> dict:
    {body}return variables
"""


class Shop:
    """A module that is edited, runs in flight, a lock file and the command line."""

    def __init__(self, folder: Path, il: Invoke) -> None:
        self.file = folder / "slips_code.py"
        self.store = f"sqlite:///{folder / 'slips.db'}"
        self.il = il
        (self.hash,) = document(il("lock", "--check", "--json"))["machines"].values()

    def edit(self, source: str, state: str = "approval:manager", body: str = "") -> None:
        text = CODE
        for old, new in EDITED:
            text = text.replace(old, new, 1)
        self.file.write_text(text + MIGRATION.format(source=source, state=state, body=body))

    async def opened(self) -> None:
        sys.modules.pop("slips_code", None)
        module: Any = importlib.import_module("slips_code")
        async with Engine(self.store, machines=[module.checkout]):
            pass

    def problems(self) -> list[str]:
        found = document(self.il("check", "slips_code:checkout", "--json"))["problems"]
        return [one["message"] for one in found if one["code"] == "ILK290"]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the code, its lock file and three runs: made once, and copied."""
    folder = tmp_path_factory.mktemp("slips")
    with pytest.MonkeyPatch.context() as patch:
        il = invoked(folder, patch)
        (folder / "slips_code.py").write_text(CODE)
        assert il("lock", "slips_code").exit_code == 0
        (folder / "orders").write_text(
            "".join(f'{{"order": "{n}", "n": "o-{n}"}}\n' for n in "123")
        )
        ran = il("run", "slips_code:checkout", "--input", "orders", "--id-field", "n")
        assert ran.exit_code == 0, ran.output
    return folder


@pytest.fixture
def shop(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    copytree(filled, tmp_path, dirs_exist_ok=True)
    return Shop(tmp_path, invoked(tmp_path, monkeypatch))


def invoked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """The command line in a folder, its module imported anew for each command."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("INTERLOCK_STORE", f"sqlite:///{folder / 'slips.db'}")
    app = build(boxes=False)

    def invoke(*arguments: str, input: str | None = None) -> Result:  # noqa: A002  as CliRunner's
        sys.modules.pop("slips_code", None)
        importlib.invalidate_caches()
        monkeypatch.setattr(registry, "_known", {})
        return CliRunner().invoke(app, list(arguments), input=input, prog_name="interlock")

    return invoke


def wrong(digest: str) -> str:
    """Eight digits of a hash, the last one mistyped."""
    return f"{digest[:7]}{'0' if digest[7] != '0' else '1'}"


def test_a_mistyped_hash_is_refused_by_all_who_know(shop: Shop) -> None:
    shop.edit(wrong(shop.hash))
    meant = f"did you mean '{shop.hash[:8]}' (version '1')?"
    for command in ("deploy-check", "work"):
        result = shop.il(command, "slips_code")
        assert result.exit_code == 1, command
        assert "ILK290" in result.stderr
        assert meant in result.stderr
    assert [meant in message for message in shop.problems()] == [True]
    checked = shop.il("lock", "--check", "--json")
    assert checked.exit_code == 1
    assert "ILK290" in {problem["code"] for problem in document(checked)["problems"]}
    with pytest.raises(MisnamedMigration, match="which no definition has"):
        asyncio.run(shop.opened())


def test_a_mistyped_state_is_named_with_what_is_meant(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    meant = "did you mean 'approval:manager'?"
    shop.edit(shop.hash[:8], "approval:manger")
    assert [meant in message for message in shop.problems()] == [True]
    refused = shop.il("deploy-check", "slips_code")
    assert (refused.exit_code, meant in refused.stderr) == (1, True)
    shop.edit("1", "approval:manger")  # a version may stand for a definition that is not known
    assert [meant in message for message in shop.problems()] == [True]
    left_out = shop.il("deploy-check", "slips_code")
    assert (left_out.exit_code, meant in left_out.stderr) == (1, True)
    with pytest.raises(BadDefinition, match=r"leave out states.*did you mean 'approval:manager'"):
        asyncio.run(shop.opened())
    text = shop.file.read_text()
    both = '{"approval:auditr": "approval:auditor", "approval:manager"'
    shop.file.write_text(text.replace('{"approval:manger"', both))
    told = shop.il("deploy-check", "slips_code")
    assert told.exit_code == 0  # nobody is held: it was said, and the engine says it as well
    assert "warning: the migration to_the_boss" in told.stdout
    assert "did you mean 'approval:auditor'?" in told.stdout
    asyncio.run(shop.opened())
    assert "did you mean 'approval:auditor'?" in caplog.text


def test_a_mistyped_target_is_told_without_a_database(shop: Shop) -> None:
    shop.edit("1")
    shop.file.write_text(shop.file.read_text().replace('"approval:boss"})', '"approval:bos"})'))
    assert any("did you mean 'approval:boss'?" in message for message in shop.problems())


def test_a_second_migration_from_the_same_definition_is_no_silent_replacement(shop: Shop) -> None:
    shop.edit("1")
    again = MIGRATION.format(source="1", state="approval:auditor", body="")
    more = again.replace("to_the_boss", "to_the_auditor").replace('"approval:boss"', '"charge"')
    shop.file.write_text(shop.file.read_text() + more)
    refused = shop.il("check", "slips_code:checkout")
    assert (refused.exit_code, "ILK031" in refused.stderr) == (1, True)
    assert "two migrations lead from '1': to_the_boss and to_the_auditor" in refused.stderr
    assert "slips_code.py:" in refused.stderr


def test_a_version_that_nobody_knows_is_told(shop: Shop) -> None:
    shop.edit("v1")
    told = shop.il("deploy-check", "slips_code", "--json")
    found = document(told)
    assert (told.exit_code, found["fates"]["needs mapping"]) == (1, 3)
    assert ["did you mean '1'?" in doubt for doubt in found["doubts"]] == [True]
    shop.edit("1")
    assert document(shop.il("deploy-check", "slips_code", "--json"))["doubts"] == []
    assert shop.problems() == []


def test_a_migration_that_fails_has_a_class_of_its_own(shop: Shop) -> None:
    shop.edit("1", body="raise KeyError(variables['order']); ")
    told = shop.il("deploy-check", "slips_code", "--dry-run", "--json")
    found = document(told)
    assert (told.exit_code, found["fates"]["migration fails"], found["held"]) == (1, 3, 3)
    (group,) = found["groups"]  # for one cause, whatever the value
    line = shop.file.read_text().splitlines().index("    raise KeyError(variables['order']); "
                                                    "return variables") + 1  # fmt: skip
    assert group["reasons"] == [
        f"migration to_the_boss raised KeyError: '1' (slips_code.py:{line})"
    ]
    assert (group["runs"], group["migrations"]) == (3, ["to_the_boss"])
    plain = shop.il("deploy-check", "slips_code", "--dry-run").stdout
    assert "3 cannot be migrated: it fails" in plain
    assert "3 runs, such as o-1, o-2, o-3: slips-checkout was edited" in plain
    assert plain.count("was edited since") == 1
    assert "3 runs would be held: mend the migrations, or keep the old code" in plain


def test_a_migration_that_leaves_a_state_out_is_refused_before_the_deploy(shop: Shop) -> None:
    """As the engine refuses it, though no run is in that state now."""
    shop.edit("1")
    shop.file.write_text(shop.file.read_text().replace('approval("auditor")', 'approval("audit")'))
    told = shop.il("deploy-check", "slips_code")
    assert (told.exit_code, "leave out states" in told.stderr) == (1, True)
    with pytest.raises(BadDefinition, match="leave out states"):
        asyncio.run(shop.opened())
    rows = shop.il("runs", "--app", "slips_code", "--json").stdout
    assert rows.count('"migration fails"') == 3
    shown = shop.il("show", "o-1", "--app", "slips_code").stdout
    assert "cannot go on: the migrations of slips-checkout" in " ".join(shown.split())


def test_one_run_and_several_are_told_in_good_grammar(shop: Shop) -> None:
    shop.edit("1")
    assert "3 are migrated" in shop.il("deploy-check", "slips_code").stdout
    for run in ("o-2", "o-3"):
        shop.il("cancel", run, "--app", "slips_code")
    assert "1 is migrated" in shop.il("deploy-check", "slips_code").stdout
