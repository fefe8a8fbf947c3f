"""Marketplace orders: dirty data, refused hand-overs, and the real file where it is at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from interlock.demo.errors import DemoError
from interlock.demo.marketplace import Approve, Cancel, Deliver, HandOver, Purchase, Stage
from interlock.demo.olist import read_marketplace, run_marketplace
from interlock.engine import Engine

HEAD = (
    "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,"
    "order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date"
)
DAY = "2018-01-0{} 10:00:00"
NO_APPROVAL = "HandOver: approved: the payment is not approved yet"
NO_CARRIER = "Deliver: handed_over: the carrier does not have it yet"


def write(path: Path, *rows: tuple[str, int, int, int, int]) -> Path:
    """A file of orders: status, then the days of purchase, approval, hand-over and delivery."""
    lines = [HEAD]
    for number, (status, *days) in enumerate(rows, 1):
        instants = [DAY.format(day) if day else "" for day in days]
        lines.append(",".join([f"o{number}", f"c{number}", status, *instants, ""]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.csv"


def test_commands_come_in_the_order_of_their_instants_and_undated_ones_last(path: Path) -> None:
    write(path, ("delivered", 2, 3, 1, 4), ("delivered", 1, 2, 3, 0), ("canceled", 1, 1, 0, 0))
    first, second, third = read_marketplace(path)
    assert [type(c) for c in first.commands] == [HandOver, Purchase, Approve, Deliver]
    assert [type(c) for c in second.commands] == [Purchase, Approve, HandOver, Deliver]
    assert second.commands[-1].at is None
    assert [type(c) for c in third.commands] == [Purchase, Approve, Cancel]
    instant = first.commands[0].at
    assert instant is not None
    assert instant.isoformat() == "2018-01-01T10:00:00+00:00"


async def test_a_hand_over_before_approval_is_refused_and_counts_once_approved(path: Path) -> None:
    write(path, ("delivered", 1, 3, 2, 4), ("shipped", 1, 2, 3, 0), ("delivered", 1, 4, 2, 3))
    summary = await run_marketplace(f"sqlite:///{path}.db", path)
    assert summary.refused == {NO_APPROVAL: 2, NO_CARRIER: 1}
    assert (summary.refused_orders, summary.recovered) == (2, 2)
    assert summary.as_in_data == summary.lifecycles == 3
    assert summary.accepted == 4 + 3 + 4
    async with Engine(f"sqlite:///{path}.db", worker=False) as engine:
        run = await engine.get("o1")
        data = (await run.variables())["data"]
        history = await run.history()
    assert "2018-01-02" in str(data)
    states = [event.state for event in history.events]
    assert states == ["announced", "purchased", "approved", "shipped", "delivered"]


async def test_feeding_a_file_again_changes_nothing(path: Path) -> None:
    write(path, ("delivered", 1, 3, 2, 4), ("canceled", 1, 2, 3, 4))
    first = await run_marketplace(f"sqlite:///{path}.db", path)
    again = await run_marketplace(f"sqlite:///{path}.db", path)
    assert again.statuses == first.statuses == {"delivered": 1, "canceled": 1}
    assert again.accepted == first.accepted


@pytest.mark.parametrize("status", list(Stage))
async def test_every_status_is_reached_whatever_is_missing(path: Path, status: Stage) -> None:
    days = {Stage.ANNOUNCED: (0, 0), Stage.PURCHASED: (1, 0)}.get(status, (1, 2))
    write(path, (status, 0, 0, 0, 0), (status, *days, 0, 0))
    summary = await run_marketplace("memory://", path)
    assert summary.statuses == {status: 2}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("order_id,customer_id\n", "order_status"),
        (f"{HEAD}\no1,c1,delivered,yesterday,,,,\n", ":2: .*yesterday"),
        (f"{HEAD}\no1,c1,lost,{DAY.format(1)},,,,\n", ":2: .*lost"),
        ("", "missing"),
    ],
)
def test_bad_files_are_refused_with_their_line(path: Path, text: str, complaint: str) -> None:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DemoError, match=complaint):
        read_marketplace(path)


def test_a_file_that_is_not_there_or_not_text_is_refused(path: Path) -> None:
    with pytest.raises(DemoError, match="cannot be read"):
        read_marketplace(path)
    path.write_bytes(b"\xff\xfe\x00\x01" * 99)
    with pytest.raises(DemoError, match="cannot be read"):
        read_marketplace(path)


def olist() -> Path | None:
    """The real file, where it is at hand: it may not be shipped."""
    beside = Path(__file__).resolve().parents[3] / "shared/data/olist_orders.csv"
    path = Path(os.environ.get("INTERLOCK_OLIST", beside))
    return path if path.is_file() else None


@pytest.mark.skipif(olist() is None, reason="needs the file that INTERLOCK_OLIST names")
async def test_the_real_orders(tmp_path: Path) -> None:
    path = olist()
    assert path is not None
    summary = await run_marketplace(f"sqlite:///{tmp_path}/olist.db", path)
    assert summary.lifecycles == summary.as_in_data == 4071
    assert summary.refused == {NO_APPROVAL: 58, NO_CARRIER: 4}
    assert (summary.refused_orders, summary.recovered) == (58, 58)
    assert summary.statuses == summary.in_data
