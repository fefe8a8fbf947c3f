"""Law: whatever a program does, what comes back is what pickling its frame would bring back."""

from __future__ import annotations

import contextlib
import pickle
from collections import deque
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from interlock.store.values import Image, Memory, Touch
from interlock.store.values.atom import class_of
from store.values_kit import (
    KEYS,
    Box,
    Declined,
    Missing,
    Open,
    Order,
    Pair,
    Point,
    Slotted,
    all_types,
    assert_same,
    atoms,
    fold,
    from_text,
)

NAMES = ["a", "b", "c", "d", "e"]
TYPES = all_types()


class Program:
    """A random program: it changes the variables of `frame` and says what it touched."""

    types = TYPES

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw
        self.frame: dict[str, Any] = {}
        self.memory = Memory(self.types)
        self.image = Image()
        self.errors = draw(st.booleans())  # pickle itself keeps neither their causes nor contexts
        self.begin()

    def begin(self) -> None:
        self.touched: dict[str, Touch] = {}
        self.stored: set[str] = set()
        self.writes: list[tuple[object, object]] = []

    def touch(self, name: str, how: Touch) -> None:
        self.touched[name] = max(how, self.touched.get(name, Touch.READ))

    def name(self) -> str | None:
        return self.draw(st.sampled_from(sorted(self.frame))) if self.frame else None

    def atoms(self) -> st.SearchStrategy[Any]:
        """What variables hold that holds nothing itself."""
        return atoms()

    def value(self) -> Any:
        """An atom, or what some variable refers to, which is then stored somewhere."""
        name = self.name() if self.draw(st.booleans()) else None
        if name is None:
            return self.draw(self.atoms())
        self.touch(name, Touch.READ)
        self.stored.add(name)
        return self.frame[name]

    def inside(self, value: Any) -> Any:
        """The value, or something in it."""
        for _ in range(self.draw(st.integers(0, 2))):
            children = _children(value)
            if not children:
                break
            value = self.draw(st.sampled_from(children))
        return value

    # The operations.

    def assign(self) -> None:
        target = self.draw(st.sampled_from(NAMES))
        makers: list[Callable[[], Any]] = [
            self.value,
            lambda: [self.value(), self.value()],
            lambda: {self.draw(st.sampled_from(KEYS)): self.value() for _ in range(3)},
            lambda: (self.value(), self.value()),
            lambda: {1, "a", (2, "b")},
            lambda: frozenset([1, Point("p")]),
            lambda: deque([self.value()], self.draw(st.sampled_from([None, 2]))),
            lambda: bytearray(b"abc"),
            lambda: Box(self.value(), {"n": self.value()}),
            lambda: Slotted(self.value()),
            lambda: Point(self.value(), [self.value()]),
            lambda: Pair(self.value(), [1]),
            lambda: Order(number=1, lines=[self.value()]),
            lambda: Open.model_validate({"name": "n", "more": [1]}),
            lambda: "long " * 20,
        ]
        errors = [
            lambda: Declined(code=3, box=self.value()),
            lambda: Missing(self.value()),
            lambda: FileNotFoundError(2, "gone", "file"),
            lambda: ExceptionGroup("group", [Missing(self.value()), ValueError(1)]),
        ]
        makers += errors if self.errors else []
        self.frame[target] = self.draw(st.sampled_from(makers))()
        self.touch(target, Touch.DEEP)

    def adopt(self) -> None:
        shared = [1]
        outside = self.draw(
            st.sampled_from(
                [
                    {"x": shared, "y": [shared, (shared,)]},
                    Box(shared, {"k": shared}),
                    [Order(number=2, lines=[shared]), {Point(1): shared}],
                ]
            )
        )
        target = self.draw(st.sampled_from(NAMES))
        _, self.frame[target] = self.memory.adopt(outside)
        self.touch(target, Touch.READ)
        if self.draw(st.booleans()):
            delta = self.memory.take()
            if delta is not None:
                fold(self.image, delta)

    def unbind(self) -> None:
        name = self.name()
        if name is not None:
            del self.frame[name]

    def grow(self) -> None:
        name = self.name()
        if name is not None and _is(self.frame[name], list):
            self.touch(name, Touch.APPEND)
            self.frame[name].append(self.value())

    def write(self) -> None:
        name = self.name()
        if name is None:
            return
        container: Any = self.frame[name]
        self.touch(name, Touch.READ)
        kind = class_of(container)
        if kind is list and container:
            key: Any = self.draw(st.integers(-len(container), len(container) - 1))
        elif kind is dict:
            key = self.draw(st.sampled_from(KEYS))
        else:
            return
        container[key] = self.value()
        self.writes.append((container, key))

    def change(self) -> None:
        name = self.name()
        if name is None:
            return
        self.touch(name, Touch.DEEP)
        target = self.inside(self.frame[name])
        changes = _CHANGES.get(class_of(target), [])
        if changes:
            with contextlib.suppress(LookupError, StopIteration, AttributeError):
                self.draw(st.sampled_from(changes))(target, self)

    def take_out(self) -> None:
        """`t = name.pop(); t.append(1)`, with `t` kept elsewhere or forgotten."""
        name = self.name()
        if name is None or not _is(self.frame[name], list) or not self.frame[name]:
            return
        self.touch(name, Touch.DEEP)
        taken = self.frame[name].pop()
        for change in _CHANGES.get(class_of(taken), [])[:1]:  # one that never fails
            change(taken, self)
        other = self.name()
        if other is not None and _is(self.frame[other], dict):
            self.touch(other, Touch.READ)
            self.frame[other]["taken"] = taken
            self.writes.append((self.frame[other], "taken"))

    def segment(self) -> None:
        self.begin()
        operations = [
            self.assign, self.assign, self.adopt, self.unbind, self.grow, self.write,
            self.change, self.change, self.change, self.take_out,
        ]  # fmt: skip
        for _ in range(self.draw(st.integers(0, 6))):
            self.draw(st.sampled_from(operations))()
        if Touch.DEEP in self.touched.values():
            for name in self.stored:  # it may have been changed where it was stored
                self.touch(name, Touch.DEEP)

    def pause(self) -> None:
        """An await: record, fold, restore and compare; go on with either."""
        live = [name for name in sorted(self.frame) if self.draw(st.integers(0, 9))]
        fold(self.image, self.memory.record(self.frame, live, self.touched, self.writes))
        self.frame = {name: self.frame[name] for name in live}
        memory, frame = Memory.restore(self.types, from_text(self.image))
        assert_same(self.frame, frame)
        if not self.errors:
            assert_same(pickle.loads(pickle.dumps(self.frame)), frame)
        if self.draw(st.booleans()):
            self.memory, self.frame = memory, frame


