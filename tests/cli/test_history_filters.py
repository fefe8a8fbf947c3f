"""`history` with filters, and stepping with `at`."""

from __future__ import annotations

import pytest

from cli.kit import Invoke, document, lines


@pytest.mark.parametrize(
    ("options", "versions"),
    [
        (("--type", "StepSucceeded"), [3]),
        (("--type", "StepSucceeded", "--type", "StepScheduled"), [2, 3]),
        (("--state", "charge"), [2, 3]),
        (("--step", "charge"), [2, 3]),
        (("--step", "manager"), [4]),
        (("--actor", "user"), [1, 2]),
        (("--state", "charge", "--actor", "worker"), [3]),
        (("--branch", "nowhere"), []),
    ],
)
def test_events_are_chosen(il: Invoke, options: tuple[str, ...], versions: list[int]) -> None:
    found = lines(il("history", "order-2", "--json", *options))
    assert [event["version"] for event in found] == versions
    text = il("history", "order-2", *options).stdout.splitlines()
    if versions:
        assert [int(line.split()[0]) for line in text[1:]] == versions
    else:
        assert text == ["none of the 4 events of order-2 fits all of that; there are"]


def test_what_there_is_to_choose_by_is_told_where_nothing_fits(il: Invoke) -> None:
    text = il("history", "order-2", "--type", "stepfailed", "--step", "ship").stdout.splitlines()
    assert text[1:] == [
        "  step  charge, manager",
        "  type  RunStarted, StepScheduled, StepSucceeded, ApprovalRequested",
    ]


def test_a_chosen_event_is_told_as_among_all(il: Invoke) -> None:
    every = lines(il("history", "order-2", "--json"))
    chosen = lines(il("history", "order-2", "--type", "ApprovalRequested", "--json"))
    assert chosen == [every[3]]


def test_at_steps_forth_and_back(il: Invoke) -> None:
    assert document(il("at", "order-2", "--version", "2", "--step", "1", "--json"))["version"] == 3
    assert document(il("at", "order-2", "--step", "-2", "--json"))["version"] == 2
    beyond = il("at", "order-2", "--step", "1")
    assert (beyond.exit_code, beyond.stderr.split(":")[0]) == (1, "error ILK021")
