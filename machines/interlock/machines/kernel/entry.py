"""The entry set: which states are entered with the targets of transitions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from interlock.machines.kernel.tree import TOP, Tree, ones

Remembered = Mapping[int, int]
"""By history, the states that it brings back, as bits."""


class Entry:
    """Collects what is entered (SCXML: computeEntrySet).

    Attributes:
        states: the set, as bits.
    """

    def __init__(self, tree: Tree, remembered: Remembered) -> None:
        self._tree = tree
        self._remembered = remembered
        self.states = 0

    def add(self, targets: Sequence[int], below: int) -> None:
        """Enter `targets`, and what lies between them and `below`, which is active already."""
        for target in targets:
            self._down(target)
        for target in targets_of(self._tree, targets, self._remembered):
            self._up(target, below)

    def _down(self, state: int) -> None:
        """`state` with what is entered by default inside."""
        tree = self._tree
        if tree.history >> state & 1:
            real = targets_of(tree, (state,), self._remembered)
            for target in real:
                self._down(target)
            for target in real:
                self._up(target, tree.parent[state])
            return
        self.states |= 1 << state
        if tree.compound >> state & 1:
            for target in tree.first[state]:
                self._down(target)
            for target in targets_of(tree, tree.first[state], self._remembered):
                self._up(target, state)
        elif tree.parallel >> state & 1:
            self._regions(state)

    def _up(self, state: int, below: int) -> None:
        for ancestor in self._tree.ancestors[state]:
            if ancestor == below:
                return
            self.states |= 1 << ancestor
            if self._tree.parallel >> ancestor & 1:
                self._regions(ancestor)

    def _regions(self, state: int) -> None:
        """The regions that nothing is entered in yet."""
        for region in self._tree.children[state]:
            if not self.states & (self._tree.inside[region] | 1 << region):
                self._down(region)


def targets_of(tree: Tree, targets: Iterable[int], remembered: Remembered) -> tuple[int, ...]:
    """The states that targets stand for: a history for what it brings back."""
    found: list[int] = []
    for target in targets:
        if not tree.history >> target & 1:
            found.append(target)
        elif target in remembered:
            found += ones(remembered[target])
        else:
            found += targets_of(tree, tree.first[target], remembered)
    return tuple(found)


def beginning(tree: Tree, targets: Iterable[int]) -> int:
    """What is entered when a machine begins in `targets`."""
    entry = Entry(tree, {})
    entry.add(tuple(targets), TOP)
    return entry.states
