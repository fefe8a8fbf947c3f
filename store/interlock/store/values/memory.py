"""The live side of a run's memory: which values its variables hold, and what a segment changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from interlock.store.event import Delta, Encoded
from interlock.store.values.atom import PLAIN
from interlock.store.values.build import Decoder
from interlock.store.values.heap import Heap
from interlock.store.values.image import Image
from interlock.store.values.path import path_to
from interlock.store.values.refusal import Refused, unrecordable
from interlock.store.values.registry import Types
from interlock.store.values.touch import Touch, Writes
from interlock.store.values.whole import detached

_MISSING: Any = object()
_READ = Touch.READ


class Memory:
    """The memory of one active run.

    It promises what pickling the whole frame at every await would give: the same values, classes
    and identities after a restart. Its cost follows what a segment touched.

    Attributes:
        variables: as they were recorded last; only `record` changes them.
    """

    def __init__(self, types: Types) -> None:
        self._types = types
        self._heap = Heap(types)
        self.variables: dict[str, Any] = {}
        self._held: list[object] = []  # encoded since the last record: events refer to them
        self._adopted: list[object] = []

    @property
    def types(self) -> Types:
        """The classes of its values."""
        return self._types

    def adopt(self, value: object, path: str = "") -> tuple[Encoded, object]:
        """Take over a value from outside: its encoding, and the copy that the run may change.

        Raises:
            Unrecordable: something in it cannot be recorded; nothing of it was taken over.
        """
        plain = PLAIN.get(type(value))
        if plain is not None:
            return plain(value), value
        if type(value) in self._types.atoms:
            return self.encode(value, path), value
        copy = detached(self._types, value, path)
        encoded = self.encode(copy, path)
        self._adopted.append(copy)
        return encoded, copy

    def encode(self, value: object, path: str = "") -> Encoded:
        """Encode a value: known objects become references, others are defined with the next event.

        Raises:
            Unrecordable: something in it cannot be recorded; nothing of it was taken over.
        """
        plain = PLAIN.get(type(value))
        if plain is not None:
            return plain(value)
        try:
            encoded = self._heap.encode(value)
        except Refused as refused:
            raise self._unrecordable(refused, {path: value}) from None
        if type(encoded) is dict:
            self._held.append(value)
        return encoded

    def detach(self, value: object) -> object:
        """A deep copy for a step: it shares no object with the run that could be changed.

        Raises:
            Unrecordable: something in it cannot be recorded.
        """
        return detached(self._types, value)

    def take(self) -> Delta | None:
        """What the event that is about to be appended has to define, or None."""
        heap = self._heap
        if not heap.new and not heap.patches:
            return None
        delta = Delta(new=heap.new, patch=heap.patches)
        heap.new, heap.patches = {}, []
        return delta

    def record(
        self,
        frame: Mapping[str, object],
        live: Sequence[str],
        touched: Mapping[str, Touch],
        writes: Writes,
    ) -> Delta:
        """What a segment changed, with the definitions that are still pending.

        Args:
            frame: the locals that are live or touched, as far as they are bound.
            live: the names to be recorded.
            touched: how the segment used the names that it mentions.
            writes: the places inside containers that it assigned.

        Raises:
            Unrecordable: a live variable holds something that cannot be recorded.
        """
        heap = self._heap
        first = heap.next
        try:
            changed, bound = self._assign_variables(frame, live)
            if heap.mutable:
                self._note_changes(frame, touched, writes, first)
        except Refused as refused:
            raise self._unrecordable(refused, _bound(frame, live)) from None
        self._adopted.clear()
        return self._close(changed, frame, live if bound else [n for n in live if n in frame])

    @classmethod
    def restore(cls, types: Types, image: Image) -> tuple[Memory, dict[str, object]]:
        """The memory and the variables that were recorded.

        Raises:
            UnknownType: a class of a recorded value is not registered.
        """
        decoder = Decoder(types, image.nodes)
        variables = {name: decoder.child(e) for name, e in image.variables.items()}
        decoder.finish()
        memory = cls(types)
        memory.variables = variables.copy()
        heap = memory._heap
        heap.next = image.next
        for number, obj in decoder.numbered():
            heap.know(obj, number)
        heap.orphans = [number for number in image.nodes if number not in decoder.made]
        heap.grown = True
        if types.evolves:
            memory._bring_up(image, dict(decoder.numbered()))
        return memory, variables

    @classmethod
    def anew(cls, types: Types, image: Image) -> Memory:
        """A memory that knows nothing of what was recorded, so that it records everything again."""
        memory = cls(types)
        memory._heap.next = image.next
        return memory

    def _bring_up(self, image: Image, objects: Mapping[int, object]) -> None:
        """Define again what was recorded in an older shape, before anything patches that."""
        try:
            for number, obj in objects.items():
                if not self._types.is_present(image.nodes[number]):
                    self._heap.redefine(obj)
        except Refused as refused:
            raise self._unrecordable(refused, self.variables) from None

    def _assign_variables(
        self, frame: Mapping[str, object], live: Sequence[str]
    ) -> tuple[dict[str, Encoded], bool]:
        """Encode the variables that hold another value than before; whether all are bound."""
        before = self.variables
        encode = self._heap.encode
        changed: dict[str, Encoded] = {}
        bound = True
        for name in live:
            value = frame.get(name, _MISSING)
            if value is before.get(name, _MISSING):
                bound = bound and value is not _MISSING
            elif value is _MISSING:
                bound = False
            else:
                plain = PLAIN.get(type(value))
                changed[name] = encode(value) if plain is None else plain(value)
        return changed, bound

    def _note_changes(
        self,
        frame: Mapping[str, object],
        touched: Mapping[str, Touch],
        writes: Writes,
        first: int,
    ) -> None:
        """Record what changed inside the objects from before."""
        deep = self._note_places(writes, first) if writes else []
        deep += self._note_touches(frame, touched, first)
        if deep:
            self._heap.scan(deep, first)

    def _note_places(self, writes: Writes, first: int) -> list[object]:
        """Record assigned places; give the containers that have to be scanned instead."""
        heap = self._heap
        deep: list[object] = []
        for container, key in writes:
            entry = heap.find(container)
            if entry is None or entry.number >= first:
                continue
            if not heap.assign(entry, key):
                deep.append(container)
        for container, _ in writes:
            entry = heap.find(container)
            if entry is not None and entry.has_other_size():
                deep.append(container)
        return deep

    def _note_touches(
        self, frame: Mapping[str, object], touched: Mapping[str, Touch], first: int
    ) -> list[object]:
        """Record what lists grew by; give what has to be scanned, the adopted first."""
        deep = [*self._adopted]
        variables, quiet = self.variables, self._types.quiet
        for name, touch in touched.items():
            now, before = frame.get(name), variables.get(name)
            if touch is _READ and type(now) in quiet and type(before) in quiet:
                continue
            held = (now,) if now is before else (now, before)
            deep += [value for value in held if self._has_to_be_scanned(value, touch, first)]
        return deep

    def _has_to_be_scanned(self, value: object, touch: Touch, first: int) -> bool:
        if type(value) in self._types.atoms:
            return False
        if touch is _READ:
            return self._types.reads_run_code(type(value))
        return touch is Touch.DEEP or not self._note_growth(value, first)

    def _note_growth(self, value: object, first: int) -> bool:
        entry = self._heap.find(value)
        if entry is None:
            return type(value) is list
        return entry.number >= first or self._heap.append(entry)

    def _close(
        self, changed: dict[str, Encoded], frame: Mapping[str, object], live: Sequence[str]
    ) -> Delta:
        """Take over the new frame, forget what nothing refers to, and make the delta."""
        before, heap = self.variables, self._heap
        for name in changed:
            before[name] = frame[name]
        unset: list[str] = []
        if len(before) != len(live):  # there are some that are not live
            unset = [name for name in before if name not in live]
            for name in unset:
                del before[name]
        drop = heap.sweep(before.values(), self._held) if heap.grown else []
        self._held.clear()
        delta = Delta(heap.new, heap.patches, changed, unset, drop)
        heap.new, heap.patches = {}, []
        return delta

    def _unrecordable(self, refused: Refused, roots: dict[str, object]) -> Exception:
        return unrecordable(refused, path_to(self._types, refused.value, roots))


def _bound(frame: Mapping[str, object], live: Sequence[str]) -> dict[str, object]:
    return {name: frame[name] for name in live if name in frame}
