"""A digest of a value that is the same for equal values: to compare the inputs of a run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from interlock.store.event import Encoded
from interlock.store.values.atom import DECODERS, class_of
from interlock.store.values.codec import Codecs
from interlock.store.values.whole import encode_whole

_PLAIN = frozenset((bool, int, str, type(None)))
_SORTED = msgspec.json.Encoder(order="sorted")


def digest(types: Codecs, value: object) -> str:
    """SHA-256 of the value's canonical form, in hex. Values of different classes differ.

    Raises:
        Unrecordable: it contains itself, or something that cannot be recorded.
    """
    return hashlib.sha256(canonical(encode_whole(types, value), {})).hexdigest()


def digest_named(types: Codecs, named: Mapping[str, object]) -> str:
    """The digest of a dict whose keys are names of variables, at once where its values are plain.

    Raises:
        Unrecordable: as `digest` does.
    """
    pairs: list[tuple[str, Encoded]] = []
    for name in sorted(named):  # as their JSON is sorted: each of its characters follows the quote
        value = named[name]
        cls = class_of(value)
        encoded = types.atoms[cls](value) if cls in _PLAIN else None
        if encoded is not value:
            return digest(types, dict(named))
        pairs.append((name, encoded))
    return hashlib.sha256(_SORTED.encode({"$": "dict", "v": pairs})).hexdigest()


def canonical(encoded: Encoded, nodes: Mapping[int, Encoded]) -> bytes:
    """JSON that is the same for equal values.

    The order of dict keys and set elements, the sharing of objects, trailing zeros of decimals, the
    zone in which an instant is written and which fields of a model were set do not count.
    """
    return _SORTED.encode(_Canonical(nodes).form(encoded))


class _Canonical:
    """Resolves references; an object inside itself is written as its distance outwards."""

    def __init__(self, nodes: Mapping[int, Encoded]) -> None:
        self._nodes = nodes
        self._open: list[int] = []

    def form(self, encoded: Encoded) -> Any:
        """The canonical form of one value."""
        if type(encoded) is list:
            return [self.form(x) for x in encoded]
        if type(encoded) is float:
            return encoded + 0.0  # -0.0 equals 0.0
        if type(encoded) is not dict:
            return encoded
        tag: Any = encoded.get("$")
        if type(tag) is int:
            return self._object(tag)
        if tag is None:
            return {"$": "dict", "v": self._pairs([[k, v] for k, v in encoded.items()])}
        if tag in DECODERS or tag == "enum":
            return _atom(encoded)
        return self._tagged(tag, encoded)

    def _object(self, number: int) -> Any:
        if number in self._open:
            return {"$": "outer", "v": len(self._open) - self._open.index(number)}
        self._open.append(number)
        form = self.form(self._nodes[number])
        self._open.pop()
        return form

    def _pairs(self, pairs: list[list[Encoded]]) -> list[Any]:
        forms = [[self.form(key), self.form(value)] for key, value in pairs]
        return sorted(forms, key=lambda pair: _SORTED.encode(pair[0]))

    def _tagged(self, tag: str, encoded: dict[str, Any]) -> Any:
        if tag == "dict":
            return {"$": "dict", "v": self._pairs(encoded["v"])}
        if tag in ("set", "frozenset"):
            forms = [self.form(x) for x in encoded["v"]]
            return {"$": tag, "v": sorted(forms, key=_SORTED.encode)}
        form: dict[str, Any] = {}
        for part, content in encoded.items():
            if part in ("v", "extra", "private", "a", "n") and tag in ("object", "error"):
                form[part] = self._named(content)
            elif part != "set":
                form[part] = self.form(content)
        return form

    def _named(self, content: Any) -> Any:
        """The attributes of an object, or the arguments of an error."""
        kind = class_of(content)
        if kind is list:
            return self.form(content)
        return {name: self.form(x) for name, x in content.items()}


def _atom(encoded: dict[str, Any]) -> Any:
    tag = encoded["$"]
    if tag == "decimal":
        value = Decimal(encoded["v"])
        if value.is_finite():
            sign, digits, exponent = value.as_tuple()
            while len(digits) > 1 and digits[-1] == 0:
                digits, exponent = digits[:-1], int(exponent) + 1
            zero = not any(digits)
            return {"$": tag, "v": [0] if zero else [sign, list(digits), exponent]}
    if tag == "datetime":
        instant = DECODERS[tag](encoded)
        if isinstance(instant, datetime) and instant.tzinfo is not None:
            return {"$": tag, "v": instant.astimezone(UTC).isoformat()}
    return encoded
