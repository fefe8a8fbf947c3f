"""The codec of events, the digest chain and the order of ids."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from interlock.store import BODIES, Actor, BrokenChain, Event, Head, UnknownEvent, verify
from interlock.store.backends.sqlite.rows import entry_row
from interlock.store.backends.sqlite.rows import instant as as_stored
from interlock.store.clock import drawn_from, uuid7_texts
from interlock.store.decisions import Approvers, Escalation
from interlock.store.digest import digest_of
from interlock.store.envelope import decode, encode
from interlock.store.event import Body, Delta
from interlock.store.order import sort_key
from interlock.store.prepared import prepare
from interlock.store.vocabulary import Failure, StepFailed, StepSucceeded
from interlock.store.within import Planned, Within
from store.samples import NOON, commit

START = datetime(1970, 1, 1, tzinfo=UTC)
text = st.text(st.characters(codec="utf-8"), max_size=20)
instants = st.datetimes(timezones=st.just(UTC))
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=10,
)
deltas = st.builds(
    Delta,
    new=st.dictionaries(st.integers(0, 2**62), json_values, max_size=3),
    patch=st.lists(st.lists(json_values, max_size=3), max_size=2),
    set=st.dictionaries(text, json_values, max_size=3),
    unset=st.lists(text, max_size=2),
    drop=st.lists(st.integers(0, 99), max_size=3),
)
approvers = st.builds(Approvers, st.lists(text, max_size=2), st.lists(text, max_size=2), text)
escalations = st.builds(Escalation, instants, approvers, st.integers(0, 9))
failures = st.builds(Failure, type=text, message=text, value=json_values)
planned = st.builds(
    Planned,
    place=text,
    args=st.lists(json_values, max_size=2),
    kwargs=st.dictionaries(text, json_values, max_size=2),
    handle=text,
)
within = st.builds(
    Within, thread=text, join=text, index=st.integers(0, 99), handle=st.booleans(), state=text
)


def bodies_of(cls: type[Body]) -> st.SearchStrategy[Body]:
    """Bodies of one type, with a strategy for each of its fields by the field's annotation."""
    by_annotation: dict[str, st.SearchStrategy[object]] = {
        "str": text,
        "int": st.integers(0, 2**31),
        "bool": st.booleans(),
        "Encoded": json_values,
        "list[Encoded]": st.lists(json_values, max_size=3),
        "dict[str, Encoded]": st.dictionaries(text, json_values, max_size=3),
        "list[str]": st.lists(text, max_size=3),
        "datetime": instants,
        "datetime | None": st.none() | instants,
        "Delta | None": st.none() | deltas,
        "list[Planned]": st.lists(planned, max_size=3),
        "Within | None": st.none() | within,
        "Within": within,
        "list[datetime]": st.lists(instants, max_size=2),
        "Approvers": approvers,
        "list[Escalation]": st.lists(escalations, max_size=2),
    }
    fields: dict[str, st.SearchStrategy[object]] = {}
    for base in reversed(cls.__mro__):
        for name, annotation in vars(base).get("__annotations__", {}).items():
            if "Failure" in str(annotation):
                fields[name] = failures
            elif str(annotation) in by_annotation:
                fields[name] = by_annotation[str(annotation)]
    return st.builds(
        cls, **{name: fields[name] for name in cls.__struct_fields__ if name in fields}
    )


bodies = st.sampled_from(sorted(BODIES)).flatmap(lambda name: bodies_of(BODIES[name]))


@st.composite
def events(draw: st.DrawFn) -> Event:
    body = draw(bodies)
    stream, version = draw(text), draw(st.integers(1, 2**62))
    actor = Actor(draw(st.sampled_from(["user", "worker", "timer", "system"])), draw(text))
    event = Event(
        stream,
        version,
        type(body).__name__,
        id=draw(text),
        at=draw(instants),
        machine=draw(text),
        hash=draw(text),
        state=draw(text),
        actor=actor,
        cause=draw(text),
        correlation=draw(text),
        prev=draw(text),
        body=body,
        position=draw(st.integers(0, 2**62)),
    )
    return replace(event, digest=digest_of(stream, version, event.type, encode(event)))


