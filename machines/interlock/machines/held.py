"""What a run holds, as far as it matters to another definition of its machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

import msgspec

from interlock.machines.ir import Machine, Node, NodeKind

DoingKind: TypeAlias = Literal[
    "step", "approval", "sleep", "wait", "undo", "join", "helper", "child"
]


class ThreadAt(msgspec.Struct, frozen=True):
    """A workflow's own code, or a branch of it, and where it stands.

    Attributes:
        id: the activity that the branch is, "" for the workflow's own code.
        root, root_was: what the names of its states begin with, in the definition that it is
            compared with and in the log.
        state, was: where it stands, by its whole name, there and there.
        variables: the names that it keeps, as they are recorded.
    """

    id: str
    root: str
    root_was: str
    state: str
    was: str
    variables: frozenset[str]


class Doing(msgspec.Struct, frozen=True):
    """Something that is under way, or over without the run having moved on.

    Attributes:
        id: of the activity.
        kind, name: what it is, and what of.
        state, was: where, as in `ThreadAt`.
        commands: what a wait accepts.
        apart: it was begun by `start_child`, which is no state: it goes on whatever is there.
    """

    id: str
    kind: DoingKind
    name: str
    state: str
    was: str
    commands: tuple[str, ...] = ()
    apart: bool = False


class Done(msgspec.Struct, frozen=True):
    """A completed step, or child, that may have to be undone.

    Attributes:
        step: its name.
        state, was: where it was called.
        child: it is a run of another workflow, which knows itself what to undo.
    """

    step: str
    state: str
    was: str
    child: bool = False


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A run at one version.

    Attributes:
        threads: a workflow's code; none once it has ended or is being undone.
        doing: what is under way.
        planned: places of the calls of joins that have not begun, with their old names.
        undo: what may have to be undone.
        active: the active states of a lifecycle, with their old names, outer ones first.
        remembered: of a lifecycle, by history, the states that it brings back.
        whole: `active` is all that is active, and not only a state and those around it.
        deferred: types of the commands that are kept for later.
        mapped: old names of states that a migration speaks of: it answers for them.
    """

    threads: tuple[ThreadAt, ...] = ()
    doing: tuple[Doing, ...] = ()
    planned: tuple[tuple[str, str], ...] = ()
    undo: tuple[Done, ...] = ()
    active: tuple[tuple[str, str], ...] = ()
    whole: bool = True
    remembered: Mapping[str, Sequence[str]] = {}
    deferred: tuple[str, ...] = ()
    mapped: frozenset[str] = frozenset()

    def moved(self, states: Mapping[str, str]) -> Held:
        """The same run with states under other names, those inside of them included."""

        def to(name: str) -> str:
            return renamed(name, states)

        mapped = {name for name in self._names() if to(name) != name or name in states}
        return msgspec.structs.replace(
            self,
            threads=tuple(
                msgspec.structs.replace(t, root=to(t.root[:-1]) + t.root[-1:], state=to(t.state))
                for t in self.threads
            ),
            doing=tuple(msgspec.structs.replace(d, state=to(d.state)) for d in self.doing),
            planned=tuple((to(name), was) for name, was in self.planned),
            undo=tuple(msgspec.structs.replace(d, state=to(d.state)) for d in self.undo),
            active=tuple((to(name), was) for name, was in self.active),
            remembered={to(h): tuple(map(to, back)) for h, back in self.remembered.items()},
            mapped=self.mapped | mapped,
        )  # fmt: skip

    def _names(self) -> Iterator[str]:
        yield from (thread.was for thread in self.threads)
        yield from (doing.was for doing in self.doing)
        yield from (was for _, was in self.planned)
        yield from (done.was for done in self.undo)
        yield from (was for _, was in self.active)


def renamed(name: str, states: Mapping[str, str]) -> str:
    """What a state, or one inside of a state that got another name, is called now."""
    if name in states:
        return states[name]
    above, slash, own = name.rpartition("/")
    return f"{renamed(above, states)}/{own}" if slash else name


