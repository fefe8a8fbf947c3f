"""Events of older shapes are brought up when read; those of newer ones are refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.projections import History, dump_history
from interlock.store import BODIES, BrokenChain, UnknownEvent, verify
from interlock.store.envelope import decode, encode
from interlock.store.prepared import prepare
from interlock.store.upcasting import SHAPES, UPCASTERS, Shapes, Upcaster
from interlock.store.vocabulary import SleepEnded, StepFailed, StepSucceeded
from store.samples import NOON, commit

Row = tuple[str, int, str, bytes]


def _named(body: dict[str, Any]) -> dict[str, Any]:
    """`of` became `activity`."""
    body["activity"] = body.pop("of")
    return body


def _numbered(body: dict[str, Any]) -> dict[str, Any]:
    return {"activity": f"{body['activity']}#1"}


CHANGED = Shapes(
    [
        Upcaster("Slept", 1, _named),
        Upcaster("Slept", 2, _numbered, to="SleepEnded"),
    ]
)


def row(topic: str, schema: int, body: dict[str, Any], prev: str = "") -> Row:
    """A row as an older (or newer) program wrote it."""
    stream, version, _, state = prepare(commit("a"), NOON).rows[0]
    raw = msgspec.json.decode(state) | {"schema": schema, "body": body, "prev": prev}
    return stream, version, topic, msgspec.json.encode(raw)


@pytest.mark.parametrize(
    ("topic", "schema", "body"),
    [
        ("Slept", 1, {"of": "nap"}),
        ("Slept", 2, {"activity": "nap"}),
        ("SleepEnded", 3, {"activity": "nap#1"}),
    ],
)
def test_every_older_shape_is_the_same_event(topic: str, schema: int, body: dict[str, Any]) -> None:
    stored = row(topic, schema, body)
    event = decode(*stored, 0, CHANGED)
    assert (event.type, event.body) == ("SleepEnded", SleepEnded("nap#1"))
    assert encode(event) == stored[3] or schema == 3
    assert (event.stored is None) == (schema == 3)


def test_the_chain_is_that_of_what_is_stored() -> None:
    first = row("Slept", 1, {"of": "nap"})
    digest = decode(*first, 0, CHANGED).digest
    stream, _, topic, state = row("Slept", 2, {"activity": "nap"}, digest)
    events = [decode(*first, 1, CHANGED), decode(stream, 2, topic, state, 2, CHANGED)]
    assert verify(events).version == 2
    exported = [msgspec.json.decode(line) for line in dump_history(History(events)).splitlines()]
    assert [line["type"] for line in exported] == ["Slept", "Slept"]
    assert [msgspec.json.encode(line["event"]) for line in exported] == [first[3], state]


def test_a_type_that_changed_is_written_with_its_schema() -> None:
    assert (CHANGED.present("SleepEnded"), CHANGED.newest("Slept")) == (3, 3)
    assert CHANGED.present("StepFailed") == SHAPES.present("StepFailed") == 1
    assert {SHAPES.present(topic) for topic in BODIES} == {1} or UPCASTERS


@pytest.mark.parametrize(
    ("topic", "schema", "body", "says"),
    [
        ("SleepEnded", 4, {"activity": "a"}, "has schema 4, and this program reads 3: .* upgrade"),
        ("Slept", 5, {"activity": "a"}, "has schema 5, and this program reads 3: .* upgrade"),
        (
            "Napped",
            1,
            {"activity": "a"},
            "'Napped', which this program does not know: .* upgrade",
        ),
        ("SleepEnded", 3, {"activity": "a", "late": True}, "holds a field 'late', .* upgrade"),
    ],
)
def test_what_is_newer_is_refused(topic: str, schema: int, body: dict[str, Any], says: str) -> None:
    with pytest.raises(UnknownEvent, match=says):
        decode(*row(topic, schema, body), 0, CHANGED)


def test_a_field_inside_that_is_newer_is_refused_too() -> None:
    failed = {"activity": "a", "step": "s", "attempt": 1}
    error = {"type": "KeyError", "message": "x", "again": 1}
    with pytest.raises(UnknownEvent, match="holds a field 'again'"):
        decode(*row("StepFailed", 1, failed | {"error": error}))
    within = {
        "activity": "a",
        "until": "2026-01-01T00:00:00Z",
        "within": {"thread": "t", "lane": 2},
    }
    with pytest.raises(UnknownEvent, match="holds a field 'lane'"):
        decode(*row("SleepStarted", 1, within))


@pytest.mark.parametrize(
    ("topic", "schema", "body"),
    [("Slept", 1, {}), ("Slept", 2, {"activity": "a", "more": 1}), ("SleepEnded", 2, {"x": 1})],
)
def test_an_old_row_that_is_damaged_is_told(topic: str, schema: int, body: dict[str, Any]) -> None:
    if (topic, schema) == ("Slept", 2):  # what an upcaster leaves out is not looked at
        assert decode(*row(topic, schema, body), 0, CHANGED).body == SleepEnded("a#1")
        return
    with pytest.raises(BrokenChain, match=rf"\({topic}, schema {schema}\) cannot be read"):
        decode(*row(topic, schema, body), 0, CHANGED)


@given(st.sampled_from([StepSucceeded("a", "s", [1]), SleepEnded("x")]), st.binary(max_size=3))
def test_present_rows_pass_untouched(body: Any, noise: bytes) -> None:
    stored = prepare(commit("a", bodies=[body]), NOON).rows[0]
    event = decode(*stored)
    assert (event.body, event.stored, encode(event)) == (body, None, stored[3])
    if noise.strip():
        with pytest.raises((BrokenChain, UnknownEvent)):
            decode(*stored[:3], stored[3] + noise)


def test_an_event_that_an_old_program_has_no_defaults_for() -> None:
    """What this vocabulary would do to a row without a field that it must have."""
    with pytest.raises(BrokenChain, match="missing required field `error`"):
        decode(*row(StepFailed.__name__, 1, {"activity": "a", "step": "s", "attempt": 1}))
