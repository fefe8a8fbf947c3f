"""The machine: an immutable, named graph, described by JSON and identified by a hash."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Literal

import msgspec

NodeKind = Literal[
    "initial", "step", "approval", "sleep", "wait", "atomic", "final",
    "compound", "parallel", "history", "child",
]  # fmt: skip


class Node(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A state.

    Attributes:
        id: its name, unique in the machine.
        kind: what a run does there. Compound, parallel and history belong to nested machines.
        parent: the state it is nested in, or None.
        initial: for a compound state, the child entered first.
        waits_for: name of the step, approval or command types.
        variables: names that are live there, in order: what a run remembers.
        line: line of the author's source file, 0 for none.
        compensated: the step has an undo.
        timeout: the wait can end by a timeout; None where the definition does not tell.
    """

    id: str
    kind: NodeKind
    parent: str | None = None
    initial: str | None = None
    waits_for: str = ""
    variables: tuple[str, ...] = ()
    line: int = 0
    compensated: bool = False
    timeout: bool | None = None


class Edge(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A possible move.

    Attributes:
        id: unique in the machine.
        source, target: names of states.
        event: what starts it: `done` (the wait ended), a command's name, or `after 48 hours`; in a
            workflow also `raise X` (its code says so), `error` (any other) and `cancel`.
        label: what decides between edges of the same event, as the author wrote it.
        guard: name of the guard, "" for none.
        order: place among the candidates of its source and event.
        internal: moves without leaving the source.
        line: line of the author's source file, 0 for none.
    """

    id: str
    source: str
    target: str
    event: str = "done"
    label: str = ""
    guard: str = ""
    order: int = 0
    internal: bool = False
    line: int = 0


class Machine(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, dict=True):
    """A compiled machine.

    Attributes:
        name: what it is called in the log.
        kind: whether it was compiled from a function or declared as a class.
        initial: name of the state it begins in.
        nodes, edges: the graph, in the order of the source.
        commands: command types it accepts, by name.
        raises: class names of the errors that can leave it, as far as declared.
        body: digest of the code that decides between the edges (comments and layout excluded).
        module, qualname: where the definition stands.
        file, line: where its source begins.
        source: the author's text.
        ir: version of this format.
    """

    name: str
    kind: Literal["workflow", "lifecycle"]
    initial: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    commands: tuple[str, ...] = ()
    raises: tuple[str, ...] = ()
    body: str = ""
    module: str = ""
    qualname: str = ""
    file: str = ""
    line: int = 0
    source: str = ""
    ir: int = 1

    @cached_property
    def hash(self) -> str:
        """Sixteen hex digits over all that decides what the machine does.

        Places in files, the module and the text of the source do not count: moving or
        reformatting code keeps the hash. The same in every process and Python version.
        """
        plain = msgspec.to_builtins(self)
        for place in ("file", "line", "source", "module", "qualname"):
            plain.pop(place, None)
        for part in (*plain["nodes"], *plain["edges"]):
            part.pop("line", None)
        text = msgspec.json.encode(plain, order="sorted")
        return hashlib.sha256(text).hexdigest()[:16]

    @cached_property
    def by_id(self) -> dict[str, Node]:
        """The nodes by name."""
        return {node.id: node for node in self.nodes}

    @cached_property
    def moves(self) -> frozenset[tuple[str, str]]:
        """Every pair of states that an edge joins, for quick asking."""
        return frozenset((edge.source, edge.target) for edge in self.edges)

    def to_json(self) -> str:
        """The whole machine as JSON text; `Machine.from_json` reads it back."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Machine:
        """The machine that `to_json` described."""
        return msgspec.json.decode(text, type=cls)
