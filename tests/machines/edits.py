"""Random workflows as small trees, random edits of them, and what Python would do from any wait.

A tree is written as source text for the compiler, and run here by a few lines that know nothing of
it: from the beginning, or from a wait on, with the variables and loops as they were there.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from textwrap import indent
from typing import TypeAlias

NAMES = ("a", "b", "c", "d")
"""The variables of every workflow; `a` is its parameter."""


@dataclass
class Set:
    """`var = (…)`."""

    var: str
    value: tuple[str, int, int]


@dataclass
class Step:
    """`var = await act.named(name)(…)`."""

    name: str
    var: str
    value: tuple[str, int, int]


@dataclass
class Wait:
    """An approval, whose answer goes nowhere."""

    name: str


@dataclass
class If:
    """`if var % 2:`."""

    var: str
    then: list[Statement]
    other: list[Statement]


@dataclass
class Loop:
    """`for i in range(var % 3 + 1):`, with an index of its own."""

    index: str
    var: str
    body: list[Statement]


Statement: TypeAlias = Set | Step | Wait | If | Loop


@dataclass
class Tree:
    """A workflow: its statements, and the variable that it returns."""

    body: list[Statement]
    result: str = "a"
    count: int = 0

    def fresh(self, kind: str) -> str:
        """A name that nothing else has."""
        self.count += 1
        return f"{kind}{self.count}"


def source_of(tree: Tree) -> str:
    """The workflow as text: `act` and `approval` are what it mentions."""
    head = "async def flow(a):\n    b, c, d = 1, 2, 3\n"
    return head + indent(_text(tree.body), "    ") + f"    return {tree.result}\n"


def _text(body: list[Statement]) -> str:
    return "".join(map(_line, body)) or "pass\n"


def _line(one: Statement) -> str:
    match one:
        case Set(var, value):
            return f"{var} = {_value(value)}\n"
        case Step(name, var, value):
            return f"{var} = await act.named({name!r})({_value(value)})\n"
        case Wait(name):
            return f"await approval({name!r})\n"
        case If(var, then, other):
            text = f"if {var} % 2:\n{indent(_text(then), '    ')}"
            return text + (f"else:\n{indent(_text(other), '    ')}" if other else "")
        case Loop(index, var, body):
            return f"for {index} in range({var} % 3 + 1):\n{indent(_text(body), '    ')}"


def _value(value: tuple[str, int, int]) -> str:
    var, times, plus = value
    return f"({var} * {times} + {plus}) % 97"


def act(value: int) -> int:
    """What the one step does."""
    return (value * 7 + 3) % 101


@dataclass
class Native:
    """A run of a tree, as Python would run it.

    Attributes:
        variables: by name.
        calls: what the step was called with.
        loops: the loops under way, the outermost first: what is left of each.
        waits: names of the waits that it came to.
    """

    variables: dict[str, int]
    calls: list[int] = field(default_factory=list[int])
    loops: list[list[int]] = field(default_factory=list[list[int]])
    waits: list[str] = field(default_factory=list[str])

    def run(self, body: list[Statement]) -> Iterator[str]:
        """Give the name of each wait that it comes to, and go on behind it."""
        for one in body:
            yield from self._do(one)

    def resume(self, body: list[Statement], wait: str) -> Iterator[str]:
        """Go on behind a wait, the loops around it being under way."""
        found = next(i for i, one in enumerate(body) if _holds(one, wait))
        one = body[found]
        match one:
            case If(_, then, other):
                inside = then if any(_holds(s, wait) for s in then) else other
                yield from self.resume(inside, wait)
            case Loop(index, _, inner):
                depth = _depth(inner, wait)
                left = self.loops[len(self.loops) - 1 - depth]
                yield from self.resume(inner, wait)
                yield from self._turns(index, left, inner)
            case _:
                pass
        yield from self.run(body[found + 1 :])

    def _do(self, one: Statement) -> Iterator[str]:
        match one:
            case Set(var, value):
                self.variables[var] = self._evaluated(value)
            case Step(_, var, value):
                self.calls.append(self._evaluated(value))
                self.variables[var] = act(self.calls[-1])
            case Wait(name):
                self.waits.append(name)
                yield name
            case If(var, then, other):
                yield from self.run(then if self.variables[var] % 2 else other)
            case Loop(index, var, body):
                left = [*range(self.variables[var] % 3 + 1)]
                self.loops.append(left)
                yield from self._turns(index, left, body)

    def _turns(self, index: str, left: list[int], body: list[Statement]) -> Iterator[str]:
        while left:
            self.variables[index] = left.pop(0)
            yield from self.run(body)
        self.loops.pop()

    def _evaluated(self, value: tuple[str, int, int]) -> int:
        var, times, plus = value
        return (self.variables[var] * times + plus) % 97


def begun(argument: int) -> Native:
    """A run that has not done anything."""
    return Native({"a": argument, "b": 1, "c": 2, "d": 3})


def _holds(one: Statement, wait: str) -> bool:
    return any(inner == Wait(wait) for inner in _inside([one]))


def _depth(body: list[Statement], wait: str) -> int:
    """How many loops there are around a wait."""
    for one in body:
        if _holds(one, wait):
            match one:
                case If(_, then, other):
                    return _depth([*then, *other], wait)
                case Loop(_, _, inner):
                    return 1 + _depth(inner, wait)
                case _:
                    return 0
    return 0


def _inside(body: list[Statement]) -> Iterator[Statement]:
    for one in body:
        yield one
        match one:
            case If(_, then, other):
                yield from _inside([*then, *other])
            case Loop(_, _, inner):
                yield from _inside(inner)
            case _:
                pass


def tree_of(random: Random, size: int = 6) -> Tree:
    """A random workflow, with a wait at least."""
    tree = Tree([])
    tree.body = _body(random, tree, size, 2)
    if not any(isinstance(one, Wait) for one in _inside(tree.body)):
        tree.body.insert(random.randint(0, len(tree.body)), Wait(tree.fresh("w")))
    tree.result = random.choice(NAMES)
    return tree


def _body(random: Random, tree: Tree, size: int, depth: int) -> list[Statement]:
    return [_statement(random, tree, depth) for _ in range(random.randint(1, size))]


def _statement(random: Random, tree: Tree, depth: int) -> Statement:
    kind = random.choice(["set", "step", "step", "wait", "wait", *["if", "loop"] * (depth > 0)])
    value = (random.choice(NAMES), random.randint(1, 5), random.randint(0, 9))
    if kind == "set":
        return Set(random.choice(NAMES), value)
    if kind == "step":
        return Step(tree.fresh("s"), random.choice(NAMES), value)
    if kind == "wait":
        return Wait(tree.fresh("w"))
    if kind == "if":
        then, other = _body(random, tree, 2, depth - 1), _body(random, tree, 2, depth - 1)
        return If(random.choice(NAMES), then, other)
    return Loop(tree.fresh("i"), random.choice(NAMES), _body(random, tree, 3, depth - 1))


def edited(random: Random, tree: Tree, edits: int = 2) -> Tree:
    """The workflow after some random edits."""
    tree = copy.deepcopy(tree)
    for _ in range(edits):
        _edit(random, tree)
    return tree


def _edit(random: Random, tree: Tree) -> None:
    bodies = [tree.body, *_bodies(tree.body)]
    body = random.choice(bodies)
    kind = random.choice(["add", "add", "remove", "swap", "rename", "change", "variable", "result"])
    at = random.randint(0, len(body))
    if kind == "add":
        body.insert(at, _statement(random, tree, 1))
    elif kind == "remove" and len(body) > 1:
        del body[random.randrange(len(body))]
    elif kind == "swap" and len(body) > 1:
        at = random.randrange(len(body) - 1)
        body[at], body[at + 1] = body[at + 1], body[at]
    elif kind == "result":
        tree.result = random.choice(NAMES)
    elif body:
        _change(random, tree, kind, random.choice(body))


def _change(random: Random, tree: Tree, kind: str, one: Statement) -> None:
    if kind == "rename" and isinstance(one, Step | Wait):
        one.name = tree.fresh(one.name[0])
    elif kind == "change" and isinstance(one, Set | Step):
        one.value = (random.choice(NAMES), random.randint(1, 5), random.randint(0, 9))
    elif kind in ("change", "variable") and not isinstance(one, Wait):
        one.var = random.choice(NAMES)


def _bodies(body: list[Statement]) -> Iterator[list[Statement]]:
    for one in body:
        match one:
            case If(_, then, other):
                yield from (then, other)
                yield from _bodies([*then, *other])
            case Loop(_, _, inner):
                yield inner
                yield from _bodies(inner)
            case _:
                pass
