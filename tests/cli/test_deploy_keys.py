"""`deploy-check` where data is personal and the database is encrypted."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.kit import Invoke, document, lines
from interlock.cli.app import build
from interlock.machines import registry

CODE = """
from pydantic import BaseModel
from interlock.machines import Personal, Subject, approval, workflow

class Customer(BaseModel):
    id: Subject
    name: Personal[str]

@workflow(name="keyed-renewal")
async def renew(customer: Customer) -> str:
    await approval("boss")
    return customer.id
"""
EDITED = CODE.replace("name: Personal[str]\n", "name: Personal[str]\n    length: int\n")
MIGRATION = """
@renew.migrate(from_="{hash}")
def measured(variables: dict) -> dict:
    was = variables["customer"]
    length = len(was["name"].reveal())
    return {"customer": Customer(id=was["id"], name=was["name"], length=length)}
"""
KEYS = ("--key-file", "k.key", "--personal-keys", "elsewhere.db")


@pytest.fixture
def keyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("INTERLOCK_STORE", f"sqlite:///{tmp_path / 'keyed.db'}")
    app = build(boxes=False)

    def invoke(*arguments: str, input: str | None = None) -> Result:  # noqa: A002  as CliRunner's
        sys.modules.pop("keyed_code", None)
        importlib.invalidate_caches()
        monkeypatch.setattr(registry, "_known", {})
        return CliRunner().invoke(app, list(arguments), input=input, prog_name="interlock")

    return invoke


def test_a_migration_that_reads_personal_data_is_judged_as_the_engine_will(
    tmp_path: Path, keyed: Invoke
) -> None:
    code = tmp_path / "keyed_code.py"
    code.write_text(CODE)
    assert keyed("key", "k.key").exit_code == 0
    start = ("start", "keyed_code:renew", '{"id": "c-1", "name": "Ann"}', "--id", "r")
    assert keyed(*KEYS, *start).exit_code == 0
    code.write_text(EDITED)
    assert "ILK215" in keyed("deploy-check", "keyed_code", "--dry-run").stderr
    asked = ("deploy-check", "keyed_code", "--dry-run", "--json", *KEYS)
    lost = keyed(*asked[:-1], "not_there.db")
    assert (lost.exit_code, "ILK212" in lost.stderr) == (1, True)
    held = keyed(*asked)
    assert (held.exit_code, document(held)["fates"]["type changed"]) == (1, 1)
    (definition,) = re.findall(r'"hash": "(\w+)"', held.stdout)

    code.write_text(EDITED + MIGRATION.replace("{hash}", definition))
    report = keyed(*asked)
    assert (report.exit_code, document(report)["fates"]["migrated"]) == (0, 1)
    assert document(report)["dry_run"]["held"] == []
    (row,) = lines(keyed(*KEYS, "runs", "--app", "keyed_code", "--json"))
    assert row["fate"] == "migrated"
    why = keyed(*KEYS, "why", "r", "--app", "keyed_code").stdout
    assert "cannot go on" not in why
    approved = keyed(*KEYS, "approve", "r", "boss", "--by", "ann", "--app", "keyed_code")
    assert "r is completed" in approved.stdout


def test_what_is_said_of_a_key_that_is_lacking_works_where_it_is_said_to_stand(
    tmp_path: Path, keyed: Invoke
) -> None:
    (tmp_path / "keyed_code.py").write_text(CODE)
    keyed("key", "k.key")
    start = ("start", "keyed_code:renew", '{"id": "c-1", "name": "Ann"}', "--id", "r")
    assert keyed(*KEYS, *start).exit_code == 0
    asked = ("approve", "r", "boss", "--by", "ann", "--app", "keyed_code")
    said = keyed(*asked).stderr
    assert "ILK215" in said
    assert "interlock --key-file FILE COMMAND" in said
    said = keyed(*KEYS[:2], *asked).stderr
    assert "ILK212" in said
    assert "interlock --personal-keys FILE COMMAND" in said
    misplaced = keyed(*asked, *KEYS)
    line = "interlock --key-file FILE approve"
    assert (misplaced.exit_code, line in misplaced.stderr) == (2, True)
    assert keyed(*KEYS, *asked).exit_code == 0
