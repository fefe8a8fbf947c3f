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
    assert "begun with: Cart(paid=0, refunded=0)" in proofs
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


def test_a_system_is_proved_as_a_whole(il: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "test_race.py"
    result = il("check", "machines.joint_shop:Shop", "--pytest", str(file))
    assert result.exit_code == 1
    assert "sent     Charge to payment, by the effects of ask_for_money" in result.stdout
    assert "         3. payment: Charge() (sent) → order cancelled, payment taken" in result.stdout
    assert "2 tests written" in result.stderr
    assert "TogetherScenario(Shop" in file.read_text()
    found = document(il("check", "machines.joint_shop:Shop", "--json"))
    assert found["members"] == {"order": "joint-order", "payment": "joint-payment"}
    assert [p["code"] for p in found["proofs"] if p["verdict"] == "refuted"] == ["ILK170", "ILK302"]


def test_verdicts_on_the_graph_come_with_the_shortest_way(il: Invoke) -> None:
    result = il("check", "machines.broken_lifecycles:DeadEnd")
    assert result.exit_code == 0
    told = result.stdout.partition("Verdicts, whatever the guards say\n")[2].splitlines()
    assert told[:3] == [
        "refuted  ILK083 no state is a dead end: not so in 'lost'",
        "         1. Pay → paid",
        "         2. Go → lost",
    ]
    assert told[3].startswith("proved   11 properties: every name is used once")
    assert il("check", "machines.broken_lifecycles:DeadEnd", "--strict").exit_code == 1
    (problem,) = [
        p
        for one in document(il("check", "machines.broken_lifecycles:DeadEnd", "--json"))["verdicts"]
        for p in one["problems"]
    ]
    assert problem["trace"] == ["Pay → paid", "Go → lost"]
    assert problem["file"].endswith("broken_lifecycles.py")


def test_commands_without_a_word_are_told_by_a_strict_check(il: Invoke) -> None:
    plain = il("check", "machines.broken_lifecycles:Unanswered").stdout
    assert "ILK301" not in plain
    strict = il("check", "machines.broken_lifecycles:Unanswered", "--strict")
    assert strict.exit_code == 0  # it is advice
    assert "'paid' says nothing of Pay: refused there" in strict.stdout


def test_what_cannot_be_proved_says_why(il: Invoke) -> None:
    workflow = il("check", "cli.shop:checkout", "--prove")
    assert workflow.stderr.startswith("error ILK094: cli.shop:checkout is a workflow")
    odd = il("check", "machines.provable:Odd", "--prove")
    assert "give some to try, samples={'Odder.what': [...]}" in odd.stderr


def test_a_file_that_cannot_be_written_is_told_before_anything_is_proved(
    il: Invoke, tmp_path: Path
) -> None:
    there = tmp_path / "there.py"
    there.write_text("")
    for file, said in ((there, "is there already"), (tmp_path / "no" / "x.py", "no folder")):
        result = il("check", "machines.provable:Shop", "--pytest", str(file))
        assert result.stderr.startswith("error ILK094: ")
        assert said in result.stderr
        assert result.stdout == ""
    alone = il("check", "machines.provable:Shop", "--pytest", str(tmp_path / "new.py"))
    assert "refuted" in alone.stdout
    assert (tmp_path / "new.py").exists()


def test_names_that_are_nearly_right(
    il: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "orderly_shop.py").write_text("")
    monkeypatch.chdir(tmp_path)
    for command in ("check", "simulate"):
        wrong = il(command, "machines.provable:Shopp")
        assert "has no 'Shopp' (did you mean machines.provable:Shop?)" in wrong.stderr
        module = il(command, "orderly_shp:Shop")
        assert "did you mean orderly_shop?" in module.stderr