def _is(value: Any, kind: type) -> bool:
    return type(value) is kind


def _children(value: Any) -> list[Any]:
    kinds = set(type(value).__mro__)
    if dict in kinds:
        return [*value.values()]
    if kinds & {list, tuple, deque}:
        return [*value]
    if isinstance(value, BaseException):
        return [*value.args]
    fields = getattr(value, "__dict__", None) or getattr(value, "__dataclass_fields__", {})
    return [getattr(value, name) for name in fields if hasattr(value, name)]


def _readd(target: dict[Any, Any], _: Program) -> None:
    key = next(iter(target))
    target[key] = target.pop(key)


def _swap_keys(target: dict[Any, Any], _: Program) -> None:
    for key, twin in ((1, True), (True, 1), (1, 1.0)):
        if key in target:
            target[twin] = target.pop(key)


def _context(target: BaseException, program: Program) -> None:
    target.__context__ = ValueError([program.value()])
    target.add_note("noted")


_CHANGES: dict[type, list[Callable[[Any, Program], Any]]] = {
    list: [
        lambda x, p: x.append(p.value()),
        lambda x, p: x.insert(0, p.value()),
        lambda x, p: x.pop(0),
        lambda x, p: x.pop(len(x) // 2),
        lambda x, p: x.reverse(),
        lambda x, p: x.clear(),
        lambda x, p: x.append(x),
        lambda x, p: x.extend(x[:2]),
        lambda x, p: x.__setitem__(0, [p.value()]),
    ],
    dict: [
        lambda x, p: x.__setitem__(p.draw(st.sampled_from(KEYS)), p.value()),
        lambda x, p: x.pop(next(iter(x), None)),
        _readd,
        _swap_keys,
        lambda x, p: x.clear(),
        lambda x, p: x.update({1: [p.value()], "self": x}),
    ],
    set: [
        lambda x, p: x.add(p.draw(st.integers(0, 5))),
        lambda x, p: x.discard(1),
        lambda x, p: (x.discard(1), x.add(True)),
        lambda x, p: x.add(Point(1, (2, "b"))),
        lambda x, p: x.clear(),
    ],
    deque: [lambda x, p: x.append(p.value()), lambda x, p: x.clear()],
    bytearray: [lambda x, p: x.extend(b"d"), lambda x, p: x.clear()],
    Box: [
        lambda x, p: setattr(x, "content", p.value()),
        lambda x, p: delattr(x, "content"),
        lambda x, p: setattr(x, "added", [p.value()]),
        lambda x, p: x.notes.update(k=x),
    ],
    Slotted: [lambda x, p: setattr(x, "right", p.value()), lambda x, p: delattr(x, "left")],
    Order: [
        lambda x, p: setattr(x, "lines", [p.value()]),
        lambda x, p: setattr(x, "status", p.value()),
        lambda x, p: x._seen.append(p.value()),
    ],
    Open: [lambda x, p: x.more.append(p.value())],
    Declined: [lambda x, p: setattr(x, "code", p.value()), _context],
    Missing: [_context, lambda x, p: setattr(x, "args", (p.value(), 1))],
}


@given(st.data())
def test_restored_is_what_pickle_restores(data: st.DataObject) -> None:
    program = Program(data.draw)
    for _ in range(data.draw(st.integers(1, 5))):
        program.segment()
        program.pause()
