"""Finds what the code of a function says that its graph does not: see `machines.facts`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from interlock.machines.compiler.blocks import Block, Pause, control, successors
from interlock.machines.compiler.builder import Builder
from interlock.machines.compiler.joins import counted
from interlock.machines.compiler.noted import token_of
from interlock.machines.compiler.origins import Origins
from interlock.machines.compiler.places import CallPlaces
from interlock.machines.compiler.scope import COMPREHENSIONS
from interlock.machines.compiler.sites import Site
from interlock.machines.compiler.syntax import NESTED, walk_scope
from interlock.machines.facts import Facts, Joined

_REPEATS = (ast.For, ast.While, *COMPREHENSIONS)


@dataclass(frozen=True, slots=True, eq=False)
class Finder:
    """Looks at one compiled function, when it is asked.

    Attributes:
        builder: what it was translated by.
        blocks: its code.
        states: its awaits, and what they are called.
        calls: the calls that it does not await on the spot.
    """

    builder: Builder
    blocks: Sequence[Block]
    states: Mapping[Site, str]
    calls: CallPlaces

    def __call__(self) -> Facts:
        """All that is known."""
        builder = self.builder
        body = builder.source.tree.body
        origins = Origins(builder.source, builder.scope, builder.sites, self.calls)
        joins: dict[str, Joined] = {}
        for node in walk_scope(*body):
            if isinstance(node, (ast.Await, ast.AsyncWith)):
                site = builder.sites.known(node)
                if site is not None and site.kind == "join" and site in self.states:
                    joins[self.states[site]] = self._joined(node, site, origins)
        pauses = [n for b in self.blocks for n in control(b) if isinstance(n, Pause)]
        behind = {self.states[pause.site]: pause.behind for pause in pauses}
        missed = dict.fromkeys((s.line, s.base) for s in builder.order if s not in self.states)
        return Facts(
            joins=joins,
            begun={
                state: self._begun(block)
                for state, block in {"start": builder.entry, **behind}.items()
            },
            cancelled=origins.cancelled(),
            children=origins.children(),
            told=frozenset(self._told(pauses)),
            unreached=tuple(sorted(missed)),
        )

    def _told(self, pauses: Sequence[Pause]) -> Iterator[str]:
        """What says by itself for whom, or for what, it waits."""
        for pause in pauses:
            wait = pause.site.kind == "wait" and pause.where is not None
            if wait or (pause.site.kind == "approval" and _names_people(pause.call)):
                yield self.states[pause.site]
        calls = self.builder.sites.calls
        nodes = [n for n in walk_scope(*self.builder.source.tree.body) if isinstance(n, ast.Call)]
        written = [n for n in nodes if token_of(n) in calls and not _names_people(n)]
        open_ones = {self.calls.sites.get(calls[token_of(n)]) for n in written}
        for call, name in self.calls.sites.items():
            if call.kind == "approval" and name not in open_ones:
                yield name

    def _joined(self, node: ast.Await | ast.AsyncWith, site: Site, origins: Origins) -> Joined:
        written: dict[str, int] = {}
        least: dict[str, int] = {}
        for call, most, surely in counted(self.builder.sites, node, site):
            name = self.calls.sites[call]
            written[name] = written.get(name, 0) + most
            least[name] = least.get(name, 0) + surely
        held = origins.of_join(node, site)
        return Joined(
            several=frozenset(name for name, count in written.items() if count > 1),
            maybe=frozenset(name for name, count in least.items() if not count),
            held=held.calls,
            children=held.children,
            certain=held.certain,
            unsure=held.unsure,
            collects=site.collects,
        )

    def _begun(self, first: Block) -> dict[str, bool]:
        """The calls that are started before the next await."""
        found: dict[str, bool] = {}
        for block in _until_paused(first):
            here = [*_starts(block.statements, again=False)]
            again = bool(here) and any(block in _until_paused(b) for b in _onward(block))
            for number, several in here:
                name = self.calls.names[number]
                found[name] = several or again or name in found
        return found


def _names_people(call: ast.Call) -> bool:
    return any(keyword.arg == "approvers" for keyword in call.keywords)


def _onward(block: Block) -> Iterator[Block]:
    """Where control can go before the next await, exceptions included."""
    for node in control(block):
        if not isinstance(node, Pause):
            yield from (b for b in successors(block) if getattr(node, "target", None) is b)
    if block.handler is not None:
        yield block.handler


def _until_paused(first: Block) -> list[Block]:
    found, todo = [first], [first]
    while todo:
        for other in _onward(todo.pop()):
            if other not in found:
                found.append(other)
                todo.append(other)
    return found


def _starts(nodes: Sequence[ast.AST], *, again: bool) -> Iterator[tuple[int, bool]]:
    """The calls that statements start, by number, and whether that may be more than once."""
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            number = _number(node) if node.func.id == ".start" else None
            if number is not None:
                yield number, again
        if not isinstance(node, NESTED):
            inner = list(ast.iter_child_nodes(node))
            yield from _starts(inner, again=again or isinstance(node, _REPEATS))


def _number(node: ast.Call) -> int | None:
    """Of `.start(.made(.calls[3], …))` the number."""
    made = node.args[0] if node.args else None
    name = made.args[0] if isinstance(made, ast.Call) and made.args else None
    if isinstance(name, ast.Subscript) and isinstance(name.slice, ast.Constant):
        return int(name.slice.value) if isinstance(name.slice.value, int) else None
    return None
