"""The objects that a memory knows: their numbers, what was recorded of them, what changed since."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import chain
from typing import Any
from uuid import UUID

from interlock.store.event import Encoded
from interlock.store.values.atom import LONG, PLAIN, class_of
from interlock.store.values.codec import Codec, Patch
from interlock.store.values.registry import Types

_EXACT_KEYS = frozenset([str, int, UUID, date])
"""Classes of dict keys of which two that are equal are also encoded alike."""


class Entry:
    """A known object: its number, and the state that was recorded last (None: cannot change).

    Attributes:
        keys: of a dict, the one class that all its keys have, if it is one of `_EXACT_KEYS`.
    """

    __slots__ = ("codec", "keys", "number", "obj", "reference", "state")

    def __init__(self, obj: object, number: int, codec: Codec) -> None:
        self.obj = obj
        self.number = number
        self.codec = codec
        self.state: Any = None
        self.keys: type | None = None
        self.reference: Encoded = {"$": number}

    def remember(self, state: Any) -> None:
        """Keep what was recorded just now, to compare with later."""
        if not self.codec.mutable:
            return
        self.state = state
        if type(self.obj) is dict:
            kinds = set(map(type, state))
            only = kinds.pop() if len(kinds) == 1 else None
            self.keys = only if only in _EXACT_KEYS else None

    def has_other_size(self) -> bool:
        """Whether a dict has more or fewer keys than were recorded."""
        obj: Any = self.obj
        return dict in type(obj).__mro__ and len(obj) != len(self.state)

    def parts(self) -> Iterable[object]:
        """The children, as recorded last."""
        return self.codec.parts(self.state if self.codec.mutable else self.obj)


class Heap:
    """Known objects by identity; they are kept alive, so that an `id` means one object.

    Attributes:
        next: the number that the next object gets.
        mutable: whether one of them may be of a kind that can change.
        grown: whether `sweep` may find more of them than last time.
        new: definitions that no event has taken yet.
        patches: changes that no event has taken yet.
    """

    def __init__(self, types: Types, next_number: int = 1) -> None:
        self.types = types
        self.next = next_number
        self.mutable = self.grown = False
        self.new: dict[int, Encoded] = {}
        self.patches: list[Patch] = []
        self._atoms = types.atoms
        self._known: dict[int, Entry] = {}
        self._undefined: list[Entry] = []
        self._live = 0
        self.orphans: list[int] = []

    def know(self, obj: object, number: int) -> None:
        """Take over an object that is recorded already."""
        codec = self.types.codec(type(obj), obj)
        if codec is not None:
            entry = self._know(obj, number, codec)
            entry.remember(codec.state(obj))

    def _know(self, obj: object, number: int, codec: Codec) -> Entry:
        entry = self._known[id(obj)] = Entry(obj, number, codec)
        self.mutable = self.mutable or codec.mutable
        self.grown = True
        return entry

    def redefine(self, obj: object) -> None:
        """Record all of a known object again: it was recorded in another shape than it has now.

        Raises:
            Refused: something in it cannot be recorded.
        """
        entry = self._known.get(id(obj))
        if entry is None:
            return
        state = entry.codec.state(obj)
        try:
            patch: Patch = [entry.number, "is", entry.codec.encode(state, self._child)]
        except BaseException:
            self._forget()
            raise
        self._define()
        self.patches.append(patch)
        entry.remember(state)

    def encode(self, value: object) -> Encoded:
        """Encode a value; unknown objects are numbered and defined. All or nothing.

        Raises:
            Refused: something in it cannot be recorded.
        """
        plain = PLAIN.get(type(value))
        if plain is not None:
            return plain(value)
        encoded = self._child(value)
        if self._undefined:
            self._define()
        return encoded

    def find(self, value: object) -> Entry | None:
        """What is known of an object."""
        return self._known.get(id(value))

    def scan(self, roots: Iterable[object], first: int) -> None:
        """Record what changed inside everything that can be reached from `roots`.

        Both what an object held when it was recorded and what it holds now are followed. Objects
        from number `first` on were recorded just now: they are passed through, not compared.
        """
        waiting = list(roots)
        seen: set[int] = set()
        keep: list[Any] = []  # ids stay valid while the states are alive
        atoms = self._atoms
        while waiting:
            value = waiting.pop()
            if type(value) in atoms or id(value) in seen:
                continue
            seen.add(id(value))
            entry = self._known.get(id(value))
            if entry is None:
                waiting.extend(self._unknown_parts(value, keep))
                continue
            waiting.extend(entry.parts())
            if entry.codec.mutable and entry.number < first:
                before = entry.state
                if self.update(entry):
                    keep.append(before)
                    waiting.extend(entry.parts())

    def _unknown_parts(self, value: object, keep: list[Any]) -> Iterable[object]:
        """The children of an object that only a dead variable holds; it may be anything."""
        codec = self.types.codec_or_none(type(value))
        if codec is None:
            return ()
        state = codec.state(value)
        keep.append((value, state))
        return codec.parts(state)

    def update(self, entry: Entry) -> bool:
        """Record what changed in one object; say whether anything did."""
        codec = entry.codec
        if codec.unchanged(entry.obj, entry.state):
            return False
        state = codec.state(entry.obj)
        try:
            patches = codec.patch(entry.number, entry.state, state, self._child)
        except BaseException:
            self._forget()
            raise
        self._define()
        self.patches.extend(patches)
        entry.remember(state)
        return True

    def append(self, entry: Entry) -> bool:
        """Record what was appended to a list; False when it is not a list that only grew."""
        obj: Any = entry.obj
        kind = class_of(obj)
        if kind is not list or len(obj) < len(entry.state):
            return False
        tail = obj[len(entry.state) :]
        if tail:
            encoded = self._children(tail)
            self.patches.append([entry.number, "append", *encoded])
            entry.state.extend(tail)
        return True

    def assign(self, entry: Entry, key: Any) -> bool:
        """Record `obj[key] = …` alone; False when that is not possible.

        A list may have grown from `key` on; of a set, `key` is an element that was added.
        """
        obj: Any = entry.obj
        kind = class_of(obj)
        if kind is list:
            grown = type(key) is int and len(entry.state) <= key < len(obj)
            return self.append(entry) if grown else self._assign_item(entry, obj, key)
        if kind is set:
            return self._add_element(entry, obj, key)
        return kind is dict and self._assign_key(entry, obj, key)

    def _assign_item(self, entry: Entry, obj: list[object], key: Any) -> bool:
        size = len(obj)
        if type(key) is not int or size != len(entry.state) or not -size <= key < size:
            return False
        index = key % size
        if obj[index] is not entry.state[index]:
            [encoded] = self._children([obj[index]])
            self.patches.append([entry.number, "set", index, encoded])
            entry.state[index] = obj[index]
        return True

    def _add_element(self, entry: Entry, obj: set[Any], element: Any) -> bool:
        if element not in obj or len(entry.state) >= len(obj):
            return False
        [encoded] = self._children([element])
        self.patches.append([entry.number, "add", encoded])
        entry.state.append(element)
        return True

    def _assign_key(self, entry: Entry, obj: dict[Any, object], key: Any) -> bool:
        cls = class_of(key)
        if not entry.state and cls in _EXACT_KEYS:
            entry.keys = cls
        if entry.keys is not cls or key not in obj:
            return False
        value = obj[key]
        if key in entry.state and entry.state[key] is value:
            return True
        name, encoded = self._children([key, value])
        self.patches.append([entry.number, "set", name, encoded])
        entry.state[key] = value
        return True

    def sweep(self, *roots: Iterable[object]) -> list[int]:
        """Forget what cannot be reached from `roots`, when enough has come since the last time."""
        self.grown = False
        if len(self._known) <= 2 * self._live + 64 and not self.orphans:
            return []
        reached = self._mark(chain(*roots))
        gone = [entry for key, entry in self._known.items() if key not in reached]
        for entry in gone:
            del self._known[id(entry.obj)]
        self._live = len(self._known)
        self.mutable = any(entry.codec.mutable for entry in self._known.values())
        dropped = self.orphans + [entry.number for entry in gone]
        self.orphans = []
        return dropped

    def _mark(self, roots: Iterable[object]) -> set[int]:
        reached: set[int] = set()
        waiting = list(roots)
        while waiting:
            value = waiting.pop()
            entry = self._known.get(id(value))
            if entry is not None and id(value) not in reached:
                reached.add(id(value))
                waiting.extend(entry.parts())
        return reached

    def _child(self, value: object) -> Encoded:
        """An atom in place, an object as a reference."""
        cls = type(value)
        atom = self._atoms.get(cls)
        if atom is not None and (
            (cls is not str and cls is not bytes) or len(value) < LONG  # type: ignore[arg-type]  # sized
        ):
            return atom(value)
        entry = self._known.get(id(value))
        if entry is None:
            codec = self.types.codec(cls, value)
            if codec is None:
                return self._atoms[cls](value)
            entry = self._know(value, self.next, codec)
            self.next += 1
            self._undefined.append(entry)
        return entry.reference

    def _children(self, values: list[object]) -> list[Encoded]:
        """Several values at once. All or nothing."""
        try:
            encoded = [self._child(value) for value in values]
        except BaseException:
            self._forget()
            raise
        self._define()
        return encoded

    def _define(self) -> None:
        """Define what was numbered, and what that refers to, and so on."""
        try:
            for entry in self._undefined:  # grows meanwhile
                state = entry.codec.state(entry.obj)
                self.new[entry.number] = entry.codec.encode(state, self._child)
                entry.remember(state)
        except BaseException:
            self._forget()
            raise
        self._undefined.clear()

    def _forget(self) -> None:
        """Undo the numbering of a value that was refused half-way."""
        for entry in self._undefined:
            del self._known[id(entry.obj)]
            self.new.pop(entry.number, None)
            self.next = min(self.next, entry.number)
        self._undefined.clear()
