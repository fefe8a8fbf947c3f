"""Differences of plain values: applied to one they give the other, and they are small."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.projections import Change, apply_changes, changes
from interlock.projections.aligning import stretches
from interlock.projections.changes import written

atoms = st.none() | st.booleans() | st.integers(0, 2) | st.floats(0, 1, width=16) | st.text("ab")
names = st.sampled_from(["a", "b", "c d"])
values = st.recursive(
    atoms,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(names, inner, max_size=3),
    max_leaves=20,
)


def text(value: object) -> str:
    return json.dumps(value, sort_keys=True)


@given(values, values)
def test_changes_applied_to_a_value_give_the_other(before: Any, after: Any) -> None:
    kept = text(before)
    found = changes(before, after)
    assert text(apply_changes(before, found)) == text(after)
    assert bool(found) == (text(before) != text(after))
    assert text(before) == kept


@given(st.lists(st.integers(0, 5)), st.lists(st.integers(0, 5)))
def test_lists_differ_in_stretches_and_are_the_same_between_them(
    old: list[int], new: list[int]
) -> None:
    kept_old, kept_new = set(range(len(old))), set(range(len(new)))
    for left, right in stretches(old, new):
        kept_old -= set(left)
        kept_new -= set(right)
    assert [old[i] for i in sorted(kept_old)] == [new[i] for i in sorted(kept_new)]


def wheres(before: Any, after: Any) -> list[tuple[str, str]]:
    return [(change.kind, change.where) for change in changes(before, after)]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"order": {"total": 1}}, {"order": {"total": 2}}, [("changed", "order.total")]),
        ({"n": 1}, {"n": True}, [("changed", "n")]),
        ({"n": 1}, {"n": 1.0}, [("changed", "n")]),
        ({"n": float("nan")}, {"n": float("nan")}, []),
        ({"a": None}, {}, [("removed", "a")]),
        ({}, {"a": None}, [("added", "a")]),
        ({"x": {"per day": 1}}, {"x": {"per day": 2}}, [("changed", 'x["per day"]')]),
        ({"x": [1, 2]}, {"x": {"0": 1}}, [("changed", "x")]),
        ({"x": [1, 2, 3]}, {"x": [1, 3]}, [("removed", "x[1]")]),
        ({"x": [{"id": 1}, {"id": 2}]}, {"x": [{"id": 0}, {"id": 1}, {"id": 2}]},
         [("added", "x[0]")]),
    ],
)  # fmt: skip
def test_what_differs_is_told_where(before: Any, after: Any, found: list[tuple[str, str]]) -> None:
    assert wheres(before, after) == found


def test_a_change_in_a_long_list_is_one_change() -> None:
    lines: list[Any] = [{"id": n, "price": 5, "tags": ["a"] * 3} for n in range(5000)]
    cheaper: list[Any] = [{**line, "price": 4} if line["id"] == 77 else line for line in lines]
    assert changes(lines, cheaper) == (Change("changed", (77, "price"), 5, 4),)
    del cheaper[3000]
    assert wheres(lines, cheaper) == [("changed", "[77].price"), ("removed", "[3000]")]
    zeros: list[Any] = [0] * 3000 + [1] + [0] * 3000
    more: list[Any] = [0] * 6001
    assert len(changes(zeros, more)) == 1


def test_a_path_is_written_as_in_python() -> None:
    assert written(("rates", "per day", 3, "x")) == 'rates["per day"][3].x'
