"""Authoring: graph, check, run, work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.kit import Invoke, document, lines

BROKEN = """
import asyncio
from interlock.machines import workflow

@workflow
async def broken() -> None:
    await asyncio.to_thread(print)
"""


def _orders(tmp_path: Path, *orders: object) -> str:
    file = tmp_path / "orders.jsonl"
    file.write_text("".join(f"{json.dumps(order)}\n" for order in orders))
    return str(file)


@pytest.mark.parametrize(
    ("language", "start"), [("mermaid", "stateDiagram-v2"), ("dot", 'digraph "cli-checkout"')]
)
def test_a_machine_is_drawn(il: Invoke, language: str, start: str) -> None:
    result = il("graph", "cli.shop:checkout", "--format", language)
    assert result.stdout.startswith(start)


def test_a_run_is_drawn_from_the_database_alone(il: Invoke) -> None:
    drawn = document(il("graph", "--run", "order-2", "--json"))
    assert (drawn["machine"], drawn["at"]) == ("cli-checkout", "approval:manager")
    assert drawn["visited"] == ["start", "charge", "approval:manager"]
    assert "classDef at" in drawn["text"]


def test_a_machine_goes_to_a_file_and_is_looked_at_there(il: Invoke, tmp_path: Path) -> None:
    wanted = document(il("check", "cli.shop:checkout", "--json"))
    for language in ("json", "scxml"):
        printed = il("graph", "cli.shop:checkout", "--format", language)
        file = tmp_path / f"checkout.{language}"
        file.write_text(printed.stdout)
        assert ("left out: ILK" in printed.stderr) == (language == "scxml")
        checked = document(il("check", str(file), "--json"))
        assert (checked["hash"], checked["machine"]) == (wanted["hash"], "cli-checkout")
        assert il("graph", str(file)).stdout.startswith("stateDiagram-v2")
    assert checked["file"] == str(file)
    assert checked["states"][1]["line"] > 0


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("a.scxml", "<scxml>", "ILK182"),
        ("a.json", "{}", "ILK092"),
        ("b.json", None, "ILK092"),
        ("c.json", "\xff", "ILK092"),
    ],
)
def test_a_file_that_holds_no_machine(
    il: Invoke, tmp_path: Path, name: str, text: str | None, code: str
) -> None:
    file = tmp_path / name
    if text is not None:
        file.write_bytes(text.encode("latin-1"))
    result = il("check", str(file), "--json")
    assert (result.exit_code, document(result)["error"]["code"]) == (1, code)


def test_graph_wants_a_machine_or_a_run(il: Invoke) -> None:
    assert il("graph").exit_code == 2


def test_check_tells_states_transitions_and_what_is_raised(il: Invoke) -> None:
    result = il("check", "cli.shop:checkout", "--json")
    checked = document(result)
    assert result.exit_code == 0
    assert {state["state"] for state in checked["states"]} >= {"charge", "approval:manager", "ship"}
    assert "Declined" in checked["raises"]
    assert checked["problems"] == [p for p in checked["problems"] if p["severity"] != "error"]
    text = il("check", "cli.shop:checkout").stdout
    assert "can raise" in text
    assert "order.total > 100" in text


def test_check_of_what_cannot_be_compiled_ends_with_its_code(
    il: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_flow.py").write_text(BROKEN)
    monkeypatch.chdir(tmp_path)  # where modules are looked for
    result = il("check", "broken_flow:broken", "--json")
    assert result.exit_code == 1
    error = document(result)["error"]
    assert error["line"] == 7
    assert error["code"] == "ILK161"
    assert "declare print with @step" in error["instead"]
    assert "await asyncio.to_thread(print)" in result.stderr


FORGOTTEN = """
from enum import StrEnum
from pydantic import BaseModel
from interlock.machines import Command, Lifecycle, Region, on, step, workflow

@step
async def charge(amount: int) -> None: ...

@workflow
async def paying(amount: int) -> None:
    await charge(amount)
    if amount:
        print([forgoten for _ in (later(), len("x"), __name__)])

class On(StrEnum):
    YES = "yes"

class Inside(StrEnum):
    HERE = "here"

class Data(BaseModel):
    pass

class Press(Command):
    pass

class Lamp(Lifecycle[On, Data], initial=On.YES, final=()):
    class Part(Region[Inside, Data], of=On.YES, initial=Inside.HERE):
        @on(Press, source=Inside.HERE)
        def press(self, data: Data, command: Press) -> Data:
            return dta

def later() -> int:
    return missing
