"""How names of a machine are spelled in SCXML: identifiers, events, delays, lists."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote, unquote

from interlock.machines.errors import BadDefinition
from interlock.machines.interchange.leftover import Unconvertible

SCXML = "http://www.w3.org/2005/07/scxml"
"""The namespace of the recommendation."""

OURS = "urn:interlock:scxml:1"
"""The namespace of what only a machine of Interlock has; others pass over it."""

_PLATFORM = re.compile(r"(error|done\.state|done\.invoke)(\..*)?")
_WORD = re.compile(r"[^\W\d]([\w.-]*[\w-])?")  # an event that ends with a dot means others
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_UNITS = {"ms": "ms", "s": "second", "m": "minute", "h": "hour", "d": "day"}
_DELAY = re.compile(r"\+?(\d*(?:\.\d+)?)(ms|s|m|h|d)")
_ONE = re.compile(r"(\d+) (ms|second|minute|hour|day)s?")


class Words:
    """Gives each name a word of its own.

    Args:
        prefixes: no word may be the beginning of another up to a dot, as events that SCXML
            would take for one another.
    """

    def __init__(self, *, prefixes: bool = False) -> None:
        self._prefixes = prefixes
        self._words: dict[str, str] = {}
        self._taken: set[str] = set()

    def add_all(self, names: Iterable[str]) -> None:
        """Give the names that are words already to themselves, then words to the others."""
        several = list(dict.fromkeys(names))
        for name in sorted(several, key=len, reverse=True):
            if _WORD.fullmatch(name) and not self._clashes(name):
                self._take(name, name)
        for name in several:
            self.add(name)

    def add(self, name: str, wish: str = "") -> str:
        """The word of a name; the same every time."""
        if name in self._words:
            return self._words[name]
        plain = re.sub(r"[^\w.-]|\.$", "_", (wish or name).replace("/", "."))
        first = plain if _WORD.fullmatch(plain) else f"_{plain}"
        word, number = first, 1
        head, dot, rest = first.partition(".")
        while self._clashes(word):
            number += 1  # before the first dot, where it ends any clash of prefixes
            word = f"{head}_{number}{dot}{rest}"
        return self._take(name, word)

    def __getitem__(self, name: str) -> str:
        return self._words[name]

    def _take(self, name: str, word: str) -> str:
        self._words[name] = word
        self._taken.add(word)
        return word

    def _clashes(self, word: str) -> bool:
        if not self._prefixes:
            return word in self._taken
        own = word == "done" or is_platform(word)
        return own or any(covers(word, w) or covers(w, word) for w in self._taken)


def covers(descriptor: str, event: str) -> bool:
    """Whether an event descriptor of SCXML means an event."""
    return event == descriptor or event.startswith(f"{descriptor}.")


def is_platform(event: str) -> bool:
    """Whether the platform of SCXML itself sends events of this name."""
    return _PLATFORM.fullmatch(event) is not None


def to_delay(words: str, seconds: float) -> str:
    """A delay for SCXML, such as `48h`, from its words and its length."""
    one = _ONE.fullmatch(words)
    if one is not None:
        return one[1] + ("ms" if one[2] == "ms" else one[2][0])
    milliseconds = seconds * 1000
    return f"{milliseconds / 1000:.0f}s" if milliseconds % 1000 == 0 else f"{milliseconds:g}ms"


def from_delay(delay: str) -> str:
    """The words for a delay of SCXML: `48 hours`.

    Raises:
        BadDefinition: it is none, or no time at all.
    """
    found = _DELAY.fullmatch(delay.strip())
    if found is None or not found[1].strip("0."):
        text = f"{delay!r} is not a delay; write digits and one of ms, s, m, h, d"
        raise BadDefinition(text)
    number = f"0{found[1]}" if found[1].startswith(".") else found[1]
    unit = _UNITS[found[2]]
    return f"{number} {unit}" + ("" if unit == "ms" or number == "1" else "s")


def pack(names: Iterable[str]) -> str:
    """Names as one text, with spaces between."""
    return " ".join(quote(name) or "%" for name in names)


def unpack(text: str) -> tuple[str, ...]:
    """The names that `pack` wrote."""
    return tuple("" if word == "%" else unquote(word) for word in text.split())


def writable(text: str) -> str:
    """A text that XML can hold.

    Raises:
        Unconvertible: it has characters that XML forbids.
    """
    bad = _ILLEGAL.search(text)
    if bad is not None:
        what = f"XML cannot hold the character {bad[0]!r} of {text!r}; write it to JSON"
        raise Unconvertible(what)
    return text
