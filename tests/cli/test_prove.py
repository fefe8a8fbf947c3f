"""`check --prove`: verdicts, traces, and tests of counter-examples."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.kit import Invoke, document


def test_verdicts_and_traces_are_printed(il: Invoke) -> None:
    result = il("check", "machines.provable:Shop", "--prove")
    assert result.exit_code == 1
    proofs = result.stdout.partition("\nProofs\n")[2].splitlines()
    assert proofs[0].startswith("refuted  ILK170 refunds_fit holds: it does not with Cart(paid=1")
    assert proofs[1:3] == [
        "         1. Pay(amount=1) → paid",
        "         2. Refund(amount=2) → closed",
    ]
    assert "proved   ILK172 no run is stuck" in proofs
    assert "as far as looked" not in result.stdout


def test_a_sound_lifecycle_ends_with_0_and_a_bound_is_told(il: Invoke) -> None:
    result = il("check", "machines.provable:Desk", "--prove")
    assert result.exit_code == 0, result.stdout
    assert "bounded  ILK170 is_light holds" in result.stdout
    assert "as far as looked: Weigh.grams tried with 1.0, 10.0" in result.stdout  # its `samples`
    found = document(il("check", "machines.provable:Desk", "--prove", "--json"))["proofs"]
    assert [(p["code"], p["verdict"]) for p in found[:2]] == [
        ("ILK170", "bounded"), ("ILK171", "bounded"),
    ]  # fmt: skip


def test_counter_examples_are_written_as_tests(il: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "test_found.py"
    result = il("check", "machines.provable:Shop", "--prove", "--pytest", str(file))
    assert result.stderr == f"1 test written to {file}\n"
    again = il("check", "machines.provable:Shop", "--prove", "--pytest", str(file))
    assert "is there already" in again.stderr
    names: dict[str, object] = {}
    exec(file.read_text(), names)
    test = names["test_shop_refunds_fit"]
    assert callable(test)
    with pytest.raises(AssertionError, match="refunds_fit does not hold in 'closed'"):
        test()


def test_what_cannot_be_proved_says_why(il: Invoke) -> None:
    workflow = il("check", "cli.shop:checkout", "--prove")
    assert workflow.stderr.startswith("error ILK094: cli.shop:checkout is a workflow")
    odd = il("check", "machines.provable:Odd", "--prove")
    assert "give some to try, samples={'Odder.what': [...]}" in odd.stderr
    alone = il("check", "machines.provable:Shop", "--pytest", "x.py")
    assert alone.exit_code == 2
