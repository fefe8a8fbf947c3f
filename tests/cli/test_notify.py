"""Reminders on the command line: told to what the modules call `notify`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cli.kit import Invoke
from interlock.machines import registry

FLOW = """
from interlock.engine import Notice
from interlock.machines import approval, workflow

async def notify(notice: {annotation}) -> None:
    print(f"{{notice.kind}} of {{notice.name}} in {{notice.run}}")

@workflow(name="cli-reminding-{name}")
async def reminding(text: str) -> str:
    decision = await approval("editor", about=text, remind="1 ms")
    return decision.by
"""


@pytest.mark.parametrize(
    ("name", "annotation", "told"),
    [("told", "Notice", "reminder of editor in n-1\n"), ("other", "str", "")],
)
def test_a_reminder_is_told_to_the_module_that_wants_to_know(
    il: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    name: str, annotation: str, told: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(registry, "_known", {k: [v] for k, v in registry.all().items()})
    (tmp_path / f"reminding_{name}.py").write_text(FLOW.format(annotation=annotation, name=name))
    (tmp_path / "lines").write_text('{"id": "n-1", "text": "news"}\n')
    ran = il("run", f"reminding_{name}:reminding", "--input", "lines", "--id-field", "id")
    worked = il("work", f"reminding_{name}", "--until-idle")
    assert worked.exit_code == 0, worked.output
    printed = f"{ran.stdout}{worked.stdout}"
    assert [line for line in printed.splitlines() if line.startswith("reminder of")] == (
        told.splitlines()
    )
    assert "reminder 1 of approval editor" in il("history", "n-1").stdout
