"""`diff`: what changed in a run, and what differs between two."""

from __future__ import annotations

import pytest

from cli.kit import Invoke, document, lines
from interlock.cli.saying import both_sides


def test_a_difference_names_variables_waits_and_effects(il: Invoke) -> None:
    text = il("diff", "order-2", "2", "4").stdout.splitlines()
    assert text[0].startswith("order-2 version 2 → 4 (")
    assert "  state   charge → approval:manager" in text
    assert "  status  running → waiting" in text
    assert '  + receipt  "receipt-order-2"' in text
    assert "  - step charge" in text
    assert any(line.startswith("  + approval manager, until") for line in text)
    assert any(line.split() == ["~", "charge", "intended", "confirmed"] for line in text)


def test_a_difference_can_be_asked_back_in_time_and_until_now(il: Invoke) -> None:
    forth = document(il("diff", "order-2", "2", "--json"))
    back = document(il("diff", "order-2", "4", "2", "--json"))
    assert (forth["from"]["version"], forth["to"]["version"]) == (2, 4)
    assert [one["change"] for one in forth["variables"]] == ["added"]
    assert [one["change"] for one in back["variables"]] == ["removed"]
    events = lines(il("history", "order-2", "--json"))
    timed = document(il("diff", "order-2", events[1]["at"], "now", "--json"))
    assert timed["to"] == forth["to"]
    same = il("diff", "order-2", "3", "3").stdout
    assert "nothing changed" in same


def test_two_runs_part_where_the_data_says_so(il: Invoke) -> None:
    found = document(il("diff", "order-2", "order-7", "--json"))
    assert found["runs"] == ["order-2", "order-7"]
    assert [one["version"] for one in found["values_differ"]] == [1, 1]
    assert [one["type"] for one in found["part"]] == ["ApprovalRequested", "WaitStarted"]
    text = il("diff", "order-2", "order-7").stdout
    assert '~ input 1.total  "500" → ' in text
    assert "They part at version" in text
    same = il("diff", "order-2", "order-2").stdout
    assert "the same happened in both" in same


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("order-2", "order-77"), "ILK071"), (("nobody", "1"), "ILK071"),
     (("order-2", "99"), "ILK021"), (("order-2", "1", "then"), "ILK094")],
)  # fmt: skip
def test_what_is_not_there_is_refused(il: Invoke, arguments: tuple[str, ...], code: str) -> None:
    result = il("diff", *arguments)
    assert (result.exit_code, result.stderr.split(":")[0]) == (1, f"error {code}")


def test_long_texts_are_cut_where_they_do_not_differ() -> None:
    one, other = both_sides("x" * 500 + "ann" + "y" * 500, "x" * 500 + "bob" + "y" * 500, 80)
    assert "ann" in one
    assert "bob" in other
    assert len(one) + len(other) <= 80
    assert both_sides("a", "b", 10) == ("a", "b")


def test_a_fork_differs_from_its_parent_only_in_what_it_did(il: Invoke) -> None:
    il("fork", "order-1", "--at", "1", "--id", "same")
    text = il("diff", "order-1", "same").stdout
    assert "same was forked from order-1 at 1" in text
    assert "values differ" not in text
    assert "different definitions" not in text
    assert "the same happened in both" in text
    assert document(il("diff", "order-1", "same", "--json"))["same"] is True
    il("fork", "order-1", "--at", "3", "--id", "other", "--set", "order.total=6")
    text = il("diff", "order-1", "other").stdout
    assert "Their values differ from version" in text
    assert '~ order.total  "5" → "6"' in text
    assert "They part at version" in text
    found = document(il("diff", "order-1", "other", "--json"))
    assert [one["type"] for one in found["part"]] == ["StepSucceeded", "CallAsked"]
