"""Keeping: export, import, verify."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.kit import Invoke, document, lines


@pytest.fixture
def other(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'other.db'}"


def test_an_export_is_taken_in_digest_by_digest(il: Invoke, tmp_path: Path, other: str) -> None:
    file = tmp_path / "order-1.jsonl"
    assert il("export", "order-1", "--output", str(file)).exit_code == 0
    assert file.read_text() == il("export", "order-1").stdout
    assert document(il("import", str(file), "--store", other, "--json"))["new"] is True
    assert il("export", "order-1", "--store", other).stdout.count("\n") == file.read_text().count(
        "\n"
    )
    here = lines(il("history", "order-1", "--json"))
    assert lines(il("history", "order-1", "--json", "--store", other)) == here
    assert document(il("import", str(file), "--store", other, "--json"))["new"] is False


def test_a_run_that_has_not_ended_is_taken_in_only_when_asked(il: Invoke, other: str) -> None:
    text = il("export", "order-2").stdout
    refused = il("import", "-", "--store", other, input=text)
    assert refused.exit_code == 1
    assert "--unfinished" in refused.stderr
    assert il("import", "-", "--unfinished", "--store", other, input=text).exit_code == 0
    done = il("approve", "order-2", "manager", "--by", "ann", "--store", other)
    assert "order-2 is completed" in done.stdout


def test_timers_are_taken_in_too(il: Invoke, other: str) -> None:
    il("send", "bill-1", "Pay", '{"amount": 10}')
    for run in ("bill-1", "order-2"):
        text = il("export", run).stdout
        il("import", "-", "--unfinished", "--store", other, input=text)
        here = document(il("show", run, "--json"))["timers"]
        assert len(here) == 1
        assert document(il("show", run, "--json", "--store", other))["timers"] == here


def test_what_is_no_sound_export_is_refused(il: Invoke, other: str) -> None:
    text = il("export", "order-1").stdout
    broken = text.replace("receipt-order-1", "receipt-order-2", 1)
    assert "ILK014" in il("import", "-", "--store", other, input=broken).stderr
    assert "ILK023" in il("import", "-", "--store", other, input="hello\n").stderr
    assert "ILK022" in il("import", "-", "--store", other, input="").stderr


def test_another_run_of_the_same_id_is_not_overwritten(
    il: Invoke, other: str, tmp_path: Path
) -> None:
    file = tmp_path / "orders.jsonl"
    file.write_text('{"id": "order-1", "total": "6"}\n')
    run = ("run", "cli.shop:checkout", "--input", str(file), "--id-field", "id")
    assert il(*run, "--store", other).exit_code == 0
    text = il("export", "order-1").stdout
    assert "ILK096" in il("import", "-", "--store", other, input=text).stderr
