"""Finding where a value is: `order.lines[2].client`. Only done when it is refused."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from interlock.store.values.codec import Codecs
from interlock.store.values.refusal import Refused


def path_to(types: Codecs, culprit: object, roots: Mapping[str, object]) -> str:
    """The shortest way from one of the named values to `culprit`, "" when there is none."""
    waiting = deque(roots.items())
    seen: set[int] = set()
    keep: list[object] = []  # ids stay valid while the states are alive
    while waiting:
        path, value = waiting.popleft()
        if value is culprit:
            return path
        if id(value) in seen or type(value) in types.atoms:
            continue
        seen.add(id(value))
        try:
            codec = types.codec(type(value), value)
            if codec is None:
                continue
            state = codec.state(value)
        except Refused:
            continue
        keep.append(state)
        waiting.extend((path + label, child) for label, child in codec.labels(state))
    return ""
