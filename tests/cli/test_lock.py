"""`interlock lock`: written, compared, refused; always with what is different."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.kit import Invoke, document
from interlock.cli.app import build
from interlock.machines import registry

BEFORE = """
from interlock.machines import step, workflow, sleep

@step
async def pack(order: str) -> int:
    return 1

@workflow(name="{name}")
async def parcel(order: str) -> int:
    boxes = await pack(order)
    await sleep("1 day")
    return boxes
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return tmp_path


@pytest.fixture
def lock(here: Path) -> Invoke:
    app = build(boxes=False)

    def invoke(*arguments: str, input: str | None = None) -> Result:  # noqa: A002  as CliRunner's
        return CliRunner().invoke(app, ["lock", *arguments], input=input, prog_name="interlock")

    return invoke


def write(here: Path, module: str, name: str, *edits: tuple[str, str]) -> None:
    text = BEFORE.replace("{name}", name)
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    (here / f"{module}.py").write_text(text)


def test_a_lock_is_written_once_and_then_up_to_date(here: Path, lock: Invoke) -> None:
    write(here, "locked_one", "locked-one")
    result = lock("locked_one")
    assert result.exit_code == 0, result.output
    assert "locked-one\n  + workflow" in result.stdout
    assert result.stdout.endswith("wrote interlock.lock, 1 machine\n")
    text = (here / "interlock.lock").read_text()
    assert 'target = "locked_one:parcel"' in text
    assert '\nsleep = { kind = "sleep", variables = ["boxes"]' in text
    again = lock()  # the module stands in the file
    assert (again.exit_code, again.stdout) == (0, "interlock.lock is up to date, 1 machine\n")
    assert lock("--check").exit_code == 0
    assert (here / "interlock.lock").read_text() == text


def test_check_tells_the_differences_and_writes_nothing(here: Path, lock: Invoke) -> None:
    write(here, "locked_two", "locked-two")
    lock("locked_two")
    text = (here / "interlock.lock").read_text()
    edited = text.replace('boxes"', 'crates"')
    assert edited != text
    write(here, "locked_three", "locked-three", ('await sleep("1 day")', "await pack(order)"))
    result = lock("locked_two", "locked_three", "--check", "--json")
    found = document(result)
    assert (result.exit_code, found["up_to_date"], found["written"]) == (1, False, False)
    assert [(c["machine"], c["how"]) for c in found["changes"]] == [("locked-three", "new")]
    assert (here / "interlock.lock").read_text() == text
    plain = lock("locked_two", "locked_three", "--check")
    assert "interlock.lock is out of date: run interlock lock" in plain.stdout


def test_machines_of_other_modules_stay(here: Path, lock: Invoke) -> None:
    write(here, "locked_four", "locked-four")
    write(here, "locked_five", "locked-five")
    lock("locked_four")
    lock("locked_five")
    found = document(lock("--check", "--json"))
    assert sorted(found["machines"]) == ["locked-five", "locked-four"]


def test_without_a_file_the_modules_are_wanted(lock: Invoke) -> None:
    result = lock("--json")
    assert (result.exit_code, document(result)["error"]["code"]) == (1, "ILK094")
    assert "name the modules" in result.stderr


def test_a_broken_file_is_told_with_its_line_and_left_alone(here: Path, lock: Invoke) -> None:
    write(here, "locked_six", "locked-six")
    lock("locked_six")
    file = here / "interlock.lock"
    broken = file.read_text().replace("[machine.locked-six.states]", "<<<<<<< HEAD\n[x]")
    file.write_text(broken)
    result = lock("--json")
    error = document(result)["error"]
    assert (result.exit_code, error["code"]) == (1, "ILK233")
    assert error["line"] == broken.split("\n").index("<<<<<<< HEAD") + 1
    assert "a conflict of a merge" in result.stderr
    assert file.read_text() == broken


def test_a_machine_that_moved_to_another_module_is_compared_all_the_same(
    here: Path, lock: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_known", {})
    write(here, "locked_old", "locked-moved")
    assert lock("locked_old").exit_code == 0
    (here / "locked_old.py").unlink()
    sys.modules.pop("locked_old")
    monkeypatch.setattr(registry, "_known", {})
    gone = lock("--check").stdout
    assert "ILK235: locked-moved is gone" in gone
    assert "or the module is named that it has moved to" in gone
    write(here, "locked_new", "locked-moved", ("boxes", "crates"))
    text = (here / "interlock.lock").read_text()
    moved = lock("locked_new")
    assert (moved.exit_code, (here / "interlock.lock").read_text()) == (1, text)
    assert "ILK234: runs in 'sleep' cannot go on" in moved.stdout
    write(here, "locked_new", "locked-moved")
    sys.modules.pop("locked_new")
    assert lock("locked_new").exit_code == 0
    assert "locked_new:parcel" in (here / "interlock.lock").read_text()
