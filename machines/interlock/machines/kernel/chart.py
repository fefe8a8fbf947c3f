"""A machine made ready for moving: which transitions an event takes, and where they lead."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from interlock.machines.errors import BadDefinition
from interlock.machines.ir import DONE, Edge, Machine
from interlock.machines.kernel.entry import Entry, beginning, targets_of
from interlock.machines.kernel.leaving import leaving
from interlock.machines.kernel.snapshot import Microstep, Snapshot
from interlock.machines.kernel.structure import flaws
from interlock.machines.kernel.tree import TOP, Tree, ones

Choose: TypeAlias = Callable[[str, str], Edge | None]
"""Answers which of a state's edges an event takes, given the state's name and the event's: the
first whose guards agree, None for none. Asked at most once for each state and event of a step,
before anything has moved."""

_KEPT = 4096
"""Steps whose outcome is kept at hand."""

DONE_OF = f"{DONE} "


class Chart:
    """A machine's states and edges, compiled. It holds no run; every method is pure.

    Attributes:
        machine: the graph.
        flat: no state is inside another.

    Raises:
        BadDefinition: the states do not form a tree that can be run; see `flaws`.
    """

    def __init__(self, machine: Machine) -> None:
        for flaw in flaws(machine):
            text = f"{machine.name}: {flaw.text}"
            raise BadDefinition(text)
        ends = {end for edge in machine.edges for end in (edge.source, *edge.targets)}
        for name in {machine.initial, *machine.more, *ends} - machine.by_id.keys():
            text = f"{machine.name} has no state {name!r}"
            raise BadDefinition(text)
        self.machine = machine
        self.flat = all(node.parent is None for node in machine.nodes)
        self._tree = tree = Tree(machine)
        self._sources: dict[str, int] = {}
        for edge in machine.edges:
            event = edge.event
            here = 1 << tree.number[edge.source]
            self._sources[event] = self._sources.get(event, 0) | here
            if event == DONE:
                event = f"{DONE_OF}{edge.source}"
                self._sources[event] = self._sources.get(event, 0) | here
        self._moves: dict[str, tuple[int, int]] = {}
        self._found: dict[tuple[int, tuple[str, ...]], Microstep] = {}

    def knows(self, event: str) -> bool:
        """Whether any state has an edge on `event`."""
        return event in self._sources

    def begin(self) -> Microstep:
        """Enter the initial states."""
        tree = self._tree
        first = (self.machine.initial, *self.machine.more)
        entered = beginning(tree, [tree.number[name] for name in first])
        return self._step((), 0, 0, entered, {}, {})

    def entering(self, targets: Iterable[str], history: Snapshot | None = None) -> tuple[str, ...]:
        """The states that are entered when `targets` are, with all around and inside them.

        Args:
            targets: names of states (or histories).
            history: brings back what the histories in it remember.
        """
        remembered = {} if history is None else self._remembered(history)
        entry = Entry(self._tree, remembered)
        entry.add(tuple(self._tree.number[name] for name in targets), TOP)
        return self._tree.named(entry.states)

    def at(self, targets: Iterable[str]) -> Snapshot:
        """The configuration in which `targets` are active, and all else as it begins."""
        return Snapshot(self.entering(targets))

    def select(self, snapshot: Snapshot, event: str, choose: Choose) -> tuple[Edge, ...]:
        """The edges that an event takes: inner ones first, none that would undo another.

        Args:
            snapshot: where the run is.
            event: its name.
            choose: asks the guards.
        """
        tree = self._tree
        sources = self._sources.get(event, 0)
        active = tree.bits(snapshot.active)
        if not active & sources:
            return ()
        done_of = event[len(DONE_OF) :] if event.startswith(DONE_OF) else None
        asked: dict[int, Edge | None] = {}
        found: list[Edge] = []
        for leaf in ones(active & tree.leaves):
            for state in (leaf, *tree.ancestors[leaf]):
                if not sources >> state & 1:
                    continue
                if state in asked:
                    if asked[state] is not None:
                        break
                    continue
                name = tree.names[state]
                edge = choose(name, DONE) if name == done_of else None
                edge = asked[state] = edge or choose(name, event)
                if edge is not None:
                    found.append(edge)
                    break
        return tuple(found) if len(found) < 2 else self._compatible(snapshot, active, found)

    def _compatible(self, snapshot: Snapshot, active: int, edges: list[Edge]) -> tuple[Edge, ...]:
        """Of two edges that leave a same state the inner one stays, else the one found first."""
        tree, remembered = self._tree, self._remembered(snapshot)
        kept: list[tuple[Edge, int]] = []
        for edge in edges:
            left = active & self._leaving(edge, remembered)[1]
            source = tree.number[edge.source]
            rivals = [pair for pair in kept if pair[1] & left]
            if all(tree.inside[tree.number[pair[0].source]] >> source & 1 for pair in rivals):
                kept = [pair for pair in kept if pair not in rivals]
                kept.append((edge, left))
        return tuple(edge for edge, _ in kept)

    def take(self, snapshot: Snapshot, edges: tuple[Edge, ...]) -> Microstep:
        """Leave and enter what `edges`, which `select` answered, lead through."""
        tree = self._tree
        active = tree.bits(snapshot.active)
        key = (active, tuple([edge.id for edge in edges]))
        known = self._found.get(key) if not snapshot.history else None
        if known is not None:
            return known
        remembered = self._remembered(snapshot)
        moves = [(edge, *self._leaving(edge, remembered)) for edge in edges]
        left = 0
        for _, _, leaves in moves:
            left |= active & leaves
        noted = self._noted(active, left)
        remembered |= {tree.number[name]: tree.bits(states) for name, states in noted.items()}
        entry = Entry(tree, remembered)
        for edge, below, _ in moves:
            if not edge.stays:
                entry.add(tuple(tree.number[name] for name in edge.targets), below)
        now = active & ~left
        step = self._step(edges, now, left, entry.states & ~now, noted, snapshot.history)
        if not snapshot.history:
            if len(self._found) > _KEPT:
                self._found.clear()
            self._found[key] = step
        return step

    def _leaving(self, edge: Edge, remembered: dict[int, int]) -> tuple[int, int]:
        known = self._moves.get(edge.id)
        if known is not None:
            return known
        tree = self._tree
        if edge.stays:
            found = tree.number[edge.source], 0
        else:
            targets = [tree.number[name] for name in edge.targets]
            real = targets_of(tree, targets, remembered)
            source = tree.number[edge.source]
            found = leaving(tree, source, real, internal=edge.internal)
            if tree.bits(edge.targets) & tree.history:
                return found
        self._moves[edge.id] = found
        return found

    def _step(
        self,
        edges: tuple[Edge, ...],
        now: int,
        left: int,
        entered: int,
        noted: dict[str, tuple[str, ...]],
        history: dict[str, tuple[str, ...]],
    ) -> Microstep:
        tree = self._tree
        raised: list[str] = []
        done = False
        for state in ones(entered):
            now |= 1 << state
            if tree.final >> state & 1:
                done = done or tree.parent[state] == TOP
                raised += self._raised(now, state)
        after = Snapshot(tree.named(now), {**history, **noted} if noted else history)
        out = tree.named(left)[::-1]
        return Microstep(edges, out, tree.named(entered), noted, tuple(raised), after, done)

    def _noted(self, active: int, left: int) -> dict[str, tuple[str, ...]]:
        """What the histories of states that are left remember."""
        tree = self._tree
        found: dict[str, tuple[str, ...]] = {}
        for state, histories in tree.histories.items():
            if left >> state & 1:
                for history, deep in histories:
                    kept = tree.inside[state] & active
                    kept &= tree.leaves if deep else _bits(tree.children[state])
                    found[tree.names[history]] = tree.named(kept)
        return found

    def _raised(self, now: int, final: int) -> list[str]:
        """What follows from entering a final state."""
        tree = self._tree
        parent = tree.parent[final]
        if parent == TOP:
            return []
        found = [f"{DONE_OF}{tree.names[parent]}"]
        above = tree.parent[parent]
        if above != TOP and tree.parallel >> above & 1 and self._is_done(now, above):
            found.append(f"{DONE_OF}{tree.names[above]}")
        return found

    def is_done(self, snapshot: Snapshot, state: str) -> bool:
        """Whether a state has come to its end: a final child, or every region at its end."""
        return self._is_done(self._tree.bits(snapshot.active), self._tree.number[state])

    def _is_done(self, active: int, state: int) -> bool:
        tree = self._tree
        if tree.compound >> state & 1:
            return bool(_bits(tree.children[state]) & active & tree.final)
        if tree.parallel >> state & 1:
            return all(self._is_done(active, region) for region in tree.children[state])
        return bool(tree.final & active & 1 << state)

    def problem(self, active: Iterable[str]) -> str:
        """Why these states cannot be active together, "" when they can: the legal configurations.

        Exactly one state at the top, exactly one child of each compound state that is active,
        every region of each parallel one, and the parent of each.
        """
        tree = self._tree
        names = tuple(active)
        for name in names:
            if name not in tree.number or tree.history >> tree.number[name] & 1:
                return f"{name!r} is not a state of {self.machine.name}"
        now = tree.bits(names)
        tops = [s for s in ones(now) if tree.parent[s] == TOP]
        if len(tops) != 1:
            return f"{len(tops)} states at the top are active"
        for state in ones(now):
            parent = tree.parent[state]
            if parent != TOP and not now >> parent & 1:
                return f"{tree.names[state]!r} is active, and {tree.names[parent]!r} is not"
            inner = [child for child in tree.children[state] if now >> child & 1]
            if tree.compound >> state & 1 and len(inner) != 1:
                return f"{len(inner)} states in {tree.names[state]!r} are active"
            if tree.parallel >> state & 1 and len(inner) != len(tree.children[state]):
                return f"not every region of {tree.names[state]!r} is active"
        return ""

    def leaves(self, active: Iterable[str]) -> tuple[str, ...]:
        """The innermost of the active states, in document order."""
        return self._tree.named(self._tree.bits(tuple(active)) & self._tree.leaves)

    def upward(self, state: str) -> tuple[str, ...]:
        """A state and those around it, from the inside."""
        tree = self._tree
        return (state, *(tree.names[above] for above in tree.ancestors[tree.number[state]]))

    def _remembered(self, snapshot: Snapshot) -> dict[int, int]:
        number, bits = self._tree.number, self._tree.bits
        return {number[name]: bits(states) for name, states in snapshot.history.items()}


def _bits(numbers: Iterable[int]) -> int:
    found = 0
    for number in numbers:
        found |= 1 << number
    return found
