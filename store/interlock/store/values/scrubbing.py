"""Exceptions without what was revealed in the code that raised them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from interlock.store.event import Encoded
from interlock.store.values.atom import class_of
from interlock.store.values.codec import Codecs
from interlock.store.values.reveals import revealed_in, without
from interlock.store.values.whole import decode_whole, encode_whole


def scrubbed(types: Codecs, error: BaseException) -> BaseException:
    """An exception whose texts hold nothing of what was revealed; itself if they hold none.

    Raises:
        Unrecordable: it holds something that cannot be recorded.
    """
    revealed = revealed_in(error)
    if not revealed:
        return error
    before = encode_whole(types, error)
    after = _scrub(before, revealed)
    if after == before:
        return error
    made = decode_whole(types, after)
    assert isinstance(made, BaseException)  # an exception was encoded
    return made.with_traceback(error.__traceback__)


def _scrub(encoded: Encoded, revealed: Sequence[str]) -> Encoded:
    kind = class_of(encoded)
    if kind is str:
        return without(str(encoded), revealed)
    if kind is list:
        items: Any = encoded
        return [_scrub(one, revealed) for one in items]
    if kind is not dict:
        return encoded
    node: Any = encoded
    if "$" not in node:
        return {without(name, revealed): _scrub(one, revealed) for name, one in node.items()}
    if node["$"] == "personal":
        return encoded
    return {
        part: one if part in ("$", "t") else _scrub(one, revealed) for part, one in node.items()
    }
