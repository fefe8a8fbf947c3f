"""The edges of the graph: what can follow each await, and the author's conditions on the way."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence

from interlock.machines.compiler.blocks import Block, Jump, Label, Pause, Reraise, control, ends
from interlock.machines.compiler.raising import MayRaise
from interlock.machines.compiler.sites import Site
from interlock.machines.compiler.syntax import NESTED, short
from interlock.machines.ir import Edge

_PATHS = 250  # paths looked at for labels, from one state; every edge is found in any case
_LONGEST = 60


class Edges:
    """Finds the edges of one workflow.

    An edge's event is `done` when the awaited thing ended and the code went on from there, `raise
    X` when the code ended with that statement, `error` when a handler was entered on the way or
    when nothing handled an exception that the code did not raise itself, `cancel` when the run
    was cancelled. What can leave a helper as an exception is told one by one.
    """

    def __init__(
        self, states: Mapping[Site, str], unsure: Collection[str], *, compensates: bool
    ) -> None:
        self._states = states
        self._raises = MayRaise(unsure)
        helpers = ((state, site.helper) for site, state in states.items())
        self._failures = {s: h.program.failures for s, h in helpers if h is not None}
        self._failing = ("failed", "compensating") if compensates else ("failed",)
        self._compensates = compensates
        self._order: dict[tuple[str, str], int] = {}
        self._labels: dict[tuple[str, str], dict[str, None]] = {}
        self._budget = 0
        self._ends: dict[Block, list[tuple[ast.stmt, tuple[Label, ...]]]] = {}

    def all(self, entry: Block, behind: Mapping[Site, Block]) -> Iterator[Edge]:
        """Every edge, grouped by the state it leaves."""
        yield from self._leaving("start", entry, 0)
        for site, state in self._states.items():
            yield from self._leaving(state, behind[site], site.line)
            target = "compensating" if self._compensates else "cancelled"
            yield self._edge(state, target, "cancel", "", site.line)
            if self._compensates:
                yield self._edge(state, "cancelled", "cancel", "", site.line)
        if self._compensates:
            for target in ("compensated", "compensation failed", "cancelled"):
                yield self._edge("compensating", target, "done", "", 0)

    def _leaving(self, state: str, block: Block, line: int) -> Iterator[Edge]:
        self._labels = {}
        self._budget = _PATHS
        self._walk(block, (), "done", frozenset())
        if state != "start":
            self._budget = _PATHS
            self._raised(block, (), frozenset())
        self._complete(block)
        for error in self._failures.get(state, ()) if block.handler is None else ():
            for target in self._failing:
                self._labels.setdefault((target, f"raise {error.__name__}"), {"": None})
        for target in self._failing:
            self._labels.setdefault((target, "error"), {"": None})
        for (target, event), labels in self._labels.items():
            yield self._edge(state, target, event, _joined(list(labels)), line)

    def _edge(self, source: str, target: str, event: str, label: str, line: int) -> Edge:
        order = self._order[source, event] = self._order.get((source, event), -1) + 1
        suffix = "" if event == "done" else f" on {event}"
        identity = f"{source} -> {target}{suffix}"
        return Edge(
            id=identity, source=source, target=target, event=event, label=label, order=order,
            line=line,
        )  # fmt: skip

    def _found(self, target: str, event: str, path: tuple[Label, ...]) -> None:
        labels = self._labels.setdefault((target, event), {})
        labels[_text(path)] = None

    def _walk(
        self, block: Block, path: tuple[Label, ...], event: str, seen: frozenset[tuple[Block, str]]
    ) -> None:
        """Follow every path from a block, each block once on a path."""
        self._budget -= 1
        if self._budget < 0 or (block, event) in seen:
            return
        seen = seen | {(block, event)}
        for node, labels in self._exits(block):
            longer = (*path, *labels)
            if isinstance(node, Jump):
                last = () if node.label is None else (node.label,)
                self._walk(node.target, (*longer, *last), event, seen)
            elif isinstance(node, Pause):
                self._found(self._states[node.site], event, longer)
            elif isinstance(node, ast.Return):
                self._found("completed", event, longer)
            elif block.handler is None:
                raised = _raises(node) if isinstance(node, ast.Raise) else event
                for target in self._failing:
                    self._found(target, raised, longer)
            elif isinstance(node, Reraise):
                self._raised(block, longer, seen)
        if block.handler is not None and self._raises.begins(block):
            self._raised(block, path, seen)

    def _raised(
        self, block: Block, path: tuple[Label, ...], seen: frozenset[tuple[Block, str]]
    ) -> None:
        if block.handler is not None:
            self._walk(block.handler, path, "error", seen)

    def _exits(self, block: Block) -> list[tuple[ast.stmt, tuple[Label, ...]]]:
        if block not in self._ends:
            self._ends[block] = list(_labelled(block.statements, ()))
        return self._ends[block]

    def _complete(self, first: Block) -> None:
        """Add the edges that were not on the paths looked at, without a label."""
        todo: list[tuple[Block, str]] = [(first, "done")]
        if first.handler is not None:
            todo.append((first.handler, "error"))
        seen = set(todo)
        while todo:
            block, event = todo.pop()
            following: list[tuple[Block, str]] = []
            for node in control(block):
                if isinstance(node, Jump):
                    following.append((node.target, event))
                elif isinstance(node, Pause):
                    self._labels.setdefault((self._states[node.site], event), {"": None})
                elif isinstance(node, ast.Return):
                    self._labels.setdefault(("completed", event), {"": None})
                elif isinstance(node, ast.Raise) and block.handler is None:
                    for target in self._failing:
                        self._labels.setdefault((target, _raises(node)), {"": None})
            if block.handler is not None and self._raises.begins(block):
                following.append((block.handler, "error"))
            for step in following:
                if step not in seen:
                    seen.add(step)
                    todo.append(step)


def _labelled(
    statements: Sequence[ast.stmt], path: tuple[Label, ...]
) -> Iterator[tuple[ast.stmt, tuple[Label, ...]]]:
    """The statements that end a block, each with the author's conditions inside of the block."""
    for node in statements:
        if isinstance(node, (Jump, Pause, Reraise, ast.Return, ast.Raise)):
            yield node, path
        elif isinstance(node, ast.If):
            held, failed = path, path
            if not any(isinstance(n, ast.Name) and n.id[0] == "." for n in ast.walk(node.test)):
                text = short(node.test)
                held, failed = (*path, Label(text)), (*path, Label(text, holds=False))
            yield from _labelled(node.body, held)
            yield from _labelled(node.orelse, failed)
            if not node.orelse and ends(node.body):
                path = failed
        elif not isinstance(node, NESTED):
            inner = [c for c in ast.iter_child_nodes(node) if isinstance(c, ast.stmt)]
            for child in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
                inner += child.body
            yield from _labelled(inner, path)


def _raises(node: ast.Raise) -> str:
    """What a `raise` statement says: the class, not what it is made of."""
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return "raise" if raised is None else f"raise {short(raised, _LONGEST)}"


def _text(path: Sequence[Label]) -> str:
    """The conditions that held on a path; `else` when there were only some that did not."""
    held = list(dict.fromkeys(label.text for label in path if label.holds and label.text))
    if not held:
        return "else" if path else ""
    text = " and ".join(held)
    return text if len(text) <= _LONGEST else held[-1]


def _joined(labels: list[str]) -> str:
    """The label of an edge that several paths lead along."""
    labels = [a for a in labels if not any(a.endswith(f" and {b}") for b in labels)]
    if len(labels) == 1:
        return labels[0]
    if "" in labels or "else" in labels:
        return ""
    text = " or ".join(labels)
    return text if len(text) <= _LONGEST else ""
