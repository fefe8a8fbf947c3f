"""Law: one container after any changes, recorded after each, is what Python made of it."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from interlock.store.values import Image, Memory, Touch
from store.values_kit import KEYS, Point, all_types, assert_same, fold, from_text

TYPES = all_types()
ALIKE: list[Hashable] = [0, False, -0.0, 1, True, 1.0, "a", "$a", None, 2**70, (1, "x"), (True, "x"), Point(1)]  # fmt: skip  # noqa: E501
Change = tuple[str, Any, Any]


class Recorded:
    """One variable `v`, its memory, and the fold."""

    def __init__(self, value: Any) -> None:
        self.frame = {"v": value}
        self.memory = Memory(TYPES)
        self.image = Image()
        self.pause([])

    def pause(self, writes: list[tuple[object, object]], touch: Touch = Touch.DEEP) -> None:
        fold(self.image, self.memory.record(self.frame, ["v"], {"v": touch}, writes))
        assert_same(self.frame, Memory.restore(TYPES, from_text(self.image))[1])


@given(
    st.dictionaries(st.sampled_from(ALIKE), st.integers()),
    st.lists(
        st.lists(
            st.tuples(
                st.sampled_from(["set", "del", "write", "write", "clear", "again"]),
                st.sampled_from(ALIKE + KEYS),
                st.integers(0, 3) | st.just([1]),
            ),
            max_size=4,
        ),
        max_size=6,
    ),
)
def test_a_dict(value: dict[Any, Any], segments: list[list[Change]]) -> None:
    run = Recorded(value)
    for segment in segments:
        writes: list[tuple[object, object]] = []
        touch = Touch.READ
        for what, key, new in segment:
            if what == "write":
                value[key] = new
                writes.append((value, key))
                continue
            touch = Touch.DEEP
            if what == "clear":
                value.clear()
            elif what == "set":
                value[key] = new
            elif key in value:
                del value[key]
                if what == "again":
                    value[key] = new
        run.pause(writes, touch)


@given(
    st.sets(st.sampled_from([*ALIKE, float("nan"), -float("nan")])),
    st.lists(
        st.lists(st.tuples(st.booleans(), st.sampled_from([*ALIKE, float("nan")])), max_size=5),
        max_size=6,
    ),
)
def test_a_set(value: set[Any], segments: list[list[tuple[bool, Any]]]) -> None:
    run = Recorded(value)
    for segment in segments:
        for add, element in segment:
            if add:
                value.add(element)
            else:
                value.discard(element)
        run.pause([])


@given(
    st.lists(st.sampled_from(ALIKE)),
    st.lists(
        st.lists(
            st.tuples(
                st.sampled_from(["append", "write", "slice", "pop", "insert", "reverse"]),
                st.integers(-4, 4),
                st.sampled_from(ALIKE),
            ),
            max_size=4,
        ),
        max_size=6,
    ),
)
def test_a_list(value: list[Any], segments: list[list[Change]]) -> None:
    run = Recorded(value)
    for segment in segments:
        writes: list[tuple[object, object]] = []
        touch = Touch.READ
        for what, index, new in segment:
            if what == "append":
                value.append(new)
                touch = max(touch, Touch.APPEND)
            elif what == "write" and -len(value) <= index < len(value):
                value[index] = new
                writes.append((value, index))
            elif what == "slice":
                value[index:] = [new, new]
                writes.append((value, slice(index, None)))
            else:
                touch = Touch.DEEP
                _change(value, what, index, new)
        run.pause(writes, touch)


def _change(value: list[Any], what: str, index: int, new: Any) -> None:
    if what == "pop" and -len(value) <= index < len(value):
        value.pop(index)
    elif what == "insert":
        value.insert(index, new)
    elif what == "reverse":
        value.reverse()
