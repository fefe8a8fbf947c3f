"""Who, why and on whose request, from the command line."""

from __future__ import annotations

from cli.kit import Invoke, document, lines


def test_a_reason_and_a_correlation_are_recorded(il: Invoke) -> None:
    said = ("--by", "ann", "--reason", "ticket 17", "--correlation", "req-9")
    il("start", "cli.shop:checkout", '{"id": "new", "total": "500"}', "--id", "new", *said)
    il("approve", "new", "manager", "--by", "mia", "--reason", "fine", "--correlation", "req-10")
    il("send", "order-7", "Paid", '{"amount": 7}', *said)
    events = {event["type"]: event for event in lines(il("history", "new", "--json"))}
    begun, granted = events["RunStarted"], events["ApprovalGranted"]
    assert (begun["actor"]["id"], begun["reason"], begun["correlation"]) == (
        "ann", "ticket 17", "req-9",
    )  # fmt: skip
    assert (granted["reason"], granted["correlation"]) == ("fine", "req-10")
    assert events["StepSucceeded"]["correlation"] == "req-9"
    assert "ticket 17" in il("history", "order-7").stdout
    assert "ticket 17" in il("at", "new", "--version", "1").stdout
    received = [e for e in lines(il("history", "order-7", "--json")) if e["reason"]]
    assert [(one["type"], one["correlation"]) for one in received] == [("CommandReceived", "req-9")]
    assert document(il("verify", "--json"))["sound"] is True
