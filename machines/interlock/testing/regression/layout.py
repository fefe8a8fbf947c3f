"""Python text that people like to read."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from interlock.store.values.atom import class_of

_WIDTH = 88

_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


def laid_out(value: Any, indent: int = 0, before: int = 0) -> str:
    """JSON-native data as Python, broken where a line gets too long.

    Args:
        indent: of the line on which it begins.
        before: characters that stand on that line before it.
    """
    flat = _flat(value)
    if indent + before + len(flat) <= _WIDTH or not value or class_of(value) not in (list, dict):
        return flat
    deeper = indent + 4
    pad = " " * deeper
    if class_of(value) is list:
        inside = "".join(f"{pad}{laid_out(one, deeper)},\n" for one in value)
        return f"[\n{inside}{' ' * indent}]"
    inside = ""
    for name, one in value.items():
        key = f"{_text(name)}: "
        inside += f"{pad}{key}{laid_out(one, deeper, len(key))},\n"
    return f"{{\n{inside}{' ' * indent}}}"


def _flat(value: Any) -> str:
    kind = class_of(value)
    if kind is str:
        return _text(value)
    if kind is list:
        return f"[{', '.join(map(_flat, value))}]"
    if kind is dict:
        return f"{{{', '.join(f'{_text(name)}: {_flat(one)}' for name, one in value.items())}}}"
    return repr(value)


def _text(value: str) -> str:
    """With the quotes that formatters like, where that is the same."""
    quoted = json.dumps(value, ensure_ascii=False)
    return quoted if value.isprintable() and "\\" not in quoted else repr(value)


def quoted(value: str) -> str:
    """A text."""
    return _text(value)


def span(time: timedelta) -> str:
    """A duration as people write it: `2 days 1 hour`, `0.25 seconds`."""
    rest, found = time, list[str]()
    for name, seconds in _UNITS:
        unit = timedelta(seconds=seconds)
        count = rest // unit
        if name == "second":
            text = f"{rest / unit:.6f}".rstrip("0").rstrip(".")
            if rest or not found:
                found.append(f"{text} second{'' if text == '1' else 's'}")
        elif count:
            found.append(f"{count} {name}{'' if count == 1 else 's'}")
            rest -= count * unit
    return " ".join(found)
