"""Law: a memory of old shapes goes on as if the classes had always been the new ones."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from interlock.store.values import Image, Memory, Touch
from store.upcast_kit import NEW, OLD, Graph, Renewed, edit, reached
from store.values_kit import assert_same, fold, from_text


@given(st.data())
def test_a_memory_of_old_shapes_goes_on_as_if_it_had_always_been_new(data: st.DataObject) -> None:
    graph = Graph(data.draw)
    frame: dict[str, Any] = {name: graph.value() for name in "ab"}
    image = Image()
    fold(image, Memory(OLD).record(frame, [*frame], {}, []))
    renew = Renewed()
    expected = {name: renew(value) for name, value in frame.items()}
    for _ in range(data.draw(st.integers(1, 3))):
        memory, variables = Memory.restore(NEW, from_text(image))
        assert_same(expected, variables)
        if data.draw(st.booleans()):
            encoded = memory.encode(variables["a"])  # an event that refers to it, and its delta
            image.apply(memory.take())
            assert_same({"a": variables["a"]}, {"a": from_text(image).decode(NEW, encoded)})
        shared = reached([*variables.values()])
        if data.draw(st.booleans()) and shared:
            edit(data.draw, data.draw(st.sampled_from(shared)))
        if data.draw(st.booleans()):
            variables["c"] = data.draw(st.sampled_from([*shared, 1]))
        deep = dict.fromkeys(variables, Touch.DEEP)
        fold(image, memory.record(variables, [*variables], deep, []))
        expected = variables
