"""`interlock why`: the cause first, then what to type."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from cli.kit import Invoke, document
from interlock.projections import Action


def test_the_cause_comes_first_and_a_line_to_copy(il: Invoke) -> None:
    text = il("why", "order-2").stdout.splitlines()
    assert text[0] == "order-2 waiting at approval:manager"
    assert text[1].startswith("  approval manager waits for a decision, asked for at ")
    assert "    interlock approve order-2 manager --by NAME" in text
    assert "  cause    approval" in text


def test_what_is_said_to_be_possible_can_be_done(il: Invoke) -> None:
    line = next(x for x in il("why", "order-2").stdout.splitlines() if "interlock approve" in x)
    words = line.replace("NAME", "olga").split()[1:]
    assert il(*words).exit_code == 0
    assert il("why", "order-2").stdout.splitlines()[0] == "order-2 completed"


def test_as_json_with_whole_command_lines(il: Invoke) -> None:
    why = document(il("why", "order-7", "--json"))
    assert (why["cause"], why["root"], why["worker"]) == ("command", "order-7", "")
    assert why["actions"][0]["line"] == "interlock send order-7 Paid JSON --by NAME --app cli.shop"
    assert why["offers"] == [
        {
            "command": "Paid", "accepted": "yes", "source": "", "target": "", "guard": "",
            "said": "a wait takes it", "values": {},
        }
    ]  # fmt: skip
    assert why["at"].endswith("Z")


def test_in_doubt_it_says_how_to_settle_it(il: Invoke) -> None:
    text = il("why", "order-9").stdout
    assert "is in doubt" in text
    assert "    interlock resolve order-9 ship --did-not" in text


def test_guards_are_asked_where_their_code_is(il: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Pay → paid: enough decides, on the command's amount" in il("why", "bill-1").stdout
    monkeypatch.delenv("INTERLOCK_APP")
    assert "enough decides, but its code is not here" in il("why", "bill-1").stdout
    assert "--app cli.shop" in il("why", "bill-1").stdout


def test_without_a_worker_that_is_said_in_show_and_runs_as_well(il: Invoke, store: str) -> None:
    path = store.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("UPDATE interlock_entries SET status = 'running' WHERE run = 'order-9'")
    assert "1 has something to do, but no worker serves this database" in il("runs").stderr
    assert "worker   none" in il("why", "order-7").stdout


def test_an_unknown_run_names_those_that_are_near(il: Invoke) -> None:
    result = il("why", "order-22")
    assert (result.exit_code, result.stderr.split(":")[0]) == (1, "error ILK071")
    assert "did you mean order-2" in result.stderr


def test_another_database_stands_in_every_line(
    il: Invoke, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INTERLOCK_STORE")
    shown = il("why", "order-2", "--store", store).stdout
    assert f"interlock approve order-2 manager --by NAME --store {store}" in shown


def test_an_action_is_quoted_for_a_shell() -> None:
    action = Action("say yes", ("approve", "a b#1", "it's", "--by", "NAME"), "shop")
    assert action.line("sqlite:///x y.db") == (
        "interlock approve 'a b#1' 'it'\"'\"'s' --by NAME --app shop --store 'sqlite:///x y.db'"
    )
    assert "--app" not in action.line(app=False)
