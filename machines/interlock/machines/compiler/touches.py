"""How a segment may change what its variables refer to: read, grown, or changed anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from interlock.machines.compiler.blocks import CAUGHT, CONTROL, Block, Pause, control, successors
from interlock.machines.compiler.effects import Effects, Level
from interlock.machines.compiler.liveness import NOTHING
from interlock.machines.compiler.noted import Token
from interlock.machines.compiler.scope import Scope
from interlock.store.values import Touch

_REPORTED = {
    Level.READ: Touch.READ, Level.GROWN: Touch.APPEND,
    Level.CHANGED: Touch.DEEP, Level.DEEP: Touch.DEEP,
}  # fmt: skip


END = -1
"""In place of a pause: the end of the function, by a return or an exception."""

_GIVEN = frozenset({".value", CAUGHT})  # what an await gave


class Touches:
    """Answers, for a pair of awaits, how the code between them may treat each variable.

    Sound, not exact: every block on any path between the two counts, in any order.
    """

    def __init__(self, blocks: Sequence[Block], scope: Scope, pauses: Sequence[Pause]) -> None:
        self._blocks = blocks
        self._pauses = pauses
        self._entries = [pause.behind for pause in pauses]
        self._exits = [
            next(b for b in blocks if any(node is pause for node in control(b))) for pause in pauses
        ]
        self._ahead = {block: _onward(block) for block in blocks}
        self._back: dict[Block, list[Block]] = {block: [] for block in blocks}
        for block in blocks:
            for other in self._ahead[block]:
                self._back[other].append(block)
        self._effects = {block: Effects(scope).of(block) for block in blocks}
        self._between: dict[tuple[int, int], list[Effects]] = {}
        self._known: dict[tuple[int, int, frozenset[str | Token]], dict[str, Touch]] = {}

    def __call__(
        self, entry: int, exit_: int, deep: Set[str | Token] = NOTHING
    ) -> Mapping[str, Touch]:
        """The touches between pause `entry` (-1 for the beginning) and pause `exit_` or `END`.

        Args:
            deep: variables and calls that turned out to change anything, when they ran.
        """
        key = (entry, exit_, frozenset(deep) if deep else NOTHING)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._touches(self._segment(entry, exit_), deep)
        return known

    def mentioned(self, exit_: int) -> Set[str]:
        """All variables of which something could be said at a pause, whatever the entry."""
        between = _closure(self._exits[exit_], self._back)
        return {name for block in between for name in self._effects[block].names}

    def ahead(self, entry: Block) -> Sequence[Pause]:
        """The pauses that the segment which begins with a block can come to."""
        reached = _closure(entry, self._ahead)
        return [p for p, exit_ in zip(self._pauses, self._exits, strict=True) if exit_ in reached]

    def _segment(self, entry: int, exit_: int) -> list[Effects]:
        """What the blocks do that lie on a path between two pauses."""
        if (entry, exit_) not in self._between:
            first = self._blocks[0] if entry < 0 else self._entries[entry]
            between = _closure(first, self._ahead)
            if exit_ != END:
                between &= _closure(self._exits[exit_], self._back)
            self._between[entry, exit_] = [self._effects[block] for block in between]
        return self._between[entry, exit_]

    def _touches(self, between: Sequence[Effects], deep: Set[str | Token]) -> dict[str, Touch]:
        levels: dict[str, Level] = {name: Level.DEEP for name in deep if isinstance(name, str)}
        flows: set[tuple[str, str, str]] = set()
        for effects in between:
            flows |= effects.flows
            for name, level in effects.levels.items():
                levels[name] = max(level, levels.get(name, Level.READ))
            for token in effects.asked.keys() & deep:
                levels |= {name: Level.DEEP for name, _ in effects.asked[token]}
        _propagate(levels, flows)
        named = {name: level for name, level in levels.items() if not _is_internal(name)}
        return {name: _REPORTED[level] for name, level in named.items()}


def _onward(block: Block) -> list[Block]:
    """Where control can go within the segment, exceptions included."""
    behind = {id(node.behind) for node in control(block) if isinstance(node, Pause)}
    following = [other for other in successors(block) if id(other) not in behind]
    return following if block.handler is None else [*following, block.handler]


def _closure(first: Block, steps: Mapping[Block, Sequence[Block]]) -> set[Block]:
    seen = {first}
    todo = [first]
    while todo:
        for other in steps[todo.pop()]:
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return seen


def _is_internal(name: str) -> bool:
    return (name in CONTROL and name not in _GIVEN) or name.startswith(".inner")


def _propagate(levels: dict[str, Level], flows: set[tuple[str, str, str]]) -> None:
    """Carry changes from what was assigned to what it was assigned from.

    `same`: the very object. `part`: something inside it, so that a change of it is a deep change
    of the whole. `holds`: a new object that only refers to it, so that only deep changes count.
    """
    changed = True
    while changed:
        changed = False
        for target, origin, kind in flows:
            level = levels.get(target, Level.READ)
            if kind == "part" and level > Level.READ:
                level = Level.DEEP
            if kind == "holds" and level < Level.DEEP:
                level = Level.READ
            if level > levels.get(origin, Level.READ):
                levels[origin] = level
                changed = True
