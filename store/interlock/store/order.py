"""The natural order of run ids: `order-2` comes before `order-10`."""

from __future__ import annotations

import re
from functools import lru_cache

_RUNS = re.compile(
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|([0-9]+)"
)


def _padded(found: re.Match[str]) -> str:
    digits = found[1]
    if digits is None:  # a UUID: its own order is that of time
        return found[0]
    digits = digits.lstrip("0")
    return chr(0x30 + min(len(digits), 0x4A)) + digits


@lru_cache(maxsize=4096)  # a run in flight is asked for at each of its commits
def sort_key(run: str) -> str:
    """A text whose plain order is the natural order of ids.

    Each number is preceded by how many digits it has (one character from "0", up to 74 digits),
    which costs one character where padding would cost twenty. Different ids may share a key
    (`a-1`, `a-01`): order by `(sort_key(run), run)`.
    """
    return _RUNS.sub(_padded, run)
