"""What differs between two plain values, path by path: of a long list only what changed in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from interlock.projections.aligning import stretches
from interlock.store.event import JSON

Path: TypeAlias = "tuple[str | int, ...]"
"""The way to a value: names of fields, and places in lists."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two values.

    Attributes:
        kind: `added` (absent before), `removed` (absent after), else `changed`.
        path: where. Places in lists are those of afterwards; only the last one of what was
            removed is its place before.
        before, after: the values there, None for an absent one.
    """

    kind: Literal["added", "removed", "changed"]
    path: Path
    before: JSON
    after: JSON

    @property
    def where(self) -> str:
        """The path as people write it: `order.lines[2].price`."""
        return written(self.path)


def written(path: Path) -> str:
    """A path as people write it: `order.lines[2].price`, `rates["per day"]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif not text:
            text = part
        else:
            text += f".{part}" if part.isidentifier() else f'["{part}"]'
    return text


def changes(before: JSON, after: JSON) -> tuple[Change, ...]:
    """Every difference between two plain values. `1`, `1.0` and `True` are different."""
    numbered = _Numbers()
    return tuple(_Differ(numbered).between((), before, after))


def apply_changes(before: JSON, made: Iterable[Change]) -> JSON:
    """The value that `changes` made of another; that one is left as it is."""
    tree = _Tree()
    for change in made:
        tree.take(change, change.path)
    return tree.of(before)


class _Numbers:
    """Gives equal values the same number, and others another: comparing is cheap afterwards."""

    def __init__(self) -> None:
        self._known: dict[Any, int] = {}
        self._seen: dict[int, tuple[int, JSON]] = {}  # by identity; the value is kept alive

    def of(self, value: JSON) -> int:
        if not isinstance(value, list | dict):
            return self._number((type(value), repr(value)))
        found = self._seen.get(id(value))
        if found is None:
            if isinstance(value, list):
                parts: Any = (list, *map(self.of, value))
            else:
                parts = (dict, frozenset((name, self.of(one)) for name, one in value.items()))
            found = self._seen[id(value)] = self._number(parts), value
        return found[0]

    def _number(self, parts: Any) -> int:
        return self._known.setdefault(parts, len(self._known))


class _Differ:
    def __init__(self, numbers: _Numbers) -> None:
        self._number = numbers.of

    def between(self, path: Path, before: JSON, after: JSON) -> Iterator[Change]:
        if self._number(before) == self._number(after):
            return
        if isinstance(before, dict) and isinstance(after, dict):
            yield from self._fields(path, before, after)
        elif isinstance(before, list) and isinstance(after, list):
            yield from self._items(path, before, after)
        else:
            yield Change("changed", path, before, after)

    def _fields(
        self, path: Path, before: Mapping[str, JSON], after: Mapping[str, JSON]
    ) -> Iterator[Change]:
        for name, value in before.items():
            if name in after:
                yield from self.between((*path, name), value, after[name])
            else:
                yield Change("removed", (*path, name), value, None)
        for name, value in after.items():
            if name not in before:
                yield Change("added", (*path, name), None, value)

    def _items(self, path: Path, before: list[JSON], after: list[JSON]) -> Iterator[Change]:
        old, new = list(map(self._number, before)), list(map(self._number, after))
        for removed, added in stretches(old, new):
            both = min(len(removed), len(added))
            pairs = len(removed) == len(added) or _kinds(before, after, removed, added)
            alike = both if pairs else 0
            for one, other in zip(removed[:alike], added[:alike], strict=True):
                yield from self.between((*path, other), before[one], after[other])
            for index in removed[alike:]:
                yield Change("removed", (*path, index), before[index], None)
            for index in added[alike:]:
                yield Change("added", (*path, index), None, after[index])


def _kinds(before: list[JSON], after: list[JSON], removed: range, added: range) -> bool:
    """Whether the first of both are containers, so that one may have become the other."""
    one, other = before[removed[0]] if removed else None, after[added[0]] if added else None
    return isinstance(one, dict | list) and type(one) is type(other)


class _Tree:
    """Changes by the first part of their path, to be made in one go."""

    def __init__(self) -> None:
        self.here: Change | None = None
        self._removed: dict[str | int, Change] = {}
        self._below: dict[str | int, _Tree] = {}

    def take(self, change: Change, path: Path) -> None:
        if not path:
            self.here = change
        elif len(path) == 1 and change.kind == "removed":
            self._removed[path[0]] = change
        else:
            self._below.setdefault(path[0], _Tree()).take(change, path[1:])

    def of(self, value: JSON) -> JSON:
        if self.here is not None:
            return self.here.after
        if isinstance(value, dict):
            kept = {name: one for name, one in value.items() if name not in self._removed}
            for name, below in self._below.items():
                kept[str(name)] = below.of(kept.get(str(name)))
            return kept
        if isinstance(value, list):
            return self._list([v for i, v in enumerate(value) if i not in self._removed])
        return value

    def _list(self, items: list[JSON]) -> JSON:
        for place in sorted(part for part in self._below if isinstance(part, int)):
            below = self._below[place]
            if below.here is not None and below.here.kind == "added":
                items.insert(place, below.here.after)
            else:
                items[place] = below.of(items[place])
        return items
