"""Recorded values as Python text."""

from __future__ import annotations

import builtins
from dataclasses import dataclass, field
from typing import Any

from interlock.engine.programs import program_of
from interlock.store.errors import Unrecordable
from interlock.store.event import Encoded
from interlock.store.failure import Failure
from interlock.store.values import Image, decode_whole, encode_whole
from interlock.store.values.atom import class_of
from interlock.testing.regression.layout import laid_out, quoted

_INDENT, _BEFORE = 8, 40
"""Of the lines that values stand on, about."""


@dataclass
class Literals:
    """Writes values of one machine.

    Attributes:
        kind: the workflow or lifecycle.
        name: of it, in the text.
        used: the functions of `interlock.testing` that the text needs.
    """

    kind: Any
    name: str
    used: set[str] = field(default_factory=set[str])

    def of(self, encoded: Encoded, image: Image | None = None) -> str:
        """A value; `image` knows the objects that it refers to."""
        types = program_of(self.kind).types
        value = decode_whole(types, encoded) if image is None else image.decode(types, encoded)
        return self._text(encode_whole(types, value))

    def error(self, failure: Failure, image: Image) -> str:
        """An exception."""
        types = program_of(self.kind).types
        try:
            error = image.decode(types, failure.value)
        except Exception:  # its class is gone
            error = None
        same = isinstance(error, BaseException) and type(error).__name__ == failure.type
        if same and not hasattr(builtins, failure.type):
            try:
                return self._text(encode_whole(types, error))
            except Unrecordable:
                pass
        self.used.add("recorded_error")
        return f"recorded_error({quoted(failure.type)}, {quoted(failure.message)})"

    def _text(self, encoded: Any) -> str:
        if _is_plain(encoded):
            return laid_out(encoded, _INDENT, _BEFORE)
        self.used.add("recorded")
        return f"recorded({self.name}, {laid_out(encoded, _INDENT, _BEFORE)})"


def _is_plain(encoded: Any) -> bool:
    """Whether it is its own encoding, and would be read as the value by everybody."""
    kind = class_of(encoded)
    if kind is list:
        return all(_is_plain(one) for one in encoded)
    if kind is dict:
        return "$" not in encoded and all(_is_plain(one) for one in encoded.values())
    return True
