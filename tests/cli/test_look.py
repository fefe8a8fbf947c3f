"""Looking: runs, show, history, at, approvals."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli.kit import ORDERS, Invoke, document, lines
from interlock.cli.wording import changed


def test_runs_are_listed_in_natural_order(il: Invoke) -> None:
    result = il("runs")
    names = [line.split()[0] for line in result.stdout.splitlines()]
    assert names == ["RUN", "bill-1", *ORDERS]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--status", "waiting"), ["order-2", "order-7", "order-10"]),
        (("--status", "completed", "--status", "failed"), ["order-1", "order-3"]),
        (("--state", "approval:manager"), ["order-2", "order-10"]),
        (("--machine", "Billing"), ["bill-1"]),
        (("--machine", "cli-checkout", "--limit", "2"), ["order-1", "order-2"]),
        (("--state", "charge"), []),
    ],
)
def test_runs_are_filtered(il: Invoke, options: tuple[str, ...], found: list[str]) -> None:
    assert [run["run"] for run in lines(il("runs", "--json", *options))] == found


def test_a_row_says_what_the_run_waits_for(il: Invoke) -> None:
    rows = {line.split()[0]: line for line in il("runs").stdout.splitlines()}
    assert rows["order-2"].endswith("approval manager")
    assert rows["order-7"].endswith("command Paid")
    assert rows["order-9"].endswith("a person: resolve ship")
    assert re.search(r"(ago|just now) \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ\)", rows["order-2"])


def test_show_tells_all_of_a_waiting_run(il: Invoke) -> None:
    text = il("show", "order-2").stdout
    assert text.startswith("order-2 waiting\n")
    assert "approval manager, until" in text
    assert '  order = {"id": "order-2", "total": "500"}' in text
    assert re.search(r"charge +confirmed +1 .* order-2/charge#1", text)


def test_show_as_json(il: Invoke) -> None:
    shown = document(il("show", "order-2", "--json"))
    assert (shown["state"], shown["status"], shown["version"]) == ("approval:manager", "waiting", 4)
    assert shown["waits"][0]["about"] == {"id": "order-2", "total": "500"}
    assert [effect["status"] for effect in shown["ledger"]] == ["confirmed"]
    assert shown["variables"]["receipt"] == "receipt-order-2"


def test_show_tells_how_a_run_ended(il: Invoke) -> None:
    assert '"receipt-order-1 parcel-order-1"' in il("show", "order-1").stdout
    assert "Declined: a negative total" in il("show", "order-3").stdout
    assert document(il("show", "order-3", "--json"))["error"]["type"] == "Declined"


def test_show_of_a_lifecycle_names_what_it_accepts(il: Invoke) -> None:
    assert "Pay → paid if enough" in il("show", "bill-1").stdout


def test_show_of_a_doubtful_run_says_how_to_settle_it(il: Invoke) -> None:
    assert "interlock resolve order-9 ship --happened" in il("show", "order-9").stdout


def test_history_has_a_phrase_for_every_event(il: Invoke) -> None:
    told = lines(il("history", "order-1", "--json"))
    assert [event["version"] for event in told] == list(range(1, len(told) + 1))
    assert told[0]["what"].startswith("cli-checkout started with")
    assert told[1]["what"] == "charge called (attempt 1, key order-1/charge#1)"
    assert told[1]["from"] == "start"
    assert told[1]["state"] == "charge"
    assert told[2]["what"] == 'charge returned "receipt-order-1"'
    assert told[-1]["what"] == 'completed with "receipt-order-1 parcel-order-1"'


def test_history_in_a_pipe_is_a_line_for_each_event(il: Invoke) -> None:
    text = il("history", "order-1").stdout.splitlines()
    assert len(text) == 1 + len(lines(il("history", "order-1", "--json")))
    assert "start → charge" in text[2]


def test_at_shows_state_variables_and_source_line(il: Invoke) -> None:
    then = document(il("at", "order-2", "--version", "2", "--json"))
    assert (then["state"], then["version"]) == ("charge", 2)
    assert then["variables"] == {"order": {"id": "order-2", "total": "500"}}
    source = then["source"]
    marked = source["lines"][source["line"] - source["first"]]
    assert marked.strip() == "receipt = await charge(order)"


def test_at_marks_the_line_in_text(il: Invoke) -> None:
    marked = [line for line in il("at", "order-2").stdout.splitlines() if line.startswith("> ")]
    assert [line.split("  ", 1)[1].strip() for line in marked] == [
        'decision = await approval("manager", about=order, timeout="2 days")'
    ]


def test_at_marks_the_transition_that_a_lifecycle_took_last(il: Invoke) -> None:
    def marked() -> str:
        shown = il("at", "bill-1").stdout.splitlines()
        (line,) = (line for line in shown if line.startswith("> "))
        return line.split("  ", 1)[1].strip()

    assert marked().startswith("class Billing(")
    assert il("send", "bill-1", "Pay", '{"amount": 10}').exit_code == 0
    assert marked().startswith("@on(Pay, source=Stage.NEW")


def test_at_takes_instants(il: Invoke) -> None:
    events = lines(il("history", "order-2", "--json"))
    first = document(il("at", "order-2", "--time", events[0]["at"], "--json"))
    assert first["version"] >= 1
    last = document(il("at", "order-2", "--time", "0 seconds ago", "--json"))
    assert last["version"] == len(events)
    early = il("at", "order-2", "--time", "2020-01-01 10:00")
    assert (early.exit_code, early.stderr.split(":")[0]) == (1, "error ILK021")


def test_approvals_are_listed_with_their_facts(il: Invoke) -> None:
    found = lines(il("approvals", "--json"))
    assert [(one["run"], one["name"]) for one in found] == [
        ("order-2", "manager"),
        ("order-10", "manager"),
    ]
    assert '{"id": "order-10", "total": "600"}' in il("approvals").stdout


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("on", "off", "on → off"),
        ("on(a/x, b/y)", "on(a/x, b/z)", "b/y → b/z"),
        ("on(a/x, b/y)", "on(a/w, b/z)", "a/x → a/w, b/y → b/z"),
        ("on(a/x(c/1, d/2), b/y)", "on(a/x(c/1, d/3), b/y)", "a/x(c/1, d/2) → a/x(c/1, d/3)"),
        ("on(a/x, b/y)", "off", "on(a/x, b/y) → off"),
        ("on(a/x)", "on", "on(a/x) → on"),
    ],
)
def test_of_a_state_with_regions_those_are_told_that_changed(
    before: str, after: str, told: str
) -> None:
    assert changed(before, after) == told


@pytest.mark.parametrize("format", [(), ("--json",)])
def test_runs_in_a_state_that_there_is_not_are_no_empty_table(
    il: Invoke,
    format: tuple[str, ...],  # noqa: A002  of the output
) -> None:
    wrong = il("runs", "--state", "aproval:manager", *format)
    assert (wrong.exit_code, wrong.stderr.split(":")[0]) == (1, "error ILK270")
    assert "did you mean approval:manager?" in wrong.stderr
    wrong = il("runs", "--machine", "nothing like it", *format)
    assert wrong.exit_code == 1
    assert "there are: Billing, cli-checkout" in wrong.stderr
    assert il("runs", "--state", "charge", *format).exit_code == 0  # none is in it now
    assert il("runs", "--state", "approval:manager", *format).exit_code == 0


def test_every_status_is_told_of_in_the_documentation(il: Invoke) -> None:
    refused = il("runs", "--status", "none")
    known = refused.stderr.partition("known are: ")[2].strip().split(", ")
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    listed = " ".join(page.partition("A status is\none of ")[2].partition("\n\n")[0].split())
    assert [name for name in known if f"`{name}`" not in listed] == []
    assert "undo failed" in known
