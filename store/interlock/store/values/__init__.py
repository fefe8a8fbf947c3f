"""Values that cross an `await` or a stream: how they become JSON and come back.

Encoded forms (`Encoded`). Values without identity stand for themselves or carry a tag:

    null, true, 7, 1.5, "text"             None, bool, int (64 bit), float (finite), str
    {"$": "int", "v": "123…"}              an int beyond 64 bits
    {"$": "float", "v": "nan"}             nan, inf, -inf
    {"$": "decimal" | "date" | "time" | "datetime" | "timedelta" | "uuid" | "bytes", "v": …}
    {"$": "enum", "t": "Status", "v": "PAID"}     a member, by name
    {"$": 7}                               the object number 7 of the run's memory

Objects (everything that `is` could tell apart and that may be changed or shared) are numbered
and defined once, each with its children encoded:

    [a, b]                                 list
    {"k": a}                               dict with text keys, none of which begins with "$"
    {"$": "dict", "v": [[k, a], …]}        any other dict
    {"$": "tuple" | "set" | "frozenset" | "deque", "v": […]}
    {"$": "range", "v": [start, stop, step]}
    {"$": "object", "t": "Order", "v": {field: a}, …}    dataclass, pydantic model, named tuple
    {"$": "error", "t": "KeyError", "v": [args], …}      exception
    "long text" and {"$": "bytes", …}      text and bytes of 64 or more
    {"$": "personal", "s": subject, "k": key, "v": ciphertext}      see `Personal`

An object may carry more: `set`, `extra` and `private` (a model's fields set, extra fields, private
attributes), `a`, `n`, `cause`, `context`, `quiet` and `group` (an exception's attributes, what its
built-in base holds, `__cause__`, `__context__`, `__suppress_context__`, members of a group),
`s` (schema of an object's or member's class, from 2 on: see `upcast`),
`maxlen` (deque), `zone`, `name`, `by`, `fold` (time zone of a datetime or time).
`{"$": "bytearray"}` is an object; `{"$": "text"}` is text with lone surrogates.
"""

from __future__ import annotations

from interlock.store.event import Encoded
from interlock.store.values.atom import LONG
from interlock.store.values.digest import canonical, digest, digest_named
from interlock.store.values.evolving import renamed, upcast
from interlock.store.values.image import Image
from interlock.store.values.memory import Memory
from interlock.store.values.personal import Personal
from interlock.store.values.readable import plain
from interlock.store.values.registry import Types
from interlock.store.values.subject import Subject, subject
from interlock.store.values.touch import Touch, Writes
from interlock.store.values.whole import decode_whole, encode_whole

__all__ = [
    "LONG",
    "Encoded",
    "Image",
    "Memory",
    "Personal",
    "Subject",
    "Touch",
    "Types",
    "Writes",
    "canonical",
    "decode_whole",
    "digest",
    "digest_named",
    "encode_whole",
    "plain",
    "renamed",
    "subject",
    "upcast",
]
