"""What a compiled segment says about the names it mentions: `Touch`, and the places it assigned."""

from __future__ import annotations

from enum import IntEnum
from typing import TypeAlias


class Touch(IntEnum):
    """How a segment used what a name refers to.

    Attributes:
        READ: attributes were read, nothing was changed through this name.
        APPEND: `name.append(x)` or `name.extend(xs)`, and reading, but no other change.
        DEEP: anything else: whatever can be reached from it may have changed.
    """

    READ = 1
    APPEND = 2
    DEEP = 3


Writes: TypeAlias = list[tuple[object, object]]
"""Container and key of every `container[key] = value` that the segment executed, in order.

Also a list and the index from which on it has grown, and a set and an element that was added.
"""
