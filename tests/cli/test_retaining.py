"""Retention: archive, restore, backup."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.kit import Invoke, document, lines

ENDED = {"order-1", "order-3", "order-10"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def ids(il: Invoke, *options: str) -> set[str]:
    return {row["run"] for row in lines(il("runs", "--json", *options))}


def test_ended_runs_are_moved_and_come_back(il: Invoke, folder: Path) -> None:
    il("approve", "order-10", "manager", "--by", "ann")
    before, text = ids(il), il("export", "order-1").stdout
    tried = il("archive", "--older", "0 seconds", "--to", str(folder), "--dry-run")
    assert "would be moved to" in tried.stdout
    assert ids(il) == before
    done = document(il("archive", "--older", "0 seconds", "--to", str(folder), "--json"))
    assert set(done["runs"]) == ENDED
    assert [Path(one["file"]).parent for one in done["files"]] == [folder]
    assert ids(il) == before - ENDED
    assert ids(il, "--archived") == ENDED
    assert il("verify").exit_code == 0
    assert "order-1 restored from runs-" in il("restore", "order-1").stdout
    assert il("export", "order-1").stdout == text
    rest = document(il("restore", done["files"][0]["file"], "--json"))
    assert set(rest["runs"]) == ENDED - {"order-1"}
    assert ids(il) == before
    assert il("verify").exit_code == 0


def test_an_archived_run_says_where_it_is(il: Invoke, folder: Path) -> None:
    il("archive", "--older", "0 seconds", "--to", str(folder))
    (file,) = folder.glob("*.jsonl.gz")
    for command in (
        ("show", "order-1"),
        ("history", "order-1"),
        ("at", "order-1"),
        ("export", "order-1"),
        ("cancel", "order-1"),
        ("timeline", "order-1"),
    ):
        refused = il(*command)
        assert refused.exit_code == 1
        assert "ILK015" in refused.stderr
        assert str(file) in refused.stderr
    assert f"archived in {file.name}" in il("runs", "--archived").stdout
    (row,) = [row for row in lines(il("runs", "--archived", "--json")) if row["run"] == "order-1"]
    assert row["archive"] == str(file)
    assert "archived in" in il("history", "$archive").stdout


def test_archives_that_were_moved_are_named(il: Invoke, folder: Path, tmp_path: Path) -> None:
    il("archive", "--older", "0 seconds", "--to", str(folder))
    elsewhere = folder.rename(tmp_path / "elsewhere")
    assert "say where they are now" in il("restore", "order-1").stderr
    assert "there is no such folder" in il("restore", "order-1", "--from", str(folder)).stderr
    assert il("restore", "order-1", "--from", str(elsewhere)).exit_code == 0


def test_what_cannot_be_archived_or_restored_is_told(il: Invoke, folder: Path) -> None:
    assert "ILK031" in il("archive", "--older", "soon", "--to", str(folder)).stderr
    assert "0 runs" in il("archive", "--older", "90 days", "--to", str(folder)).stdout
    assert "order-1 is not archived" in il("restore", "order-1").stderr.replace("'", "")
    assert "did you mean order-1" in il("restore", "order-1x").stderr
    assert "ILK016" in il("restore", "no.jsonl.gz").stderr
    gone = il("restore", "arch/nope.gz").stderr
    assert "error ILK016: there is no file arch/nope.gz" in gone
    (folder.parent / "notes.txt").write_text("none")
    said = il("restore", str(folder.parent / "notes.txt")).stderr.replace("\n", " ")
    assert "is no archive" in said
    folder.write_text("a file")
    assert "ILK016" in il("archive", "--older", "0 seconds", "--to", str(folder)).stderr


def test_a_backup_is_a_database_like_it(il: Invoke, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    assert document(il("backup", "--to", str(copy), "--json"))["bytes"] == copy.stat().st_size
    assert ids(il, "--store", f"sqlite:///{copy}") == ids(il)
    assert il("verify", "--store", f"sqlite:///{copy}").exit_code == 0
    refused = il("backup", "--to", str(copy))
    assert refused.exit_code == 1
    assert "exists" in refused.stderr
