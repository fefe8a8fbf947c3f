"""A definition as the store keeps it, as far as an explanation needs it: no code is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from textwrap import dedent

import msgspec

from interlock.projections.parsing import parse

_CATCHING = frozenset(
    {
        "TimedOut", "InterlockError", "TimeoutError", "OSError", "IOError", "EnvironmentError",
        "Exception", "BaseException",
    }
)  # fmt: skip
"""The names of the classes that catch a `TimedOut`."""


class State(msgspec.Struct, frozen=True):
    """A state of a definition; see `interlock.machines.ir.Node`."""

    id: str
    kind: str = ""
    parent: str | None = None
    waits_for: str = ""
    line: int = 0
    file: str = ""


class Move(msgspec.Struct, frozen=True):
    """A transition of a definition; see `interlock.machines.ir.Edge`."""

    id: str
    source: str
    target: str
    more: tuple[str, ...] = ()
    event: str = "done"
    label: str = ""
    guard: str = ""
    line: int = 0

    @property
    def targets(self) -> tuple[str, ...]:
        """All that it leads to."""
        return (self.target, *self.more)


class Source(msgspec.Struct, frozen=True):
    """The author's text of a function; see `interlock.machines.ir.Text`."""

    file: str
    line: int
    source: str


@dataclass(frozen=True, slots=True)
class Caught:
    """Where an author's code catches something.

    Attributes:
        line: of the handler, in the author's file.
        text: how it is written, such as `except TimedOut`.
    """

    line: int
    text: str


class Outline(msgspec.Struct, frozen=True, dict=True):
    """A definition; see `interlock.machines.ir.Machine`."""

    name: str
    kind: str
    nodes: tuple[State, ...]
    edges: tuple[Move, ...]
    commands: tuple[str, ...] = ()
    module: str = ""
    file: str = ""
    line: int = 0
    source: str = ""
    helpers: tuple[Source, ...] = ()

    @classmethod
    def of(cls, ir: str) -> Outline:
        """What the JSON of a machine says."""
        return msgspec.json.decode(ir, type=cls)

    @cached_property
    def states(self) -> dict[str, State]:
        """The states by name."""
        return {node.id: node for node in self.nodes}

    def upward(self, state: str) -> Iterator[str]:
        """A state and those around it."""
        found = self.states.get(state)
        while found is not None:
            yield found.id
            found = None if found.parent is None else self.states.get(found.parent)

    def place(self, state: str) -> tuple[str, int]:
        """File and line of a state; line 0 where that is not known."""
        found = self.states.get(state)
        return (self.file, 0) if found is None else (found.file or self.file, found.line)

    def catches(self, state: str) -> Caught | None:
        """What catches a `TimedOut` that is raised at a state; None for nothing, or not known."""
        file, line = self.place(state)
        texts = (Source(self.file, self.line, self.source), *self.helpers)
        for text in texts:
            if line and text.source and text.file == file:
                found = _caught(text, line)
                if found is not None:
                    return found
        return None

    def after_timeout(self, state: str) -> tuple[str, ...]:
        """The states that a `TimedOut` raised at a state may lead to."""
        edges = [edge for edge in self.edges if edge.source == state]
        errors = [edge for edge in edges if edge.event == "error"]
        caught = [edge for edge in errors if "except" in edge.label]
        if self.catches(state) is not None and caught:
            errors = [*caught, *(edge for edge in edges if edge.event.startswith("raise"))]
        return tuple(dict.fromkeys(edge.target for edge in errors))

    def after_done(self, state: str) -> tuple[str, ...]:
        """The states that the end of what is awaited at a state may lead to."""
        ends = ("done", "error")
        edges = [e for e in self.edges if e.source == state and e.event in ends]
        done = [edge for edge in edges if edge.event == "done"]
        raised = [e for e in self.edges if e.source == state and e.event.startswith("raise")]
        return tuple(dict.fromkeys(edge.target for edge in [*(done or edges), *raised]))


def _caught(text: Source, line: int) -> Caught | None:
    try:
        tree = parse(dedent(text.source))
        above = tree.body[0].lineno - text.line  # a definition's line is that of its `def`
    except (SyntaxError, IndexError):
        return None
    at = line + above
    found: Caught | None = None
    for node in ast.walk(tree):  # outer ones come first: the innermost that catches wins
        if isinstance(node, ast.Try) and _within(node.body, at):
            handler = next((h for h in node.handlers if _catches(h.type)), None)
            if handler is not None:
                what = "" if handler.type is None else f" {ast.unparse(handler.type)}"
                found = Caught(handler.lineno - above, f"except{what}")
        elif isinstance(node, ast.With) and _within(node.body, at):
            for item in node.items:
                if _suppresses(item.context_expr):
                    found = Caught(node.lineno - above, ast.unparse(item.context_expr))
    return found


def _suppresses(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith("suppress"):
        return False
    return any(_catches(one) for one in node.args)


def _within(body: list[ast.stmt], line: int) -> bool:
    return body[0].lineno <= line <= (body[-1].end_lineno or body[-1].lineno)


def _catches(type_: ast.expr | None) -> bool:
    if type_ is None:
        return True
    several = type_.elts if isinstance(type_, ast.Tuple) else [type_]
    return any(ast.unparse(one).rpartition(".")[2] in _CATCHING for one in several)
