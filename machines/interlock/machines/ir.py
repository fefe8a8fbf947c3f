"""The machine: an immutable, named graph, described by JSON and identified by a hash."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Any, Literal

import msgspec

NodeKind = Literal[
    "initial", "step", "approval", "sleep", "wait", "atomic", "final",
    "compound", "parallel", "history", "child",
]  # fmt: skip


Unhandled = Literal["refuse", "ignore", "defer"]
"""What happens to a command that no active state has a transition for."""

ALWAYS = "always"
"""The event of an edge that needs none: it is taken as soon as its guards let it."""

DONE = "done"
"""The event that ends a wait; on a nested state, that it has reached its final states."""


class Node(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A state.

    Attributes:
        id: its name, unique in the machine. A nested one is called `parent/name` by authors'
            classes; other machines may call it as they like.
        kind: what a run does there. In a compound state one child is active, in a parallel one
            all children (its regions). A history is no state but a place to go to: it stands
            for the children of its parent that were active last.
        parent: the state it is nested in, or None.
        initial: for a compound state, the state inside it that is entered first; for a history,
            the one entered while there is nothing to go back to (None: as its parent begins).
        more: with `initial`, what else is entered first (in other regions).
        deep: a history remembers all that was active below its parent, not the children alone.
        entering, exiting: names of the effects of entering and leaving it, in order.
        unhandled: what happens here to commands without a transition, "" as in the parent.
        waits_for: name of the step, approval or command types.
        variables: names that are live there, in order: what a run remembers.
        line: line of the author's source file, 0 for none.
        file: that file, where it is another one than the machine's.
        compensated: the step has an undo.
        irreversible: why the step cannot be undone, "" where that is not said.
        timeout: the wait can end by a timeout; None where the definition does not tell.
        outrun: the wait is in a race with a sleep that is over before its own timeout could pass.
        typed: the types of its variables, as far as they are declared: text by name.
        takes: the parameters of the step, as text by name; `*` and `**` stand before those names.
        gives: the type of what the wait gives, "" where that is not declared.
        hidden: what the compiler's own variables there stand for: a digest of the statement that
            they belong to, by name.
        written: of a join, the digest of the statement that it stands in.
    """

    id: str
    kind: NodeKind
    parent: str | None = None
    initial: str | None = None
    more: tuple[str, ...] = ()
    deep: bool = False
    entering: tuple[str, ...] = ()
    exiting: tuple[str, ...] = ()
    unhandled: Literal["", Unhandled] = ""
    waits_for: str = ""
    variables: tuple[str, ...] = ()
    line: int = 0
    file: str = ""
    compensated: bool = False
    timeout: bool | None = None
    irreversible: str = ""
    outrun: bool = False
    typed: dict[str, str] = {}
    takes: dict[str, str] = {}
    gives: str = ""
    hidden: dict[str, str] = {}
    written: str = ""


