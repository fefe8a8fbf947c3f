"""Edits that authors make while runs are in flight: what each command says is true, and helps."""

from __future__ import annotations

import importlib
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.kit import Invoke, document, lines
from interlock.cli.app import build
from interlock.engine.exactness import was_converted
from interlock.machines import registry

CODE = """
from decimal import Decimal
from enum import StrEnum
from pydantic import BaseModel
from interlock.machines import Command, Lifecycle, approval, on, step, wait_for, workflow

class Item(BaseModel):
    sku: str

class Order(BaseModel):
    total: Decimal
    items: list[Item] = []

class Paid(Command):
    amount: Decimal

@step
async def charge(order: Order) -> str:
    return "paid"

@workflow(name="edits-checkout")
async def checkout(order: Order) -> str:
    payment = await charge(order)
    paid = await wait_for(Paid)
    for item in order.items:
        await approval("pick")
        print(item)
    return f"{payment} {order.total - paid.amount}"

class Status(StrEnum):
    DRAFT = "draft"
    PENDING = "pending"
    DONE = "done"
    GONE = "gone"

class Bill(BaseModel):
    total: Decimal

class Submit(Command): ...

class Settle(Command):
    amount: Decimal

class Billing(
    Lifecycle[Status, Bill], initial=Status.DRAFT, final={Status.DONE, Status.GONE},
    name="edits-billing",
):
    @on(Submit, source=Status.DRAFT, target=Status.PENDING)
    def submit(self, bill: Bill, command: Submit) -> Bill:
        return bill

    @on(Settle, source=Status.PENDING, target=Status.DONE)
    def settle(self, bill: Bill, command: Settle) -> Bill:
        return bill

    @on(Submit, source=Status.PENDING, target=Status.GONE)
    def give_up(self, bill: Bill, command: Submit) -> Bill:
        return bill
"""
ITEMS = '{"total": "5", "items": [{"sku": "x"}, {"sku": "y"}]}'


class Desk:
    """A module that is edited, and the command line."""

    def __init__(self, folder: Path, il: Invoke) -> None:
        self.folder = folder
        self.il = il

    def write(self, *edits: tuple[str, str], more: str = "") -> None:
        text = CODE
        for old, new in edits:
            assert old in text
            text = text.replace(old, new)
        (self.folder / "edits_code.py").write_text(text + more)

    def begin(self) -> None:
        """A lock file, and a run at each place."""
        self.write()
        assert self.il("lock", "edits_code").exit_code == 0
        for run in ("waits", "loops"):
            self.il("start", "edits_code:checkout", ITEMS, "--id", run)
        self.il("send", "loops", "Paid", '{"amount": "3"}', "--app", "edits_code")
        self.il("start", "edits_code:Billing", '{"total": "5"}', "--id", "bill")

    def fates(self) -> dict[str, str]:
        found = self.il("runs", "--app", "edits_code", "--json")
        return {row["run"]: row["fate"] for row in lines(found) if row["edited"]}

    def left_behind(self) -> list[str]:
        return [
            problem["message"]
            for problem in document(self.il("lock", "--check", "--json"))["problems"]
        ]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("INTERLOCK_STORE", f"sqlite:///{tmp_path / 'edits.db'}")
    app = build(boxes=False)

    def invoke(*arguments: str, input: str | None = None) -> Result:  # noqa: A002  as CliRunner's
        sys.modules.pop("edits_code", None)
        importlib.invalidate_caches()
        monkeypatch.setattr(registry, "_known", {})
        return CliRunner().invoke(app, list(arguments), input=input, prog_name="interlock")

    made = Desk(tmp_path, invoke)
    made.begin()
    return made


def test_a_variable_with_another_name_is_asked_for(desk: Desk) -> None:
    desk.write(("payment", "receipt"))
    write = "on a function that gives 'receipt'"
    assert all(write in message for message in desk.left_behind())
    assert write in desk.il("deploy-check", "edits_code").stdout
    assert write in " ".join(desk.il("why", "waits", "--app", "edits_code").stdout.split())
    sent = desk.il("send", "waits", "Paid", '{"amount": "3"}', "--app", "edits_code").stdout
    assert "waits is at wait:Paid, held\n  edits-checkout was edited since" in sent
    assert write in sent
    assert "this Paid is kept until the run can go on" in sent
    row = next(row for row in desk.il("runs").stdout.splitlines() if row.startswith("waits"))
    assert "a person" not in row
    assert "edits-checkout was edited since this run began" in row


def test_a_new_field_is_told_once_and_not_for_each_variable_that_holds_it(desk: Desk) -> None:
    desk.write(("    sku: str\n", "    sku: str\n    color: str\n"))
    assert desk.fates() == {"waits": "type changed", "loops": "type changed"}
    said = " ".join(desk.il("why", "loops", "--app", "edits_code").stdout.split())
    assert "holds an Item without 'color', which has no default; write" in said
    assert said.count("without 'color'") == 1
    desk.write(("    sku: str\n", "    sku: str\n    color: str = 'red'\n"))
    assert desk.fates() == {"waits": "goes on", "loops": "goes on"}


def test_a_decimal_is_never_taken_for_a_float(desk: Desk) -> None:
    desk.write(("    total: Decimal\n", "    total: float\n"))
    assert set(desk.fates().values()) == {"type changed"}
    report = desk.il("deploy-check", "edits_code", "--dry-run").stdout
    assert "whose 'total' is no float: a Decimal" in report
    assert "0 runs moved over, 3 runs held" in report