@given(events())
def test_every_event_survives_the_log(event: Event) -> None:
    state = encode(event)
    assert decode(event.stream, event.version, event.type, state, event.position) == event
    assert json.loads(state)["schema"] == 1


@given(events(), events())
def test_different_events_have_different_digests(one: Event, other: Event) -> None:
    same = (one.stream, one.version, one.type, encode(one)) == (
        other.stream,
        other.version,
        other.type,
        encode(other),
    )
    assert (one.digest == other.digest) == same


def test_the_state_is_readable_json() -> None:
    row = prepare(commit("order-1"), NOON).rows[0]
    state = json.loads(row[3])
    assert list(state) == [
        "id", "at", "machine", "hash", "state", "actor", "cause", "correlation", "schema", "prev",
        "body",
    ]  # fmt: skip
    assert state["at"] == "2026-05-01T12:00:00Z"
    assert state["actor"] == {"kind": "user", "id": "ann"}
    assert state["body"] == {"activity": "a#1", "step": "a", "result": {"total": 3}}


@pytest.mark.parametrize(
    ("topic", "state", "error", "says"),
    [
        ("Unheard", b"{}", UnknownEvent, "Unheard"),
        ("SleepEnded", b'{"schema": 2, "what": "else"}', UnknownEvent, "schema 2"),
        ("SleepEnded", b'{"schema": 1}', BrokenChain, "event 3 of stream 'a'"),
        ("SleepEnded", b"not json", BrokenChain, "cannot be read"),
        ("SleepEnded", b"\xff\xfe", BrokenChain, "cannot be read"),
        ("SleepEnded", b"", BrokenChain, "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_named(
    topic: str, state: bytes, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        decode("a", 3, topic, state)


def test_an_event_of_a_newer_schema_with_a_readable_body_is_unknown() -> None:
    stream, version, topic, state = prepare(commit("a"), NOON).rows[0]
    with pytest.raises(UnknownEvent, match="schema 9"):
        decode(stream, version, topic, state.replace(b'"schema":1', b'"schema":9'))


def chain(length: int) -> tuple[list[tuple[str, int, str, bytes]], Head]:
    head, rows = Head(), list[tuple[str, int, str, bytes]]()
    while head.version < length:
        ready = prepare(commit("a", head, bodies=[StepSucceeded("a#1", "a", head.version)]), NOON)
        head, rows = ready.head, rows + ready.rows
    return rows, head


@given(st.integers(2, 6), st.data())
def test_every_change_of_a_chain_is_found(length: int, data: st.DataObject) -> None:
    rows, head = chain(length)
    assert verify([decode(*row) for row in rows], head=head) == head
    index = data.draw(st.integers(0, length - 1))
    change = data.draw(st.sampled_from(["alter", "drop", "swap", "repeat"]))
    stream, version, topic, state = rows[index]
    if change == "alter":
        rows[index] = (stream, version, topic, state.replace(b"charge", b"refund"))
    elif change == "drop":
        del rows[index]
    elif change == "repeat":
        rows.insert(index, rows[index])
    else:
        rows[index - 1], rows[index] = rows[index], rows[index - 1]
    with pytest.raises(BrokenChain):
        verify([decode(*row) for row in rows], head=head)


def test_the_first_bad_event_is_named() -> None:
    rows, _ = chain(5)
    stream, version, topic, state = rows[2]
    rows[2] = (stream, version, topic, state.replace(b"ann", b"bob"))
    with pytest.raises(BrokenChain, match="event 4 of stream 'a' does not link"):
        verify([decode(*row) for row in rows])


def test_events_of_two_streams_are_no_chain() -> None:
    one = [decode(*row) for row in prepare(commit("a"), NOON).rows]
    other = [decode(*row) for row in prepare(commit("b"), NOON).rows]
    with pytest.raises(BrokenChain, match="among the events of 'a'"):
        verify([one[0], other[1]])


def test_a_failure_keeps_its_body() -> None:
    body = StepFailed("a#1", "a", 2, Failure("KeyError", "x", {"$": 1}), NOON)
    row = prepare(commit("a", bodies=[body]), NOON).rows[0]
    assert decode(*row).body == body


@given(st.integers(0, 10**30), st.integers(0, 10**30), st.sampled_from(["o-", "", "run/"]))
def test_numbers_are_ordered_by_value(one: int, other: int, prefix: str) -> None:
    assert (sort_key(f"{prefix}{one}") < sort_key(f"{prefix}{other}")) == (one < other)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  bounds are naive by rule
def test_uuids_are_of_version_7_and_keep_their_own_order(instant: datetime) -> None:
    made = [*islice(uuid7_texts(instant), 5)]
    assert sorted(set(made)) == made
    for one in made:
        assert (UUID(one).version, str(UUID(one))) == (7, one)
        assert UUID(one).variant == RFC_4122
        assert UUID(one).int >> 80 == (instant - START) // timedelta(milliseconds=1)
        assert sort_key(one) == one


def test_a_row_that_was_edited_into_text_is_broken() -> None:
    (row,) = prepare(commit("run-1"), NOON).rows[:1]
    edited: object = row[3].decode()
    with pytest.raises(BrokenChain, match="altered"):
        decode(row[0], row[1], row[2], edited)  # type: ignore[arg-type]  # what SQLite gives back


def test_ids_of_one_millisecond_go_on_where_the_last_ended_and_a_seed_repeats_them() -> None:
    some, more = uuid7_texts(NOON), uuid7_texts(NOON)
    together = [*islice(some, 3), *islice(more, 2)]
    assert sorted(set(together)) == together
    steps = [UUID(b).int - UUID(a).int for a, b in pairwise(together)]
    assert [step == 1 for step in steps] == [
        True,
        True,
        False,
        True,
    ]  # so an audit tells commits
    with drawn_from(random.Random(7)):
        once = [*islice(uuid7_texts(NOON), 2)]
    with drawn_from(random.Random(7)):
        assert [*islice(uuid7_texts(NOON), 2)] == once
    assert len({one[:23] for one in together}) == 1


def test_threads_are_never_given_the_same_id() -> None:
    with ThreadPoolExecutor(8) as threads:
        texts = threads.map(uuid7_texts, [NOON] * 200)
        made = [[*islice(ids, 50)] for ids in texts]
    assert all(UUID(some[-1]).int - UUID(some[0]).int == 49 for some in made)
    assert len({one for some in made for one in some}) == 200 * 50


def test_what_is_prepared_is_what_its_events_are_written_as() -> None:
    made = prepare(commit("run-1", bodies=[StepSucceeded("a#1", "a", 1)] * 2), NOON)
    assert [(e.stream, e.version, e.type, encode(e)) for e in made.events] == made.rows
    assert [event.digest for event in made.events] == [digest_of(*row) for row in made.rows]


@given(instants)
def test_instants_stand_in_tables_with_all_their_digits(at: datetime) -> None:
    assert as_stored(at) == at.isoformat(timespec="microseconds")


anywhere = st.datetimes(
    datetime(1971, 1, 1),  # noqa: DTZ001  bounds are naive by rule
    datetime(2037, 1, 1),  # noqa: DTZ001  the same
    timezones=st.timezones(),
)


@given(anywhere, anywhere, anywhere, st.booleans())
def test_a_row_of_the_index_has_every_instant_in_utc(
    at: datetime, since: datetime, started: datetime, just_now: bool
) -> None:
    asked = commit("run-1")
    entry = replace(asked.entry, since=at if just_now else since, started=started)
    for _ in range(2):  # what was asked for before is remembered
        row = entry_row(prepare(replace(asked, at=at, entry=entry), NOON))
        wanted = (entry.since, started, at)
        assert (row[4], row[7], row[11]) == tuple(
            one.astimezone(UTC).isoformat(timespec="microseconds") for one in wanted
        )