class Edge(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A possible move.

    Attributes:
        id: unique in the machine.
        source, target: names of states.
        more: further targets, in other regions of a parallel state than the first.
        event: what starts it: `done` (the wait ended, or the nested states of the source did), a
            command's name, `after 48 hours`, `always`, or `done x` (the state x is done); in a
            workflow also `raise X` (its code says so), `error` (any other) and `cancel`.
        label: what decides between edges of the same event, as the author wrote it.
        guard: name of the guard, "" for none.
        order: place among the candidates of its source and event.
        internal: moves without leaving the source: nothing is left at all when the target is the
            source itself, and only what is inside when the target is inside.
        effects: names of its effects, in order.
        line: line of the author's source file, 0 for none.
    """

    id: str
    source: str
    target: str
    more: tuple[str, ...] = ()
    event: str = DONE
    label: str = ""
    guard: str = ""
    order: int = 0
    internal: bool = False
    effects: tuple[str, ...] = ()
    line: int = 0

    @property
    def targets(self) -> tuple[str, ...]:
        """All that it leads to: one state, but for a move into several regions at once."""
        return (self.target, *self.more)

    @property
    def stays(self) -> bool:
        """Whether it leaves and enters nothing."""
        return self.internal and self.target == self.source and not self.more


class Text(msgspec.Struct, frozen=True):
    """The source of a function.

    Attributes:
        file, line: where it begins.
        source: its text, decorators included.
    """

    file: str
    line: int
    source: str


class Machine(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, dict=True):
    """A compiled machine.

    Attributes:
        name: what it is called in the log.
        kind: whether it was compiled from a function or declared as a class.
        initial: name of the state it begins in.
        more: what else it begins in (in other regions of a parallel state).
        unhandled: what happens to a command that no active state has a transition for.
        nodes, edges: the graph, in the order of the source.
        commands: command types it accepts, by name.
        raises: class names of the errors that can leave it, as far as declared.
        body: digest of the code that decides between the edges (comments and layout excluded),
            and of the classes that its values may have.
        module, qualname: where the definition stands.
        file, line: where its source begins.
        source: the author's text.
        helpers: the texts of functions outside of it that are parts of it.
        calls: the calls that it makes without awaiting them there and then, under the names by
            which the log knows them.
        values: what the classes of its values look like, by name: see `shape_of`.
        data: the class of a lifecycle's data, "" for a workflow.
        version: what its author calls this definition, "" for nothing.
        ir: version of this format.
    """

    name: str
    kind: Literal["workflow", "lifecycle"]
    initial: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    more: tuple[str, ...] = ()
    unhandled: Unhandled = "refuse"
    commands: tuple[str, ...] = ()
    raises: tuple[str, ...] = ()
    body: str = ""
    module: str = ""
    qualname: str = ""
    file: str = ""
    line: int = 0
    source: str = ""
    helpers: tuple[Text, ...] = ()
    calls: tuple[Node, ...] = ()
    values: dict[str, str] = {}
    data: str = ""
    version: str = ""
    ir: int = 1

    @cached_property
    def hash(self) -> str:
        """Sixteen hex digits over all that decides what the machine does.

        Places in files, the module and the text of the source do not count: moving or
        reformatting code keeps the hash; what `body` stands for is not counted again. The same in
        every process and Python version.
        """
        plain = msgspec.to_builtins(self)
        for place in _BESIDE:
            plain.pop(place, None)
        _drop_default(plain, "unhandled", "refuse")
        for part in (*plain["nodes"], *plain["edges"]):
            for place in _BESIDE_NODES:
                part.pop(place, None)
            _drop_default(part, "event", DONE)
            if self.body:  # which stands for the author's functions, their names included
                for effects in ("entering", "exiting", "effects"):
                    part.pop(effects, None)
        text = msgspec.json.encode(plain, order="sorted")
        return hashlib.sha256(text).hexdigest()[:16]

    @cached_property
    def by_id(self) -> dict[str, Node]:
        """The nodes by name."""
        return {node.id: node for node in self.nodes}

    @cached_property
    def places(self) -> dict[str, Node]:
        """The nodes by the names that the log may say, those of calls included."""
        return {node.id: node for node in (*self.calls, *self.nodes)}

    @cached_property
    def moves(self) -> frozenset[tuple[str, str]]:
        """Every pair of states that an edge joins, for quick asking."""
        return frozenset((edge.source, end) for edge in self.edges for end in edge.targets)

    def to_json(self) -> str:
        """The whole machine as JSON text; `Machine.from_json` reads it back."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Machine:
        """The machine that `to_json` described."""
        return msgspec.json.decode(text, type=cls)


_BESIDE = (
    "file", "line", "source", "module", "qualname", "helpers", "calls", "values", "data",
    "version",
)  # fmt: skip
_BESIDE_NODES = ("line", "file", "outrun", "typed", "takes", "gives", "hidden", "written")
"""What the hash does not count: places, and what is only there to be compared."""


def _drop_default(part: dict[str, Any], name: str, default: str) -> None:
    """Leave a default out, which msgspec does only for the very object, not for an equal text."""
    if part.get(name) == default:
        del part[name]
