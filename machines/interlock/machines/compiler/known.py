"""Calls of which is known what they do to their arguments: built-ins, methods, plain classes.

Of the author's classes it is taken for granted that operators, comparisons, hashing, iteration,
`str` and `repr` only read, as everybody who writes them expects; a function that is passed on to
be called is never taken to be harmless unless its body is seen.
"""

from __future__ import annotations

import ast
import builtins
import copy
import dataclasses
import itertools
import json
import logging
import math
import operator
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from random import Random
from types import BuiltinFunctionType, MethodDescriptorType
from typing import Any
from uuid import UUID

from interlock.machines import outcome, segment
from interlock.machines.compiler.plain import is_plain

ATOMS = frozenset(
    {int, float, bool, str, bytes, Decimal, datetime, date, time, timedelta, UUID, type(None)}
)
"""Classes whose objects cannot be changed and hold nothing that can."""


class Gives(Enum):
    """What the result of a call that changes nothing has to do with what the call was given."""

    NOTHING = 1
    HOLDS = 2
    """A new object that may refer to the arguments, or to what is inside them."""
    PARTS = 3
    """One of the arguments, or something inside one."""


def _ids(*functions: object) -> frozenset[int]:
    return frozenset(map(id, functions))


_NOTHING = _ids(
    builtins.len, builtins.isinstance, builtins.repr, builtins.abs, builtins.round, builtins.hash,
    builtins.id, builtins.type, builtins.format, builtins.print, builtins.range, builtins.any,
    builtins.all, builtins.issubclass, builtins.ord, builtins.chr, builtins.divmod, builtins.pow,
    segment.start, segment.start_child, segment.skip, segment.reply, segment.now,
    builtins.hex, builtins.bin, builtins.oct, builtins.callable, builtins.hasattr, json.loads,
    *ATOMS, *(f for f in vars(math).values() if isinstance(f, BuiltinFunctionType)),
)  # fmt: skip
_HOLDS = _ids(
    outcome.partition,
    builtins.list, builtins.tuple, builtins.set, builtins.frozenset, builtins.dict,
    builtins.enumerate, builtins.zip, builtins.reversed, builtins.sorted, builtins.map,
    builtins.filter, itertools.chain, itertools.islice, itertools.product, itertools.pairwise,
    itertools.combinations, itertools.permutations, itertools.zip_longest, copy.copy,
    copy.deepcopy, dataclasses.asdict, dataclasses.astuple, json.dumps,
)  # fmt: skip
_PARTS = _ids(builtins.min, builtins.max, builtins.sum, builtins.getattr)
_CALLING: dict[int, int | str] = {
    id(builtins.sorted): "key", id(builtins.min): "key", id(builtins.max): "key",
    id(builtins.map): 0, id(builtins.filter): 0, id(json.dumps): "default",
}  # fmt: skip
_NEEDLESS = frozenset({"object_hook", "parse_float", "parse_int", "object_pairs_hook", "cls"})
_GETTERS = _ids(operator.itemgetter, operator.attrgetter)
_RANDOM: dict[str, Gives] = {
    "choice": Gives.PARTS, "choices": Gives.HOLDS, "sample": Gives.HOLDS,
    "random": Gives.NOTHING, "randint": Gives.NOTHING, "uniform": Gives.NOTHING,
    "randrange": Gives.NOTHING,
}  # fmt: skip

_SET_READS = {
    "copy", "union", "intersection", "difference", "symmetric_difference", "issubset",
    "issuperset", "isdisjoint",
}  # fmt: skip
_READS: dict[type, frozenset[str]] = {
    dict: frozenset({"get", "items", "keys", "values", "copy"}),
    list: frozenset({"copy", "index", "count"}),
    tuple: frozenset({"index", "count"}),
    set: frozenset(_SET_READS),
    frozenset: frozenset(_SET_READS),
}
METHODS = frozenset[str]().union(
    *_READS.values(), *({n for n in dir(cls) if n[0] != "_"} for cls in ATOMS)
)
"""Names of methods that only read an object of a built-in class that has them."""

_RESULTS: dict[str, Gives] = {"get": Gives.PARTS} | dict.fromkeys(
    ("items", "keys", "values", *_SET_READS), Gives.HOLDS
)


def reads(cls: type, method: str) -> bool:
    """Whether a method of the objects of this very class changes nothing."""
    return cls in ATOMS or method in _READS.get(cls, ())


def result_of(method: str) -> Gives:
    """What a method gives that only reads."""
    return _RESULTS.get(method, Gives.NOTHING)


def gives(called: object, node: ast.Call) -> Gives | None:
    """What a known call gives; None when it may change its arguments, or is not known."""
    if any(keyword.arg is None or keyword.arg in _NEEDLESS for keyword in node.keywords):
        return None
    if id(called) in _NOTHING or _only_logs(called) or _is_of_atoms(called):
        return Gives.NOTHING
    if id(called) in _HOLDS:
        return Gives.HOLDS
    if id(called) in _PARTS:
        return Gives.PARTS
    owner = getattr(called, "__self__", None)
    if type(owner) is Random:
        return _RANDOM.get(getattr(called, "__name__", ""))
    if isinstance(called, type) and is_plain(called):
        return Gives.HOLDS
    return None


def callback(called: object, node: ast.Call) -> ast.expr | None:
    """The argument that a known call calls, if it is given one."""
    place = _CALLING.get(id(called))
    if isinstance(place, int):
        return node.args[place] if len(node.args) > place else None
    found = (keyword.value for keyword in node.keywords if keyword.arg == place)
    return next(found, None) if place is not None else None


def is_harmless(node: ast.expr, meaning: Callable[[ast.expr], object]) -> bool:
    """Whether a function that is named, not written out, changes nothing it is given."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.Call):
        return id(meaning(node.func)) in _GETTERS
    found = meaning(node)
    if id(found) in _CALLING:
        return False
    bare = ast.Call(node, [], [])
    return gives(found, bare) in (Gives.NOTHING, Gives.HOLDS)


def _is_of_atoms(called: Any) -> bool:
    """Whether it is a method of a class of atoms: `datetime.now`, `str.lower`."""
    if isinstance(called, MethodDescriptorType):
        return called.__objclass__ in ATOMS
    owner = getattr(called, "__self__", None)
    return isinstance(owner, type) and owner in ATOMS


def _only_logs(called: object) -> bool:
    """Whether a function is a method of a standard logger: it formats what it is given."""
    return isinstance(getattr(called, "__self__", None), logging.Logger)
