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
        (("--state", "charge", "--actor", "user", "--type", "StepSucceeded"), []),
    ],
)
def test_events_are_chosen(il: Invoke, options: tuple[str, ...], versions: list[int]) -> None:
    found = lines(il("history", "order-2", "--json", *options))
    assert [event["version"] for event in found] == versions
    text = il("history", "order-2", *options).stdout.splitlines()
    if versions:
        assert [int(line.split()[0]) for line in text[1:]] == versions
    else:
        assert text[0] == "none of the 4 events of order-2 fits all of that; there are"
        assert "  state  start, charge, approval:manager" in text


@pytest.mark.parametrize("format", [(), ("--json",)])
def test_a_name_that_there_is_not_is_refused(il: Invoke, format: tuple[str, ...]) -> None:  # noqa: A002  of the output
    for option, name, there in (
        ("--branch", "nowhere", "none"),
        ("--step", "ship", "charge, manager"),
        ("--state", "chrge", "charge"),
        ("--type", "stepfailed", "StepSucceeded"),
        ("--actor", "eve", "user"),
    ):
        result = il("history", "order-2", option, name, *format)
        assert (result.exit_code, result.stderr.split(":")[0]) == (1, "error ILK270")
        assert f"no {option[2:]} {name!r}" in result.stderr
        assert there in result.stderr


def test_a_long_history_is_told_in_parts(il: Invoke) -> None:
    first = il("history", "order-2", "--limit", "2").stdout.splitlines()
    assert [line.split()[0] for line in first[1:3]] == ["1", "2"]
    assert first[-1] == (
        "2 events, up to 2 of 4; interlock history order-2 --after 2 goes on (--limit 0 tells all)"
    )
    whole = il("history", "order-2").stdout.splitlines()
    assert "goes on" not in whole[-1]
    rest = il("history", "order-2", "--after", "2", "--limit", "2").stdout.splitlines()
    assert [line.split() for line in rest[1:]] == [line.split() for line in whole[3:]]
    found = lines(il("history", "order-2", "--after", "1", "--limit", "1", "--json"))
    assert [event["version"] for event in found] == [2]
    assert found == [lines(il("history", "order-2", "--json"))[1]]


def test_what_there_is_to_choose_by_is_told_where_nothing_fits(il: Invoke) -> None:
    options = ("--type", "StepSucceeded", "--step", "manager")
    text = il("history", "order-2", *options).stdout.splitlines()
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
