"""What a delta contains, and what it costs: examples of every rule of recording."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.store.event import Delta
from interlock.store.values import Image, Memory, Touch, Types
from store.values_kit import (
    LIVE,
    TYPES,
    Box,
    Declined,
    Open,
    Order,
    Point,
    Run,
    Slotted,
    assert_same,
    atoms,
    fold,
)


@dataclass
class Lazy:
    x: int

    @cached_property
    def twice(self) -> list[int]:
        return [self.x]


@dataclass
class Holder:
    lazy: list[Lazy]


def test_nothing_changed_gives_an_empty_delta() -> None:
    run = Run(a=[1, "x"], b=Order(number=1))
    assert run.pause(a=Touch.DEEP, b=Touch.DEEP) == Delta()


def test_a_variable_is_recorded_when_it_holds_another_value() -> None:
    run = Run(a=1, b=[2])
    run.frame["a"] = run.frame["b"]
    assert run.pause(a=Touch.DEEP) == Delta(set={"a": {"$": 1}})
    del run.frame["b"]
    assert run.pause() == Delta(unset=["b"])
    run.check()


PATCHES: dict[str, tuple[Any, Callable[[Any], object], list[list[Any]]]] = {
    "append": ([0], lambda x: x.append(1), [[1, "append", 1]]),
    "middle": ([0, 1, 2, 3], lambda x: x.pop(1), [[1, "splice", 1, 1]]),
    "insert": ([0, 1], lambda x: x.insert(1, 9), [[1, "splice", 1, 0, 9]]),
    "clear": ([0, 1], lambda x: x.clear(), [[1, "is", []]]),
    "dict set": ({"k": 1}, lambda x: x.update(k=2, n=3), [[1, "set", "k", 2], [1, "set", "n", 3]]),
    "dict del": ({"k": 1, "n": 2}, lambda x: x.pop("k"), [[1, "del", "k"]]),
    "re-added": (
        {"k": 1, "n": 2},
        lambda x: x.update(k=x.pop("k")),
        [[1, "del", "k"], [1, "set", "k", 1]],
    ),
    "equal key": ({1: "x"}, lambda x: x.update({True: x.pop(1)}), [
        [1, "del", 1], [1, "set", True, "x"],
    ]),
    "set": ({1, 2, 3}, lambda x: (x.remove(1), x.update([7, 5])), [
        [1, "discard", 1], [1, "add", 5, 7],
    ]),
    "attribute": (Slotted(1), lambda x: setattr(x, "left", 2), [[1, "set", "left", 2]]),
    "no attribute": (Slotted(1), lambda x: delattr(x, "left"), [[1, "del", "left"]]),
    "bytearray": (bytearray(b"a"), lambda x: x.extend(b"b"), [
        [1, "is", {"$": "bytearray", "v": "YWI="}],
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", PATCHES)
def test_a_change_is_recorded_as_a_patch(name: str) -> None:
    value, change, patches = PATCHES[name]
    run = Run(a=value)
    change(value)
    assert run.pause(a=Touch.DEEP).patch == patches
    run.check()


def test_an_assigned_place_is_recorded_without_looking_at_the_rest() -> None:
    run = Run(a={"k": [1], "n": [2]}, b=[[3], [4]])
    a, b = run.frame["a"], run.frame["b"]
    a["k"] = "new"
    b[-1] = "new"
    a["n"].append("unseen")
    delta = run.pause((a, "k"), (b, -1), a=Touch.READ, b=Touch.READ)
    assert delta.patch == [[1, "set", "k", "new"], [4, "set", 1, "new"]]


def test_assigned_places_with_keys_that_are_only_equal() -> None:
    run = Run(a={1: "x", "s": 0})
    run.frame["a"][True] = "y"
    run.pause((run.frame["a"], True), a=Touch.READ)
    run.check()
    run = Run(a={})
    run.frame["a"]["$odd"] = 1
    run.pause((run.frame["a"], "$odd"), a=Touch.READ)
    run.frame["a"]["plain"] = 2
    run.pause((run.frame["a"], "plain"), a=Touch.READ)
    run.check()


def test_an_assigned_place_and_other_changes_of_the_same_container() -> None:
    run = Run(a={"x": 1, "y": 2, "z": 3}, b=[1, 2, 3])
    a, b = run.frame["a"], run.frame["b"]
    a["new"] = 1
    del a["x"]
    a["x"] = 2
    b[0] = 9
    b.pop()
    b[0:1] = [7, 8]
    writes: list[tuple[object, object]] = [(a, "new"), (a, "x"), (b, 0), (b, slice(0, 1))]
    run.pause(*writes, a=Touch.DEEP, b=Touch.DEEP)
    run.check()


def test_growing_a_list_costs_what_was_added() -> None:
    run = Run(a=[], b=None)
    sizes: list[int] = []
    for number in range(1000):
        encoded, item = run.memory.adopt(Point(number, "some text"))
        taken = run.memory.take()
        assert taken is not None
        fold(run.image, taken)
        assert encoded == {"$": number + 2}
        run.frame["b"] = item
        run.frame["a"].append(item)
        delta = run.pause(a=Touch.APPEND, b=Touch.READ)
        sizes.append(len(msgspec.json.encode([taken, delta])))
        assert delta == Delta(patch=[[1, "append", encoded]], set={"b": encoded})
    assert max(sizes) - sizes[0] < 20
    run.check()


def test_a_list_that_was_said_to_grow_only_is_looked_at_behind_its_end_only() -> None:
    run = Run(a=[[1], [2]])
    run.frame["a"][0].append("unseen")
    run.frame["a"].append(3)
    assert run.pause(a=Touch.APPEND).patch == [[1, "append", 3]]
    run.frame["a"].pop()
    run.pause(a=Touch.APPEND)
    run.check()


def test_reading_scans_only_what_runs_code_when_read() -> None:
    types = Types()
    types.collect(Box, Holder)
    assert types.reads_run_code(Lazy)
    assert types.reads_run_code(Holder)
    assert types.reads_run_code(Declined)
    assert not types.reads_run_code(Order)
    assert not types.reads_run_code(Box)
    memory, image = Memory(types), Image()
    frame: dict[str, Any] = {"a": Lazy(1), "b": Box([1])}
    image.apply(memory.record(frame, LIVE, {}, []))
    assert frame["a"].twice == [1]
    frame["b"].content.append(2)
    delta = memory.record(frame, LIVE, {"a": Touch.READ, "b": Touch.READ}, [])
    assert delta.patch == [[1, "set", "twice", {"$": 5}]]


def test_what_was_adopted_is_looked_at_in_the_next_record() -> None:
    run = Run(a={}, b=None)
    _, taken = run.memory.adopt([1])
    first = run.memory.take()
    assert first is not None
    assert first == Delta(new={2: [1]})
    fold(run.image, first)
    taken.append(2)  # type: ignore[attr-defined]  # a list
    run.frame["a"]["k"] = taken
    run.pause((run.frame["a"], "k"), a=Touch.READ)
    run.check()


def test_an_object_that_moved_before_it_changed_is_found() -> None:
    run = Run(a=[[1]], b={})
    moved = run.frame["a"].pop()
    moved.append(2)
    run.frame["b"]["k"] = moved
    run.pause((run.frame["b"], "k"), a=Touch.DEEP, b=Touch.READ)
    run.check()


def test_what_a_name_referred_to_before_is_looked_at() -> None:
    run = Run(a=[1], b=None)
    run.frame["b"] = {"k": run.frame["a"]}
    run.pause(b=Touch.DEEP)
    run.frame["a"].append(2)
    run.frame["a"] = None
    run.pause(a=Touch.DEEP)
    run.check()


def test_what_was_stored_and_changed_where_it_was_stored_is_found() -> None:
    run = Run(a=[], b=[1])
    run.frame["a"].append([run.frame["b"]])
    run.frame["a"][0][0].append(2)
    run.pause(a=Touch.DEEP, b=Touch.READ)
    run.check()


def test_an_assigned_place_in_a_dict_that_lost_another() -> None:
    run = Run(a={"x": 1})
    run.frame["a"]["n"] = 1
    del run.frame["a"]["x"]
    run.pause((run.frame["a"], "n"), a=Touch.READ)
    run.check()


def test_private_attributes_of_a_model() -> None:
    run = Run(a=Order(number=1))
    run.frame["a"]._seen = [1]
    run.pause(a=Touch.DEEP)
    run.check()


def test_what_is_hashed_is_complete_when_it_is_restored() -> None:
    inner = Point(1, (2, Point("x")))
    run = Run(a=[inner, {inner: frozenset([inner])}], b={inner, (inner, 1)})
    run.check()
    assert inner in run.restored()["b"]
    Run(a=inner, b={inner}).check()


@st.composite
def segments(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Touch], Any]:
    """A frame, how its names were used, and what came from outside before."""
    fixed = st.one_of(atoms(), st.builds(Point, atoms(), atoms()), st.tuples(atoms()))
    values = st.one_of(fixed, st.just("x" * 70), st.lists(fixed, max_size=2))
    names = st.sampled_from("abc")
    touches = st.dictionaries(names, st.sampled_from(Touch), max_size=3)
    return draw(st.dictionaries(names, values, max_size=3)), draw(touches), draw(values)


@given(st.lists(segments(), max_size=6))
def test_what_cannot_change_is_not_looked_at_and_nothing_else_is_recorded(said: list[Any]) -> None:
    quick, thorough = Memory(TYPES), Memory(TYPES)
    quick.record(cannot := {".": ((),)}, ["."], {}, [])
    thorough.record(can := {".": [()]}, ["."], {}, [])  # a list has to be looked at for ever
    for frame, touched, given_ in said:
        live = [".", *(name for name in "abc" if name in frame)]
        one, _ = quick.adopt(given_)
        other, _ = thorough.adopt(given_)
        assert repr(one) == repr(other)
        less = quick.record(cannot | frame, live, touched, [])
        assert repr(less) == repr(thorough.record(can | frame, live, touched, []))


def test_what_was_adopted_shares_nothing_with_the_outside() -> None:
    inner = [1]
    outside = {"x": inner, "y": (inner, Box(inner)), "z": Open.model_validate({"more": inner})}
    memory = Memory(TYPES)
    _, copy = memory.adopt(outside)
    assert_same({"v": outside}, {"v": copy})
    inner.append(2)
    got: Any = copy
    assert got["x"] == [1]
    assert got["y"][0] is got["x"] is got["y"][1].content


def test_a_detached_value_shares_nothing_with_the_run() -> None:
    run = Run(a=[1], b=None)
    args: Any = run.memory.detach(((run.frame["a"], run.frame["a"]), {"k": run.frame["a"]}))
    args[0][0].append(2)
    assert run.frame["a"] == [1]
    assert args[0][0] is args[0][1] is args[1]["k"]
    atoms = (1, "a", "x" * 100, None)
    assert run.memory.detach(atoms) is atoms
    assert run.memory.take() is None


def test_long_text_is_recorded_once() -> None:
    text = "long text " * 20
    run = Run(a=None, b=None)
    encoded, run.frame["a"] = run.memory.adopt(text)
    run.frame["b"] = run.frame["a"]
    assert run.pause() == Delta(new={1: text}, set={"a": encoded, "b": encoded})


def test_what_nothing_refers_to_is_dropped() -> None:
    run = Run(a=None, b=None)
    for number in range(500):
        run.frame["a"] = [[number]]
        run.pause(a=Touch.DEEP)
        assert len(run.image.nodes) < 150
    assert run.image.next == 1001
    run.check()


def test_what_an_event_of_this_transition_refers_to_is_not_dropped() -> None:
    run = Run(a=None, b=None)
    for number in range(500):
        run.frame["a"] = [number]
        argument = run.memory.encode([number])
        run.pause()
        assert run.image.plain(argument) == [number]


def test_what_a_restored_memory_cannot_reach_is_dropped() -> None:
    run = Run(a=[1], b=[2])
    del run.frame["b"]
    run.pause()
    assert set(run.image.nodes) == {1, 2}
    memory, frame = Memory.restore(TYPES, run.image)
    assert memory.record(frame, ["a"], {}, []) == Delta(drop=[2])


def test_errors_keep_what_they_hold() -> None:
    error = Declined(code=3, box=[1])
    error.add_note("noted")
    cause = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad")
    error.__cause__ = cause
    error.__context__ = OSError(2, "gone", "file.txt")
    group = ExceptionGroup("several", [error, StopIteration(4), KeyError("k")])
    run = Run(a=error, b=group)
    run.check()
    restored = run.restored()["a"]
    assert str(restored) == "declined with 3"
    assert str(restored.__cause__) == str(cause)
    assert str(restored.__context__) == "[Errno 2] gone: 'file.txt'"
    run.frame["a"].__context__ = run.frame["b"]
    run.pause(a=Touch.READ)
    run.check()


def test_a_cause_that_cannot_be_recorded_is_left_out() -> None:
    class HttpError(Exception):
        pass

    error = ValueError("bad")
    error.__cause__ = HttpError("no")
    _, copy = Memory(TYPES).adopt(error)
    assert isinstance(copy, ValueError)
    assert copy.__cause__ is None
    assert copy.args == ("bad",)