"""


def test_check_finds_names_that_nothing_defines(
    il: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "forgotten_names.py").write_text(FORGOTTEN)
    monkeypatch.chdir(tmp_path)
    for target, name, line in (("paying", "forgoten", 13), ("Lamp", "dta", 31)):
        result = il("check", f"forgotten_names:{target}", "--json")
        assert result.exit_code == 1
        (found,) = [p for p in document(result)["problems"] if p["code"] == "ILK088"]
        assert (found["line"], found["severity"]) == (line, "error")
        assert f"'{name}' is not defined" in found["message"]


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("no_such_module:x", "ILK092"),
        ("cli.shop:nothing", "ILK092"),
        ("cli.shop", "ILK092"),
        ("cli.shop:Order", "ILK092"),
        ("cli/shop.py:checkout", "ILK092"),
        (".:x", "ILK092"),
        ("bad_module:x", "ILK093"),
        ("bad_syntax:x", "ILK093"),
    ],
)
def test_a_target_that_is_none(
    il: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, code: str
) -> None:
    (tmp_path / "bad_module.py").write_text("1 / 0\n")
    (tmp_path / "bad_syntax.py").write_text("def (\n")
    monkeypatch.chdir(tmp_path)  # where modules are looked for
    result = il("check", target)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error {code}: ")
    assert "Traceback" not in result.stderr


def test_a_run_for_every_line(il: Invoke, tmp_path: Path) -> None:
    orders = [{"id": f"new-{n}", "total": str(n)} for n in range(1, 6)]
    file = _orders(tmp_path, *orders)
    report = document(il("run", "cli.shop:checkout", "--input", file, "--id-field", "id", "--json"))
    assert (report["lines"], report["runs"], report["statuses"]) == (5, 5, {"completed": 5})
    again = document(il("run", "cli.shop:checkout", "--input", file, "--id-field", "id", "--json"))
    assert again["statuses"] == {"completed": 5}
    assert len(lines(il("history", "new-1", "--json"))) == 7


def test_bad_lines_are_told_by_number_and_stop_no_other(il: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "orders.jsonl"
    file.write_text('{"id": "new-1", "total": "1"}\n\n{"id": "new-2"}\nno json\n{"total": 1}\n'
                    '{"id": "new-1", "total": "2"}\n')  # fmt: skip
    result = il("run", "cli.shop:checkout", "--input", str(file), "--id-field", "id", "--json")
    assert result.exit_code == 1
    report = document(result)
    refused = [(line["line"], line["code"]) for line in report["refused"]]
    assert refused == [(3, "ILK094"), (4, "ILK094"), (5, "ILK094"), (6, "ILK072")]
    assert report["statuses"] == {"completed": 1}
    assert "line 3: error ILK094: total: Field required" in result.stderr


def test_what_is_wrong_with_every_line_is_told_once(il: Invoke, tmp_path: Path) -> None:
    file = _orders(tmp_path, *({"id": f"n-{n}", "total": "1"} for n in range(20)), {"id": "x"})
    result = il("run", "cli.shop:checkout", "--input", file, "--id-field", "idd", "--json")
    assert result.exit_code == 1
    told, more = result.stderr.splitlines()
    assert told.startswith("line 1: error ILK094: no field 'idd' with a text or number")
    assert told.endswith("; did you mean 'id'?")
    assert more == "line 1: the same in 20 lines more: 2, 3, 4, 5, 6, …"
    assert [one["line"] for one in document(result)["refused"]] == [*range(1, 22)]
    two = _orders(tmp_path, {"id": "n-1"}, {"id": "n-2", "total": "1"}, {"id": "n-3"})
    some = il("run", "cli.shop:checkout", "--input", two, "--id-field", "id").stderr
    assert some.splitlines()[-1] == "line 1: the same in 1 line more: 3"


def test_several_parameters_are_fields_of_the_line(il: Invoke, tmp_path: Path) -> None:
    order = {"id": "x", "total": "1"}
    file = _orders(
        tmp_path,
        {"id": "p-1", "order": order, "copies": 3},
        {"id": "p-2", "order": order},
        {"id": "p-3", "order": order, "copies": "many"},
        {"id": "p-4", "copies": 1, "extra": 1},
    )
    report = document(il("run", "cli.shop:pair", "--input", file, "--id-field", "id", "--json"))
    assert [line["line"] for line in report["refused"]] == [3, 4]
    assert document(il("show", "p-1", "--json"))["result"] == 3
    assert document(il("show", "p-2", "--json"))["result"] == 1


def test_a_line_may_name_the_one_parameter(il: Invoke, tmp_path: Path) -> None:
    file = _orders(tmp_path, {"id": "two", "amount": 1})
    report = document(il("run", "cli.shop:doubled", "--input", file, "--id-field", "id", "--json"))
    assert report["statuses"] == {"completed": 1}


def test_a_failed_run_gives_code_1_and_a_lifecycle_is_started_too(
    il: Invoke, tmp_path: Path
) -> None:
    file = _orders(tmp_path, {"id": "bad-1", "total": "-1"})
    failed = il("run", "cli.shop:checkout", "--input", file, "--id-field", "id")
    assert failed.exit_code == 1
    assert "interlock show bad-1" in failed.stdout
    bills = _orders(tmp_path, {"total": "12", "number": "bill-2"})
    done = il("run", "cli.shop:Billing", "--input", bills, "--id-field", "number")
    assert done.exit_code == 0, done.stderr
    assert document(il("show", "bill-2", "--json"))["state"] == "new"


def test_lines_come_from_the_input_and_ids_are_made(il: Invoke) -> None:
    result = il(
        "run", "cli.shop:checkout", "--input", "-", "--json", input='{"id": "a", "total": 3}\n'
    )
    assert document(result)["statuses"] == {"completed": 1}


def test_an_input_that_cannot_be_read(il: Invoke, tmp_path: Path) -> None:
    missing = il("run", "cli.shop:checkout", "--input", str(tmp_path / "none"))
    assert missing.stderr.startswith("error ILK094: cannot read ")


def test_a_line_that_is_no_text_stops_no_other(il: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "latin"
    file.write_bytes(b'\xef\xbb\xbf{"id": "a", "total": 1}\n{"id": "\xe9", "total": 1}\r\n')
    result = il("run", "cli.shop:checkout", "--input", str(file), "--json")
    assert result.stderr.startswith("line 2: error ILK094: not UTF-8 text")
    assert document(result)["statuses"] == {"completed": 1}


def test_work_until_idle_tells_of_nothing_when_all_wait(il: Invoke) -> None:
    result = il("work", "cli.shop", "--until-idle", "--json")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "serving" in result.stderr
