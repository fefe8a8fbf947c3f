"""`fork`, `answer` and `replay` on the command line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cli.kit import Invoke, document, lines


def test_a_fork_of_a_finished_order_ends_as_it_did(il: Invoke) -> None:
    result = il("fork", "order-1", "--at", "3", "--id", "try-1", "--by", "bo")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == "try-1 forked from order-1 at 3"
    assert 'try-1 is completed with "receipt-order-1 parcel-order-1"' in result.stdout
    assert "forked at 3 as try-1 by bo" in il("history", "order-1").stdout
    said = il("history", "try-1").stdout
    assert "forked from order-1 at 3 by bo" in said
    assert "charge was not called: order-1 had" in said
    shown = il("show", "try-1").stdout
    assert "forked from  order-1 at 3, effects: recorded" in shown
    assert "not called: as order-1 recorded at" in shown
    assert "forks    try-1" in il("show", "order-1").stdout


def test_what_a_fork_asks_is_answered(il: Invoke) -> None:
    made = il("fork", "order-1", "--at", "3", "--set", "order.total=6", "--id", "try-1")
    assert "waiting for person answer ship" in made.stdout
    assert "interlock answer try-1 ship --recorded" in made.stdout
    hint = "interlock answer try-1 ship --recorded (or --result, or --error, or --live, or discard)"
    assert hint in il("show", "try-1").stdout
    why = il("why", "try-1")
    assert "ship is not called before somebody says so" in why.stdout
    answered = il("answer", "try-1", "ship", "--result", '"by hand"', "--by", "bo")
    assert 'try-1 is completed with "receipt-order-1 by hand"' in answered.stdout
    again = il("answer", "try-1", "ship", "--live")
    assert again.exit_code == 1
    assert "asks about: nothing" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["fork", "order-1", "--at", "99"], "ILK021", "its versions are 1 to"),
        (["fork", "ordr-1"], "ILK071", "did you mean order-1"),
        (["fork", "order-1", "--at", "3", "--set", "order.totl=1"], "ILK024", "has id, total"),
        (["fork", "order-1", "--at", "3", "--set", "order.total=x"], "ILK025", "no decimal"),
        (["fork", "order-1", "--set", "x"], "ILK094", "PATH=VALUE"),
        (["fork", "order-1", "--effects", "some"], "ILK094", "recorded, live, ask"),
        (["answer", "order-1", "ship", "--live"], "ILK035", "no fork"),
        (["discard", "order-1"], "ILK035", "no fork"),
    ],
)
def test_what_cannot_be_done_says_why(
    il: Invoke, arguments: list[str], code: str, said: str
) -> None:
    result = il(*arguments)
    assert result.exit_code == 1
    assert code in result.stderr
    assert said in result.stderr


def test_a_fork_that_asks_is_walked_through_and_given_up(il: Invoke) -> None:
    il("fork", "order-1", "--at", "3", "--effects", "ask", "--id", "by-hand")
    assert "interlock discard by-hand" in il("why", "by-hand").stdout
    cancelled = il("cancel", "by-hand", "--by", "bo")
    assert "it would undo what order-1 did" in cancelled.stdout
    assert "--result null (it is done; or --live, to really undo it)" in (cancelled.stdout)
    why = il("why", "by-hand").stdout
    assert "it would undo what order-1 did" in why
    assert "interlock answer by-hand 'undo charge' --result null" in why
    assert "--error" not in why
    given_up = il("discard", "by-hand", "--by", "bo", "--reason", "seen enough")
    assert given_up.exit_code == 0, given_up.output
    assert "by-hand was given up by bo; nothing is undone" in given_up.stdout
    assert "by-hand is cancelled" in given_up.stdout
    shown = il("show", "by-hand").stdout
    assert "discarded: seen enough" in shown
    effects = {e["step"]: e["status"] for e in document(il("show", "by-hand", "--json"))["ledger"]}
    assert (effects["charge"], effects["refund"]) == ("reused", "cancelled")


def test_a_difference_does_not_end_an_open_fork(il: Invoke) -> None:
    il("fork", "order-2", "--effects", "ask", "--id", "by-hand")
    il("approve", "order-2", "manager", "--by", "bo")
    text = il("diff", "order-2", "by-hand").stdout
    assert "by-hand  had come no further" in text
    assert "had ended" not in text


def test_an_undo_that_a_person_answered_for_is_told_the_same_everywhere(il: Invoke) -> None:
    il("fork", "order-1", "--at", "3", "--effects", "ask", "--id", "by-hand")
    il("cancel", "by-hand")
    il("answer", "by-hand", "undo charge", "--result", "null", "--by", "bo")
    shown = il("show", "by-hand")
    assert "undone       charge" in shown.stdout
    assert "as bo said; nothing was called" in shown.stdout
    effects = {e["step"]: e["status"] for e in document(il("show", "by-hand", "--json"))["ledger"]}
    assert effects["charge"] == "compensated"


def test_a_replay_says_whether_the_code_does_the_same(il: Invoke) -> None:
    same = il("replay", "order-1", "--against", "cli.shop:checkout")
    assert (same.exit_code, same.stdout.split()[:2]) == (0, ["order-1", "same"])
    every = il("replay", "--all", "--against", "cli.shop:checkout")
    assert every.exit_code == 0, every.stdout
    assert every.stdout.splitlines()[-1].endswith("0 otherwise")


def test_a_replay_that_compares_nothing_has_not_passed(il: Invoke) -> None:
    other = il("replay", "order-1", "--against", "cli.shop:doubled")
    assert other.exit_code == 1
    assert "ILK292" in other.stderr
    assert "order-1 is a run of cli-checkout" in other.stderr
    assert "--machine cli-checkout where it is meant" in other.stderr
    meant = il("replay", "order-1", "--against", "cli.shop:doubled", "--machine", "cli-checkout")
    assert "order-1 diverged at 1" in meant.stdout
    none = il("replay", "--all", "--against", "cli.shop:doubled", "--json")
    assert (none.exit_code, document(none)["error"]["code"]) == (1, "ILK292")
    assert "there is no run of cli-doubled" in none.stderr
    assert "it has runs of Billing, cli-checkout: --machine NAME" in none.stderr


def test_a_replay_shows_both_lines(
    il: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Path(__file__).with_name("shop.py").read_text()
    edited = source.replace('name="cli-checkout"', 'name="cli-edited"').replace("> 100", "> 1000")
    (tmp_path / "edited_shop.py").write_text(edited.split('@workflow(name="cli-doubled")')[0])
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    new = ("--against", "edited_shop:checkout", "--machine", "cli-checkout")
    result = il("replay", "order-2", *new)
    assert result.exit_code == 1
    assert "asks for approval manager" in result.stdout
    assert 'decision = await approval("manager"' in result.stdout
    assert "calls ship" in result.stdout
    assert "parcel = await ship(order)" in result.stdout
    assert "migrations" not in result.stderr
    migration = (
        '@checkout.migrate(from_="1")\ndef same(variables: dict) -> dict: return variables\n'
    )
    with (tmp_path / "edited_shop.py").open("a") as file:
        file.write(migration)
    sys.modules.pop("edited_shop")
    again = il("replay", "order-2", *new)
    assert "migrations are not applied here" in again.stderr
    view = document(il("replay", "order-2", *new, "--json"))
    assert view["verdict"] == "diverged"
    every = il("replay", "--all", *new)
    assert every.stdout.count("asks for approval manager") == 1
    assert "  the same in 1 run more: order-10" in every.stdout
    assert "2 otherwise" in every.stdout
    rows = lines(il("replay", "--all", *new, "--json"))
    assert {row["run"]: row["verdict"] for row in rows}["order-1"] == "same"
