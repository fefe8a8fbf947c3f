"""What changed inside a list, dict or set, as the shortest patch that is cheap to find."""

from __future__ import annotations

from collections.abc import Callable
from operator import is_
from typing import Any

from interlock.store.values.codec import Encode, Patch


def list_patch(number: int, old: list[object], new: list[object], child: Encode) -> list[Patch]:
    """Keep the common beginning and end, replace what lies between."""
    start = _common(old, new)
    if start == len(old):
        return [[number, "append", *map(child, new[start:])]]
    end = _common(old[start:][::-1], new[start:][::-1])
    added = map(child, new[start : len(new) - end])
    if not start and not end:
        return [[number, "is", [*added]]]
    return [[number, "splice", start, len(old) - end - start, *added]]


def _common(left: list[object], right: list[object]) -> int:
    """Length of the common beginning, by identity."""
    count = 0
    for equal in map(is_, left, right):
        if not equal:
            return count
        count += 1
    return count


def dict_patch(
    number: int, old: dict[Any, object], new: dict[Any, object], child: Encode
) -> list[Patch]:
    """Delete and set keys; the order of the keys comes out exactly as in `new`."""
    kept = _kept(old, new)
    gone = [child(key) for key in old if key not in kept]
    patches: list[Patch] = [[number, "del", *gone]] if gone else []
    for index, (key, value) in enumerate(new.items()):
        if index >= len(kept) or value is not old[key]:
            patches.append([number, "set", child(key), child(value)])
    return patches


def _kept(old: dict[Any, object], new: dict[Any, object]) -> set[Any]:
    """The keys that were never deleted: the longest beginning of `new` in the order of `old`."""
    kept: set[Any] = set()
    rest = iter(old)
    for key in new:
        if key not in old or not any(_same_key(key, before) for before in rest):
            break
        kept.add(key)
    return kept


def _same_key(key: object, before: object) -> bool:
    """Whether it is the same key and not only an equal one: `1` and `True` are equal."""
    return key is before or (type(key) is str and type(before) is str and key == before)


def set_patch(
    number: int,
    old: list[object],
    new: list[object],
    child: Encode,
    order: Callable[[list[object]], list[object]],
) -> list[Patch]:
    """Discard and add elements, by identity."""
    before = {id(element) for element in old}
    after = {id(element) for element in new}
    gone = order([element for element in old if id(element) not in after])
    added = order([element for element in new if id(element) not in before])
    patches: list[Patch] = []
    if gone:
        patches.append([number, "discard", *map(child, gone)])
    if added:
        patches.append([number, "add", *map(child, added)])
    return patches