def levels(machine: Machine, root: str, state: str) -> list[tuple[str, Node]]:
    """The functions that stand still when a thread is at a state, the outermost first.

    For each the node that it stands at, and what its variables are recorded below (`review/`).
    The last one is the node of `state` itself; when it is missing there, so is the state.
    """
    found: list[tuple[str, Node]] = []
    prefix, parts = "", state[len(root) :].split("/")
    for count in range(1, len(parts)):
        path = "/".join(parts[:count])
        node = machine.places.get(root + path)
        if node is not None and is_helper(machine, node):
            found.append((prefix, node))
            prefix = f"{path}/"
    node = machine.places.get(state)
    return found if node is None else [*found, (prefix, node)]


def is_helper(machine: Machine, node: Node) -> bool:
    """Whether a node is a helper's, and not that of a phase."""
    first = machine.places.get(node.initial or "")
    return node.kind == "compound" and first is not None and first.kind == "initial"


LIVE: tuple[NodeKind, ...] = ("step", "approval", "sleep", "wait", "parallel", "child")
"""The kinds of states in which a run of a workflow can be met."""

_AS_DONE: Mapping[str, DoingKind] = {
    "step": "step", "approval": "approval", "sleep": "sleep", "wait": "wait",
    "parallel": "join", "child": "child",
}  # fmt: skip


def anywhere(machine: Machine) -> Iterator[tuple[str, Held]]:
    """Each state in which a run of a definition can be met, and what it holds there.

    A run may hold more: what was started and not awaited, what is to be undone. Where a lifecycle
    has come to its end, with no effect to be done there, no run is met.
    """
    above = {node.parent for node in machine.nodes if node.kind not in ("initial", "history")}
    over = {n.id for n in machine.nodes if n.kind == "final" and n.parent is None}
    over -= {n.id for n in machine.nodes if n.entering}
    over -= {target for edge in machine.edges if edge.effects for target in edge.targets}
    for node in machine.nodes:
        if machine.kind == "lifecycle":
            if node.kind not in ("initial", "history") and node.id not in above | over:
                yield node.id, Held(active=_around(machine, node), whole=False)
        elif node.kind in LIVE and not _in_join(machine, node):
            yield node.id, held_at(machine, node)
    if machine.kind == "workflow":  # a lifecycle's effects are made beside its states
        yield from _in_branches(machine)


def _in_branches(machine: Machine) -> Iterator[tuple[str, Held]]:
    """The same of calls that are made without being awaited there and then, by their names."""
    heads = [f"{n.id}/" for n in machine.calls if n.kind == "compound" and n.parent is None]
    for node in machine.calls:
        if node.kind in LIVE and not _in_join(machine, node):
            roots = [head for head in heads if node.id.startswith(head)]
            if roots:
                yield node.id, held_at(machine, node, max(roots, key=len))
            else:
                yield node.id, Held(doing=(_doing(node),))


def held_at(machine: Machine, node: Node, root: str = "") -> Held:
    """What a workflow holds that stands at a node.

    Args:
        root: what the names of the branch's states begin with that stands there, "" for none.
    """
    around = levels(machine, root, node.id)
    kept = frozenset(prefix + name for prefix, level in around for name in level.variables)
    thread = ThreadAt(root, root, root, node.id, node.id, kept)
    head = root[:-1]
    above = (Doing(root, "helper", head.rpartition("/")[2], head, head),) if root else ()
    return Held(threads=(thread,), doing=(_doing(node), *above))


def _doing(node: Node) -> Doing:
    kind: DoingKind = "join" if node.written else _AS_DONE[node.kind]
    commands = tuple(node.waits_for.split(", ")) if kind == "wait" else ()
    return Doing("", kind, node.waits_for, node.id, node.id, commands)


def _in_join(machine: Machine, node: Node) -> bool:
    above = node.parent
    while above is not None:
        parent = machine.places[above]
        if parent.kind == "parallel":
            return True
        above = parent.parent
    return False


def _around(machine: Machine, node: Node) -> tuple[tuple[str, str], ...]:
    """A state of a lifecycle and those around it, the outermost first."""
    found: list[tuple[str, str]] = []
    at: Node | None = node
    while at is not None:
        found.insert(0, (at.id, at.id))
        at = machine.by_id.get(at.parent) if at.parent is not None else None
    return tuple(found)
