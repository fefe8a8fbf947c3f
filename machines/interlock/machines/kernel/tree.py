"""The tree of states, numbered in document order; a set of states is the bits of one integer."""

from __future__ import annotations

from collections.abc import Iterator

from interlock.machines.ir import Machine, Node

TOP = -1
"""Stands for the machine itself: the parent of the states at the top."""


class Tree:
    """What is nested in what. A parent's number is smaller than its children's.

    Attributes:
        names, number: the states in document order, and back.
        parent: of each state, TOP at the top.
        ancestors: of each state, the nearest first.
        children: of each state, histories excepted.
        inside: all descendants of each state, as bits.
        first: what is entered first in each compound state; where each history leads to at first.
        histories: the histories of each state that has some, and whether they are deep.
        compound, parallel, final, history, leaves: the states of each kind, as bits; leaves are
            those that have no states inside.
    """

    def __init__(self, machine: Machine) -> None:
        nodes = _in_document_order(machine)
        self.names = tuple(node.id for node in nodes)
        self.number = {name: number for number, name in enumerate(self.names)}
        self.parent = [TOP if n.parent is None else self.number[n.parent] for n in nodes]
        self.ancestors = [tuple(self._upward(number)) for number in range(len(nodes))]
        self.compound = _bits(i for i, node in enumerate(nodes) if node.kind == "compound")
        self.parallel = _bits(i for i, node in enumerate(nodes) if node.kind == "parallel")
        self.final = _bits(i for i, node in enumerate(nodes) if node.kind == "final")
        self.history = _bits(i for i, node in enumerate(nodes) if node.kind == "history")
        self.leaves = (1 << len(nodes)) - 1 & ~(self.compound | self.parallel | self.history)
        self.children: list[tuple[int, ...]] = [
            tuple(
                child
                for child, parent in enumerate(self.parent)
                if parent == number and not self.history >> child & 1
            )
            for number in range(len(nodes))
        ]
        self.inside = [0] * len(nodes)
        for number, ancestors in enumerate(self.ancestors):
            for ancestor in ancestors:
                self.inside[ancestor] |= 1 << number
        self.first: list[tuple[int, ...]] = []
        for node in nodes:  # in order: a history may begin as its parent does
            self.first.append(self._first(node))
        self.histories: dict[int, tuple[tuple[int, bool], ...]] = {}
        for number in ones(self.history):
            known = self.histories.get(self.parent[number], ())
            self.histories[self.parent[number]] = (*known, (number, nodes[number].deep))
        self._named: dict[int, tuple[str, ...]] = {}

    def bits(self, names: tuple[str, ...]) -> int:
        """States as bits."""
        number, found = self.number, 0
        for name in names:
            found |= 1 << number[name]
        return found

    def named(self, states: int) -> tuple[str, ...]:
        """Bits as names, in document order."""
        found = self._named.get(states)
        if found is None:
            if len(self._named) > _KEPT:
                self._named.clear()
            found = self._named[states] = tuple(self.names[number] for number in ones(states))
        return found

    def _upward(self, number: int) -> Iterator[int]:
        while (number := self.parent[number]) != TOP:
            yield number

    def _first(self, node: Node) -> tuple[int, ...]:
        named = () if node.initial is None else (node.initial, *node.more)
        if not named and node.kind == "history" and node.parent is not None:
            parent = self.number[node.parent]
            return self.children[parent] if self.parallel >> parent & 1 else self.first[parent]
        return tuple(self.number[name] for name in named)


_KEPT = 4096
"""Sets of states whose names are kept at hand."""


def ones(states: int) -> Iterator[int]:
    """The numbers in a set, smallest first."""
    while states:
        low = states & -states
        yield low.bit_length() - 1
        states ^= low


def _bits(numbers: Iterator[int]) -> int:
    found = 0
    for number in numbers:
        found |= 1 << number
    return found


def _in_document_order(machine: Machine) -> list[Node]:
    below: dict[str | None, list[Node]] = {}
    for node in machine.nodes:
        below.setdefault(node.parent, []).append(node)
    found: list[Node] = []
    todo = below.get(None, [])[::-1]
    while todo:
        node = todo.pop()
        found.append(node)
        todo += below.get(node.id, [])[::-1]
    return found
