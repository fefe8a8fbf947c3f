"""Deciding: approve, reject, send, cancel, resolve."""

from __future__ import annotations

import re

import pytest

from cli import shop
from cli.kit import Invoke, document, lines


def test_an_approval_is_recorded_and_the_run_goes_on(il: Invoke) -> None:
    done = document(il("approve", "order-2", "manager", "--by", "ann", "--reason", "ok", "--json"))
    assert (done["status"], done["continued"]) == ("completed", True)
    granted = [
        e for e in lines(il("history", "order-2", "--json")) if e["type"] == "ApprovalGranted"
    ]
    assert granted[0]["actor"] == {"kind": "user", "id": "ann"}
    assert granted[0]["what"] == "approval manager granted by ann: ok"


def test_a_rejection_ends_this_run_compensated(il: Invoke) -> None:
    assert "order-2 is compensated" in il("reject", "order-2", "manager", "--by", "bob").stdout
    again = il("approve", "order-2", "manager", "--by", "ann")
    assert again.exit_code == 1
    assert "already rejected by bob" in again.stderr


def test_without_its_module_the_decision_is_kept_for_a_worker(
    il: Invoke, store: str, monkeypatch: object
) -> None:
    import subprocess
    import sys

    result = subprocess.run(
        [
            sys.executable, "-c", "from interlock.cli import main; main()",
            "approve", "order-2", "manager", "--by", "ann", "--store", store,
        ],
        capture_output=True, text=True, check=False, env={**_environment(), "INTERLOCK_APP": ""},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "order-2 is at approval:manager, running" in result.stdout
    assert "interlock work cli.shop" in result.stdout
    worked = il("work", "cli.shop", "--until-idle")
    assert "order-2 completed" in worked.stdout
    assert document(il("show", "order-2", "--json"))["status"] == "completed"


def _environment() -> dict[str, str]:
    import os

    return dict(os.environ)


def test_a_command_is_validated_and_sent(il: Invoke) -> None:
    bad = il("send", "order-7", "Paid", '{"amount": "much"}')
    assert bad.exit_code == 1
    assert bad.stderr.startswith("error ILK094: Paid: amount:")
    assert "completed" in il("send", "order-7", "Paid", '{"amount": "7.00"}').stdout


def test_the_same_command_id_is_the_same_command(il: Invoke) -> None:
    for _ in range(2):
        sent = il("send", "bill-1", "Pay", '{"amount": 10}', "--id", "p-1", "--json")
        assert document(sent)["state"] == "paid"
    taken = [e for e in lines(il("history", "bill-1", "--json")) if e["type"] == "TransitionTaken"]
    assert len(taken) == 1


def test_a_refusal_names_guard_and_what_is_accepted(il: Invoke) -> None:
    result = il("send", "bill-1", "Pay", '{"amount": 1}', "--json")
    refused = document(result)["error"]
    assert result.exit_code == 1
    assert refused["code"] == "ILK035"
    assert refused["guards"] == ["enough: 10 is to be paid"]
    assert refused["accepts"] == ["Pay"]
    assert "10 is to be paid" in result.stderr


def test_an_unknown_command_lists_the_known_ones(il: Invoke) -> None:
    result = il("send", "order-7", "Payed", "{}")
    assert "cli-checkout knows no command 'Payed'; it knows Paid" in result.stderr


def test_a_cancelled_run_is_undone(il: Invoke) -> None:
    assert "order-7 is cancelled" in il("cancel", "order-7", "--reason", "no longer").stdout
    shown = document(il("show", "order-7", "--json"))
    assert (shown["status"], shown["ledger"][0]["status"]) == ("cancelled", "compensated")
    assert il("cancel", "order-7").exit_code == 1


def test_a_doubtful_step_is_resolved_with_a_typed_result(il: Invoke) -> None:
    nothing = il("resolve", "order-9", "ship", "--happened")
    assert "ship does not return None: say by --result JSON what it returned" in nothing.stderr
    wrong = il("resolve", "order-9", "ship", "--happened", "--result", "5")
    assert wrong.stderr.startswith("error ILK094: --result of ship")
    told = il("resolve", "order-9", "ship", "--happened", "--result", '"parcel-x"')
    assert "order-9 is completed" in told.stdout
    assert document(il("show", "order-9", "--json"))["result"] == "receipt-order-9 parcel-x"


def test_a_doubtful_step_is_called_again(il: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shop.ship, "function", shop.charge.function)  # it does not stop at 9 now
    told = il("resolve", "order-9", "ship", "--again", "--by", "ann", "--reason", "repaired")
    assert "order-9 is completed" in told.stdout
    assert "ann wants ship to be called again: repaired" in il("history", "order-9").stdout
    assert re.search(r"ship +confirmed +1 \+ 1 interrupted", il("show", "order-9").stdout)


def test_resolve_wants_an_answer(il: Invoke) -> None:
    assert il("resolve", "order-9", "ship", "--happened", "--again").exit_code == 2
    assert il("resolve", "order-9", "ship").exit_code == 2
    assert il("resolve", "order-9", "ship", "--did-not", "--result", "1").exit_code == 2
    assert "ILK075" in il("resolve", "order-9", "charge", "--did-not").stderr
