"""What newcomers meet: paths mistyped, modules forgotten, short sleeps, edited workflows."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import get_args

import pytest

from cli.kit import Invoke, document, lines
from interlock.machines import registry
from interlock.projections.run import RunStatus

FLOW = """
from interlock.machines import approval, sleep, step, workflow

@step
async def greet(name: str) -> str:
    return "hello " + name

@workflow(name="cli-napping")
async def nap(name: str, how_long: str, ask: bool = False) -> str:
    said = await greet(name)
    await sleep(how_long)
    if ask:
        await approval("boss")
    return said
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An author's folder; what is imported there is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(registry, "_known", {})
    monkeypatch.delenv("INTERLOCK_APP")
    return tmp_path


def started(il: Invoke, folder: Path, module: str, *runs: dict[str, object]) -> None:
    (folder / f"{module}.py").write_text(FLOW)
    (folder / "in").write_text("".join(f"{json.dumps(run)}\n" for run in runs))
    done = il("run", f"{module}:nap", "--input", "in", "--id-field", "id", "--wait", "0", "--json")
    assert done.exit_code == 0, done.stderr


def edit(folder: Path, module: str) -> None:
    """Another version of the workflow, as the next program would import it."""
    (folder / f"{module}.py").write_text(FLOW.replace("return said", "return said.title()"))
    registry.__dict__["_known"].clear()


NAPS: tuple[dict[str, object], ...] = (
    {"id": "n-1", "name": "ann", "how_long": "1 ms"},
    {"id": "n-2", "name": "bob", "how_long": "3 days"},
    {"id": "n-3", "name": "cid", "how_long": "1 ms", "ask": True},
)


def test_run_waits_for_short_sleeps_and_tells_what_is_parked(il: Invoke, folder: Path) -> None:
    (folder / "napping_a.py").write_text(FLOW)
    (folder / "in").write_text("".join(f"{json.dumps(run)}\n" for run in NAPS))
    command = ("run", "napping_a:nap", "--input", "in", "--id-field", "id")
    report = document(il(*command, "--json"))
    assert report["statuses"] == {"completed": 1, "sleeping": 1, "waiting": 1}
    assert [(p["waits"], p["waits_for"], p["runs"], p["first"]) for p in report["parked"]] == [
        ("approval", "boss", 1, "n-3"), ("timer", "", 1, "n-2"),
    ]  # fmt: skip
    text = il(*command).stdout
    assert "1 run waits for approval boss: interlock approvals --store" in text
    assert "interlock work napping_a --store" in text
    assert il(*command, "--wait", "soon").stderr.startswith("error ILK094: --wait")


@pytest.mark.parametrize(
    "command",
    [
        ("work", "cli.shop"), ("cancel", "x"), ("approve", "x", "boss"), ("reject", "x", "boss"),
        ("send", "x", "Paid"), ("resolve", "x", "ship", "--again"), ("runs",), ("show", "x"),
        ("history", "x"), ("at", "x"), ("approvals",), ("verify",), ("export", "x"),
        ("graph", "--run", "x"),
    ],
    ids=lambda command: command[0],
)  # fmt: skip
def test_a_mistyped_path_makes_no_file_and_a_foreign_one_stays_as_it_is(
    il: Invoke, tmp_path: Path, command: tuple[str, ...]
) -> None:
    typo, foreign = tmp_path / "typo.db", tmp_path / "foreign.db"
    missing = il(*command, "--store", f"sqlite:///{typo}")
    assert missing.stderr.startswith("error ILK091: there is no database")
    assert not typo.exists()
    with closing(sqlite3.connect(foreign)) as other, other:
        other.execute("create table mine (x)")
    before = foreign.read_bytes()
    refused = il(*command, "--store", f"sqlite:///{foreign}")
    assert refused.stderr.startswith("error ILK002: ")
    assert foreign.read_bytes() == before


