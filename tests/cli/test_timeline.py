"""`timeline`: what ran when, drawn in columns."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.kit import Invoke, document
from interlock.cli.axis import Axis
from interlock.cli.lanes import lanes
from interlock.cli.text import brief
from interlock.engine import Engine
from interlock.machines import sleep, workflow
from interlock.projections import Bar, Span

START = datetime(2026, 11, 21, 9, tzinfo=UTC)
seconds = st.floats(0, 3e5) | st.floats(0, 1)


@given(st.lists(st.tuples(seconds, seconds).map(sorted), min_size=1), st.integers(16, 120))
def test_an_axis_keeps_the_order_of_instants_and_goes_there_and_back(
    spans: list[list[float]], columns: int
) -> None:
    instants = [[START + timedelta(seconds=s) for s in span] for span in spans]
    end = max(at for span in instants for at in span)
    axis = Axis(START, end, [(a, b) for a, b in instants], columns)
    found = sorted(at for span in instants for at in span)
    places = [axis.column(at) for at in found]
    assert places == sorted(places)
    assert all(0 <= place <= columns for place in places)
    if end > START:
        assert (axis.column(START), axis.column(end)) == (0, columns)
        for place in (0.5, columns / 3, columns - 0.5):
            assert (
                axis.column(START + timedelta(seconds=axis.elapsed(place)))
                == pytest.approx(place, abs=0.1)
                or not axis.squeezed
            )
    words, line = axis.ruler()
    assert len(line) == columns >= len(words)
    for a, b in instants:
        cells = axis.cells(a, b)
        assert len(cells) >= 1
        assert set(cells) <= set(range(columns))


def test_days_between_milliseconds_leave_room_for_both() -> None:
    cuts = [0, 0.02, 0.05, 259200.05, 259200.07, 259200.12]
    instants = [START + timedelta(seconds=cut) for cut in cuts]
    spans = list(pairwise(instants))
    axis = Axis(START, instants[-1], spans, 60)
    assert axis.squeezed
    assert all(len(axis.cells(*span)) >= 3 for span in spans)
    assert len(axis.cells(*spans[2])) == max(len(axis.cells(*span)) for span in spans)
    assert "╌" in axis.ruler()[1]
    assert not Axis(START, instants[2], spans[:2], 60).squeezed


def items(count: int) -> list[Bar]:
    join = Bar("j", "join", "each:post", "each:post", START)
    made = [join]
    for number in range(count):
        begin = START + timedelta(seconds=random.random())
        bar = Bar(f"j[{number}]", "step", str(number), "each:post/post", begin, "j", item=True)
        bar.end = begin + timedelta(seconds=1)
        bar.spans.append(Span("call", begin, bar.end))
        made.append(bar)
    return made


def test_many_items_are_one_row_unless_all_are_asked_for() -> None:
    assert [lane.label for lane in lanes(items(200))] == ["each:post", "post × 200"]
    assert len(lanes(items(200), every=True)) == 201
    assert len(lanes(items(5))) == 6


@pytest.mark.parametrize(
    ("lasting", "said"),
    [(0, "0 ms"), (0.0853, "85 ms"), (1.44, "1.4 s"), (125, "2 min 5 s"), (3600, "1 h"),
     (25920, "7 h 12 min"), (266400, "3 d 2 h")],
)  # fmt: skip
def test_lengths_of_time_are_said_in_two_units(lasting: float, said: str) -> None:
    assert brief(lasting) == said


def test_a_row_for_each_place_with_what_came_of_it(il: Invoke) -> None:
    text = il("timeline", "order-2").stdout.splitlines()
    assert text[0].startswith("order-2 waiting cli-checkout, ")
    rows = {line.split()[0]: line for line in text if line}
    assert "█" in rows["charge"]
    assert "░" in rows["approval:manager"]
    assert rows["approval:manager"].endswith("so far")
    assert rows["charge"].index("█") < rows["approval:manager"].index("░")
    assert text[-1].endswith("; it goes on")


def test_the_states_of_a_lifecycle_are_rows_and_commands_are_marked(il: Invoke) -> None:
    assert il("send", "bill-1", "Pay", '{"amount": 10}').exit_code == 0
    rows = {line.split()[0]: line for line in il("timeline", "bill-1").stdout.splitlines() if line}
    assert "◆" in rows["run"]
    assert "━" in rows["new"]
    assert "━" in rows["paid"]


def test_a_timeline_as_json_has_every_span(il: Invoke) -> None:
    drawn = document(il("timeline", "order-2", "--json"))
    assert [bar["label"] for bar in drawn["bars"]] == ["charge", "approval:manager"]
    assert [span["kind"] for bar in drawn["bars"] for span in bar["spans"]] == ["call", "approval"]
    assert drawn["bars"][1]["end"] is None
    assert not drawn["ended"]


def test_a_run_that_could_not_begin_anything_has_a_timeline_too(il: Invoke) -> None:
    text = il("timeline", "order-3").stdout
    assert text.startswith("order-3 failed cli-checkout")
    assert il("timeline", "nobody").exit_code == 1


def test_a_run_of_thousands_of_like_calls_is_true_to_scale() -> None:
    instants = [START + timedelta(milliseconds=n) for n in range(5001)]
    axis = Axis(START, instants[-1], list(pairwise(instants)), 60)
    assert not axis.squeezed
    late = Axis(START, instants[-1] + timedelta(days=1), list(pairwise(instants)), 60)
    assert late.squeezed
    assert len(late.cells(START, instants[-1])) > 20


@workflow
async def inside() -> str:
    await sleep("1 hour")
    return "done"


@workflow
async def outside() -> str:
    return await inside()


def test_what_a_child_did_can_be_drawn_below_it(il: Invoke, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'children.db'}"

    async def main() -> None:
        async with Engine(url, machines=[outside, inside]) as engine:
            await engine.start(outside, id="parent")
            await engine.settle()

    asyncio.run(main())
    alone = document(il("timeline", "parent", "--store", url, "--json"))["bars"]
    (child,) = alone
    found = document(il("timeline", "parent", "--store", url, "--children", "--json"))["bars"]
    assert [(bar["label"], bar["parent"]) for bar in found] == [
        ("inside", None), ("sleep", child["id"]),
    ]  # fmt: skip
    text = il("timeline", "parent", "--store", url, "--children").stdout
    assert f"run {child['child']}" in text
    assert "\n  sleep" in text


def test_a_part_of_a_long_run_is_drawn_and_said_to_be_one(
    il: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interlock.cli.timeline.MOST", 2)
    text = il("timeline", "order-2").stdout.splitlines()
    assert text[-1].startswith("events 3 to 4 of 4; --after VERSION")
    assert any(line.startswith("approval:manager") for line in text)
    drawn = document(il("timeline", "order-2", "--after", "1", "--json"))
    assert drawn["after"] == 1
    assert [bar["label"] for bar in drawn["bars"]] == ["charge"]
    wrong = il("timeline", "order-2", "--after", "4")
    assert (wrong.exit_code, wrong.stderr.split(":")[0]) == (1, "error ILK094")


@pytest.mark.parametrize(
    "arguments",
    [("show", "order-2"), ("at", "order-2", "--version", "3"),
     ("source", "order-2", "--step", "-1"), ("diff", "order-2", "2", "4"),
     ("diff", "order-2", "4", "2"), ("diff", "order-3", "4"),
     ("at", "order-2", "--version", "9"), ("at", "bill-1"), ("source", "bill-1")],
)  # fmt: skip
def test_a_long_run_is_told_from_its_end_as_it_is_from_its_first_event(
    il: Invoke, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = il(*arguments, "--json")
    for name, value in (("LONG", 0), ("TAIL", 1)):
        monkeypatch.setattr(f"interlock.cli.past.{name}", value)
    monkeypatch.setattr("interlock.cli.showing.LONG", 1)
    part = il(*arguments, "--json")
    assert part.exit_code == whole.exit_code
    told, expected = document(part), document(whole)
    for view in (told, expected):
        view.pop("ledger_after", None)
        view.pop("ledger", None)
    assert told == expected
