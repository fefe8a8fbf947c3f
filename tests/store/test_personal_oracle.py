"""Law: personal values come back from a run's memory as plain values do, wherever they stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.store.keystores import MemoryKeys
from interlock.store.values import Personal, Types
from interlock.store.vault import Vault
from store.test_values_oracle import Program
from store.values_kit import all_types, atoms

SECRET = "never to be seen"


def personal_types() -> Types:
    """A registry of all classes of the tests, with keys in memory."""
    types = Types(all_types(), vault=Vault(MemoryKeys()))
    types.collect(Personal[str])
    return types


def _personal(content: object, who: str) -> Personal[object]:
    return Personal(content, subject=who)


class Private(Program):
    """A random program in which many values are personal."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.types = personal_types()
        super().__init__(draw)
        self.errors = True  # pickle, the other oracle, is refused

    def atoms(self) -> st.SearchStrategy[Any]:
        contents: st.SearchStrategy[object] = st.one_of(
            st.just(SECRET), st.text(max_size=3), st.integers(), st.none()
        )
        subjects = st.sampled_from(["c-1", "c-2"])
        values = st.builds(_personal, contents, subjects)
        return st.one_of(values, values, atoms())

    def pause(self) -> None:
        super().pause()
        recorded = msgspec.json.encode([self.image.nodes, self.image.variables])
        assert SECRET.encode() not in recorded


@settings(max_examples=max(20, settings().max_examples // 2))
@given(st.data())
def test_personal_values_come_back_wherever_they_stand(data: st.DataObject) -> None:
    program = Private(data.draw)
    for _ in range(data.draw(st.integers(1, 4))):
        program.segment()
        program.pause()


@settings(max_examples=max(10, settings().max_examples // 4))
@given(st.data())
def test_what_is_forgotten_comes_back_in_its_place(data: st.DataObject) -> None:
    program = Private(data.draw)
    program.segment()
    program.pause()
    vault = program.types.vault
    assert vault is not None
    before = program.image.plain_variables()
    vault.keys.destroy("c-1")
    memory, frame = program.memory.restore(program.types, program.image)
    assert frame.keys() == program.frame.keys()
    again = program.image.copy()
    again.apply(memory.record(frame, sorted(frame), {}, []))
    assert again.plain_variables() == before