@pytest.mark.parametrize("command", ["run", "demo", "import"])
def test_what_may_make_a_file_leaves_a_foreign_one_as_it_is(
    il: Invoke, tmp_path: Path, command: str
) -> None:
    foreign = tmp_path / "foreign.db"
    with closing(sqlite3.connect(foreign)) as other, other:
        other.execute("create table mine (x)")
    before = foreign.read_bytes()
    exported = tmp_path / "order"
    il("export", "order-1", "--output", str(exported))
    options = {
        "run": ("cli.shop:checkout", "--input", "-"), "demo": (), "import": (str(exported),),
    }  # fmt: skip
    refused = il(command, *options[command], "--store", f"sqlite:///{foreign}")
    assert refused.stderr.startswith("error ILK002: ")
    assert foreign.read_bytes() == before


def test_a_database_that_cannot_be_written_can_be_looked_at(
    il: Invoke, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(path: object, mode: int) -> bool:
        return False

    monkeypatch.setattr("os.access", forbidden)
    refused = il("approve", "order-2", "manager")
    assert refused.stderr.startswith("error ILK004: ")
    assert "readonly=True" not in refused.stderr
    assert "still possible: runs, show, history" in refused.stderr


def test_an_unknown_status_lists_the_known_ones(il: Invoke) -> None:
    refused = il("runs", "--status", "foo")
    assert refused.stderr.startswith("error ILK094: --status 'foo' is unknown")
    for status in get_args(RunStatus):
        assert status in refused.stderr
        assert il("runs", "--status", status).exit_code == 0


def test_work_without_a_module_says_what_to_write(il: Invoke, folder: Path) -> None:
    started(il, folder, "napping_b", *NAPS)
    registry.__dict__["_known"].clear()
    refused = il("work", "--until-idle")
    assert refused.exit_code == 1
    assert "error ILK092: no module is named" in refused.stderr
    assert "interlock work cli.shop napping_b --store" in refused.stderr


def test_a_run_of_an_edited_workflow_does_not_look_healthy(il: Invoke, folder: Path) -> None:
    started(il, folder, "napping_c", *NAPS)
    assert all(not run["edited"] for run in lines(il("runs", "--app", "napping_c", "--json")))
    edit(folder, "napping_c")
    sys.modules.pop("napping_c")
    (folder / "napping_d.py").write_text((folder / "napping_c.py").read_text())
    marked = il("runs", "--app", "napping_d")
    rows = {line.split()[0]: line for line in marked.stdout.splitlines()}
    assert rows["n-2"].endswith("Z (edited since: goes on)")
    assert "edited" not in rows["order-2"]
    assert "follow a definition from before an edit" in marked.stderr
    assert document(il("show", "n-2", "--app", "napping_d", "--json"))["edited"] is True
    assert "edited since  goes on under" in il("show", "n-2", "--app", "napping_d").stdout
    worked = il("work", "napping_d", "--until-idle")
    assert "runs of cli-napping began before it was edited" in worked.stderr
    assert "n-2 is cancelled" in il("cancel", "n-2", "--app", "napping_d").stdout


def test_a_module_that_cannot_be_imported_hides_nothing(il: Invoke) -> None:
    shown = il("show", "order-2", "--app", "no_such_module")
    assert shown.exit_code == 0
    assert shown.stdout.startswith("order-2 waiting")
    assert "note: cli-checkout is not compared: there is no module" in shown.stderr


def test_show_of_an_ended_lifecycle_shows_its_data(il: Invoke) -> None:
    il("run", "cli.shop:Stock", "--input", "-", "--id-field", "id", input='{"id": "s", "left": 0}')
    shown = il("show", "s").stdout
    assert shown.startswith("s completed")
    assert 'data = {"id": "s", "left": 0}' in shown


def test_no_old_error_stands_beside_confirmed(il: Invoke) -> None:
    line = '{"id": "r", "name": "ann"}'
    il("run", "cli.shop:retried", "--input", "-", "--id-field", "id", input=line)
    shown = il("show", "r").stdout
    assert "flaky  confirmed         2" in shown
    assert "OSError" not in shown
    assert document(il("show", "r", "--json"))["ledger"][0]["error"] == "OSError: not yet"
