"""`interlock test` and `interlock coverage`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cli.kit import Invoke, document, lines
from interlock.testing.coverage import Tally
from interlock.testing.coverage.tally import dump

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_run_becomes_a_test_that_pytest_passes(il: Invoke, tmp_path: Path) -> None:
    for run in ("order-1", "order-2", "order-3", "order-7", "order-9", "bill-1"):
        done = il("test", run)
        assert done.exit_code == 0, done.output
        assert "it passes now" in done.stdout
    written = sorted(tmp_path.glob("test_*.py"))
    assert [file.name for file in written] == [
        "test_bill_1.py", "test_order_1.py", "test_order_2.py", "test_order_3.py",
        "test_order_7.py", "test_order_9.py",
    ]  # fmt: skip
    assert not list(tmp_path.glob("*.jsonl"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    ran = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT / "tests"), "PATH": ""},
    )  # fmt: skip
    assert "6 passed" in ran.stdout, ran.stdout + ran.stderr


def test_a_file_is_not_written_over(il: Invoke, tmp_path: Path) -> None:
    (tmp_path / "test_order_1.py").write_text("mine")
    done = il("test", "order-1")
    assert (done.exit_code, "ILK094" in done.stderr) == (1, True)
    assert (tmp_path / "test_order_1.py").read_text() == "mine"
    assert il("test", "order-1", "--force").exit_code == 0
    assert "async def again" in (tmp_path / "test_order_1.py").read_text()


def test_a_history_beside_the_test(il: Invoke, tmp_path: Path) -> None:
    told = document(il("test", "order-1", "--replay", "-o", "test_it.py", "--json"))
    assert told["files"] == ["test_it.py", "test_it.jsonl"]
    assert "assert_replays" in (tmp_path / "test_it.py").read_text()
    assert "second file" in il("test", "order-1", "--replay", "-o", "-").stderr


def test_it_may_be_printed(il: Invoke) -> None:
    done = il("test", "order-2", "-o", "-")
    assert done.stdout.startswith('"""The run order-2 of cli-checkout, done again.')
    compile(done.stdout, "printed", "exec")


def test_what_is_not_there_is_told(il: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "ILK071" in il("test", "order-77").stderr
    assert "cannot write nowhere" in il("test", "order-1", "-o", "nowhere/test_it.py").stderr


def test_coverage_tells_what_ran(il: Invoke, tmp_path: Path) -> None:
    done = il("coverage", "cli.shop:checkout")
    assert "cli-checkout" in done.stdout
    assert any("charge fails" in line and "1" in line for line in done.stdout.splitlines())
    (told,) = lines(il("coverage", "cli.shop:checkout", "--json"))
    found = {(item["kind"], item["what"]): item["production"] for item in told["items"]}
    assert told["runs"] == 6
    assert found["state", "charge"] == 6
    assert found["failure", "charge fails"] == 1
    assert found["undo", "charge is undone"] == 0
    (later,) = lines(il("coverage", "cli.shop:checkout", "--json", "--since", "1 ms"))
    assert later["runs"] == 0


def test_coverage_beside_what_tests_did(il: Invoke, tmp_path: Path) -> None:
    from cli import shop

    tally = Tally(shop.checkout.program.machine)
    tally.add("undo", "charge", 3)
    (tmp_path / "seen.json").write_text(dump({("", ""): tally}))
    asked = ("coverage", "cli.shop:checkout", "--tests", "seen.json", "--picture", "drawn")
    done = il(*asked)
    (line,) = [line for line in done.stdout.splitlines() if "charge is undone" in line]
    assert line.split()[-2:] == ["0", "3"]
    assert "production" in (tmp_path / "drawn" / "cli-checkout.mmd").read_text()
    (tmp_path / "seen.json").write_text("{}")
    assert "was not written by pytest" in il(*asked).stderr
    assert "ILK094" in il("coverage", "cli.shop:checkout", "--since", "soon").stderr


def test_coverage_counts_archived_runs(il: Invoke, tmp_path: Path) -> None:
    (whole,) = lines(il("coverage", "cli.shop:checkout", "--json"))
    moved = il("archive", "--older", "0 s", "--to", str(tmp_path / "archive"))
    assert moved.exit_code == 0, moved.output
    assert lines(il("coverage", "cli.shop:checkout", "--json")) == [whole]
    (tmp_path / "archive").rename(tmp_path / "attic")
    (told,) = lines(il("coverage", "cli.shop:checkout", "--json"))
    gone = told["archived_runs_not_counted"]
    assert gone > 0
    assert told["runs"] == whole["runs"] - gone
    said = il("coverage", "cli.shop:checkout").stdout
    assert f"{gone} archived runs are not counted" in " ".join(said.split())
    assert "--from FOLDER" in " ".join(said.split())
    found = il("coverage", "cli.shop:checkout", "--json", "--from", str(tmp_path / "attic"))
    assert lines(found) == [whole]


def test_all_machines_of_the_modules(il: Invoke) -> None:
    told = {one["machine"] for one in lines(il("coverage", "--json"))}
    assert {"cli-checkout", "Billing"} <= told
