"""Basic blocks: the function as straight pieces of code, cut at awaits and jumps."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from interlock.machines.compiler.sites import Site
from interlock.machines.compiler.syntax import NESTED

CAUGHT = ".caught"
"""The hidden local that holds an exception on its way to a handler."""


CONTROL = frozenset(
    {".b", ".n", ".frame", ".value", ".error", ".caught", ".writes", ".bounced", ".e"}
    | {".locals", ".len", ".slice", ".set", ".call", ".matches", ".sequence", ".wrote"}
    | {".exception", ".handlers", ".key", ".stored", ".inplace", ".peek", ".grown"}
    | {".unbound", ".given", ".bound"}
    | {".calls", ".made", ".each", ".handle", ".start", ".seconds", ".captured", ".tasks"}
)
"""Names of the dispatcher and what it calls: never part of a frame."""


@dataclass(frozen=True, slots=True)
class Label:
    """What decides a jump: the author's condition, and whether it held."""

    text: str
    holds: bool = True


@dataclass(eq=False)
class Block:
    """A piece of code that is entered at its beginning only.

    Attributes:
        handler: the block that gets an exception raised in here, None when it leaves the workflow.
        active: the hidden variable that holds the exception being handled here, None for none.
        statements: plain statements; `Jump`, `Pause`, `Reraise` and `Return` end the block, and
            may also stand inside an `if`, `match`, `with` or `try` of it.
        number: its number among the reachable blocks.
        resumes: the await behind which this block goes on.
        condition: whether this block only evaluates a wait's `where=`.
        exits: the statements that end it, once all blocks are known.
    """

    handler: Block | None
    active: str | None
    statements: list[ast.stmt] = field(default_factory=list[ast.stmt])
    number: int = -1
    resumes: Site | None = None
    condition: bool = False
    exits: Sequence[ast.stmt] = ()


class Jump(ast.stmt):
    """Go on in another block."""

    _fields = ()

    def __init__(self, target: Block, label: Label | None = None) -> None:
        super().__init__()
        self.target = target
        self.label = label


class Pause(ast.stmt):
    """End the segment at an await; `behind` is where it goes on."""

    _fields = ("call",)

    def __init__(self, site: Site, call: ast.Call, behind: Block, where: Block | None) -> None:
        super().__init__()
        self.site = site
        self.call = call
        self.behind = behind
        self.where = where


class Reraise(ast.stmt):
    """Hand the exception in a hidden variable to the next handler, its traceback untouched."""

    _fields = ()

    def __init__(self, variable: str) -> None:
        super().__init__()
        self.variable = variable


def control(block: Block) -> Sequence[ast.stmt]:
    """The statements of a block that end it: jumps, pauses, re-raises, returns, raises."""
    return block.exits


def _exits(statements: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    for node in statements:
        if isinstance(node, (Jump, Pause, Reraise, ast.Return, ast.Raise)):
            yield node
        elif isinstance(node, ast.Match):
            for case in node.cases:
                yield from _exits(case.body)
        elif not isinstance(node, NESTED):
            for field in ("body", "orelse", "finalbody"):
                yield from _exits(getattr(node, field, ()))
            for handler in getattr(node, "handlers", ()):
                yield from _exits(handler.body)


def ends(statements: list[ast.stmt]) -> bool:
    """Whether control never gets behind these statements; what follows such an end is cut off."""
    for index, node in enumerate(statements):
        if _never_passes(node):
            del statements[index + 1 :]
            return True
    return False


def _never_passes(node: ast.stmt) -> bool:
    if isinstance(node, ast.If):
        both = [ends(node.body), ends(node.orelse)]
        return all(both)
    if isinstance(node, ast.Match):
        every = [ends(case.body) for case in node.cases]
        last = node.cases[-1]
        total = isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None
        return all(every) and total and last.guard is None
    return isinstance(node, (Jump, Pause, Reraise, ast.Return, ast.Raise, ast.Break, ast.Continue))


def successors(block: Block) -> Iterator[Block]:
    """Where control can go from here, exceptions apart; behind a pause included."""
    for node in control(block):
        if isinstance(node, Jump):
            yield node.target
        elif isinstance(node, Pause):
            yield node.behind


def reachable(entry: Block) -> list[Block]:
    """All blocks that can be reached, numbered in order of the source as far as it can be."""
    order: list[Block] = []
    seen = {id(entry)}
    todo = [entry]
    while todo:
        block = todo.pop()
        block.number = len(order)
        order.append(block)
        ends(block.statements)
        block.exits = tuple(_exits(block.statements))
        following = list(successors(block))
        following += [n.where for n in control(block) if isinstance(n, Pause) and n.where]
        if block.handler is not None:
            following.append(block.handler)
        for other in reversed(following):
            if id(other) not in seen:
                seen.add(id(other))
                todo.append(other)
    return order