def test_a_payload_of_commands_is_no_part_of_the_data(desk: Desk) -> None:
    desk.write(("    amount: Decimal\n", "    amount: Decimal\n    currency: str\n"))
    assert desk.fates() == {"bill": "goes on", "waits": "goes on", "loops": "type changed"}
    assert not any("edits-billing" in message for message in desk.left_behind())
    assert not any("Settle" in message for message in desk.left_behind())


def test_no_run_is_looked_for_where_a_lifecycle_is_over(desk: Desk) -> None:
    way = """    @on(Submit, source=Status.PENDING, target=Status.GONE)
    def give_up(self, bill: Bill, command: Submit) -> Bill:
        return bill
"""
    gone = (
        ('    GONE = "gone"\n', ""),
        ("final={Status.DONE, Status.GONE}", "final={Status.DONE}"),
        (way, ""),
    )
    desk.write(*gone)
    assert desk.left_behind() == []
    assert desk.fates() == {"bill": "goes on"}


def test_layout_comments_and_other_places_change_nothing(desk: Desk) -> None:
    desk.write(("    payment = await", "    # paid first\n\n    payment = await"))
    assert desk.fates() == {}
    assert desk.il("lock", "--check").exit_code == 0


@pytest.mark.parametrize(
    ("value", "made", "is_"),
    [
        (Decimal(5), 5.0, True),
        ([Decimal(1)], [1.0], True),
        ({"a": (1, [Decimal(1)])}, {"a": (1, [1.0])}, True),
        ({Decimal(1): 2}, {1.0: 2}, True),
        ({Decimal(3), Decimal(1)}, {1.0, 3.0}, True),
        (5, 5.0, False),
        ([1, "a"], [1.0, "a"], False),
        ({1, 2}, {1.0, 2.0}, False),
        (Decimal(1), Decimal(1), False),
    ],
)
def test_a_decimal_is_found_in_any_container(value: object, made: object, is_: bool) -> None:
    assert was_converted(value, made) is is_


UPCAST = """
from interlock.machines import upcast

@upcast(Order, from_=1)
def in_cents(old: dict) -> dict:
    return {"cents": 100 * old["total"], "items": old["items"]}
"""
CENTS = (
    ("    total: Decimal\n    items", "    cents: Decimal\n    items"),
    ("order.total", "order.cents"),
)


def upcast(text: str = UPCAST) -> tuple[str, str]:
    """The edit that puts an upcaster beside its class, above the machines."""
    return "class Paid(Command):", f"{text}\nclass Paid(Command):"


def test_an_upcaster_below_a_machine_that_holds_its_class_is_refused(desk: Desk) -> None:
    desk.write(*CENTS, more=UPCAST)
    line = (desk.folder / "edits_code.py").read_text().splitlines().index("@upcast(Order, from_=1)")
    for command in (
        ("check", "edits_code:checkout"), ("deploy-check", "edits_code"), ("lock",),
        ("work", "edits_code", "--until-idle"),
    ):  # fmt: skip
        refused = desk.il(*command)
        assert refused.exit_code == 1, command
        assert "error ILK291" in refused.stderr
        assert (
            f"edits_code.py:{line + 1}: @upcast(Order, from_=1) stands below 'edits-checkout'"
            in (refused.stderr)
        )


def test_a_field_with_another_name_asks_for_an_upcaster_and_goes_on_with_it(desk: Desk) -> None:
    desk.write(*CENTS)
    report = desk.il("deploy-check", "edits_code").stdout
    assert "an Order with 'total', which is gone, and without 'cents', which is new" in report
    assert "or an @upcast of the class" in report
    desk.write(*CENTS, upcast(UPCAST.replace('old["total"]', 'old["totl"]')))
    broken = desk.il("deploy-check", "edits_code").stdout
    assert "the upcaster of Order from schema 1 raised KeyError: 'totl'" in broken
    assert "To be written" not in broken
    desk.write(*CENTS, upcast())
    assert set(desk.fates().values()) == {"goes on"}
    sent = desk.il("send", "waits", "Paid", '{"amount": "3"}', "--app", "edits_code").stdout
    assert "waits is at approval:pick" in sent


def test_older_code_that_meets_a_newer_value_is_told_to_be_upgraded(desk: Desk) -> None:
    desk.write(*CENTS, upcast())
    for run in ("newer", "later"):
        desk.il("start", "edits_code:checkout", '{"cents": "5"}', "--id", run)
    desk.write()
    assert desk.fates() == {"newer": "type changed", "later": "type changed"}
    held = desk.il("send", "newer", "Paid", '{"amount": "3"}', "--app", "edits_code").stdout
    assert "newer is at wait:Paid, held" in held
    assert "ILK230" in held
    assert held.split("upgrade it")[1].startswith("\n")  # no migration would help
    desk.write(*CENTS, upcast())
    desk.il("work", "edits_code", "--until-idle")
    assert document(desk.il("show", "newer", "--json"))["status"] == "completed"


def test_a_machine_that_was_deleted_is_told_of_by_all_who_look(desk: Desk) -> None:
    text = (desk.folder / "edits_code.py").read_text()
    start, end = text.index("@workflow"), text.index("class Status")
    (desk.folder / "edits_code.py").write_text(text[:start] + text[end:])
    deploy = desk.il("deploy-check", "edits_code")
    assert (deploy.exit_code, "2 are of machines not imported" in deploy.stdout) == (1, True)
    assert "name the modules of their machines" in deploy.stdout
    assert any("edits-checkout is gone" in message for message in desk.left_behind())
    listed = desk.il("runs", "--app", "edits_code")
    assert "2 are of edits-checkout, which edits_code does not define" in listed.stderr
    why = " ".join(desk.il("why", "waits", "--app", "edits_code").stdout.split())
    assert "no module of it defines edits-checkout" in why
    desk.write()
    assert "does not define" not in desk.il("runs", "--app", "edits_code").stderr
