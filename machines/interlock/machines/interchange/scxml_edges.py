"""Transitions of an SCXML document as edges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from interlock.machines.interchange.conditions import read_condition
from interlock.machines.interchange.guards import is_expression
from interlock.machines.interchange.reserved import command_name
from interlock.machines.interchange.scxml_places import Document, State, ours
from interlock.machines.interchange.scxml_words import covers, is_platform, unpack
from interlock.machines.interchange.xml_items import Item
from interlock.machines.ir import ALWAYS, DONE, Edge

_DONE = "done.state."


class Transitions:
    """Reads the transitions of a document.

    Args:
        document: its states.
        timers: by state and event, the `after ...` that it stands for.
        rename: names of commands, by the name of the event.
    """

    def __init__(
        self,
        document: Document,
        timers: Mapping[str, Mapping[str, str]],
        rename: Mapping[str, str],
    ) -> None:
        self._document = document
        self._timers = timers
        self._rename = rename
        self._settled: set[tuple[str, str]] = set()
        self._events = tuple(dict.fromkeys(self._known_events()))

    def edges(self) -> Iterator[tuple[Edge, Item]]:
        """The edges without their places, in the order of the document, and their elements."""
        for state in self._document.states.values():
            if state.item.tag == "history":
                continue
            for item in self._document.parts(state.item, "transition"):
                if state.item.tag == "final":
                    self._document.leave_out("ILK196", item, f"out of {state.id}")
                    continue
                for content in item.children:
                    self._document.leave_out("ILK188", content, f"in a transition of {state.id}")
                events = list(dict.fromkeys(self._meant(state, item)))
                for event in events:
                    alone = len(events) == 1
                    edge = self._edge(state, item, event, ours(item, "id") if alone else "")
                    if not edge.guard:
                        self._settled.add((state.id, event))
                    yield edge, item

    def _edge(self, state: State, item: Item, event: str, identity: str) -> Edge:
        targets = self._document.named(item, "target") or (state.id,)
        stays = "target" not in item.attributes
        inside = item.attributes.get("type") == "internal" and targets != (state.id,)
        return Edge(
            id=identity,
            source=state.id,
            target=targets[0],
            more=targets[1:],
            event=event,
            label=ours(item, "label"),
            guard=self._guard(item),
            internal=stays or inside,
            effects=unpack(ours(item, "effects")),
            line=item.line,
        )

    def _guard(self, item: Item) -> str:
        written = ours(item, "guard")
        guard = written or read_condition(item.attributes.get("cond", ""))
        if guard and not written and is_expression(guard):
            self._document.leave_out("ILK187", item, f"cond={guard!r}")
        return guard

    def _meant(self, state: State, item: Item) -> Iterator[str]:
        """The events of an edge that a transition's descriptors stand for."""
        words = item.attributes.get("event", "").split()
        if ours(item, "event"):
            yield ours(item, "event")
        elif not words:
            yield ALWAYS
        else:
            for word in words:
                yield from self._described(state, item, word)

    def _described(self, state: State, item: Item, word: str) -> Iterator[str]:
        plain = word.removesuffix(".").removesuffix(".*")
        if plain in self._timers[state.id]:
            yield self._timers[state.id][plain]
        elif plain.startswith(_DONE) and self._document.named_by(plain.removeprefix(_DONE)):
            done = self._document.named_by(plain.removeprefix(_DONE))
            yield DONE if done == state.id and state.children else f"{DONE} {done}"
        elif is_platform(plain):
            self._document.leave_out("ILK190", item, f"event={word!r}")
        else:
            everything = plain == "*"
            if everything and (self._document.finals or any(self._timers.values())):
                self._document.leave_out("ILK190", item, "event='*' for what the machine sends")
            for event in self._events:
                name = self._rename.get(event, event)
                first = event == plain or (state.id, name) not in self._settled
                if first and (everything or covers(plain, event)):
                    yield command_name(event, self._rename)

    def _known_events(self) -> Iterator[str]:
        """Every event that some descriptor names: all that descriptors can mean."""
        for state in self._document.states.values():
            for item in self._document.parts(state.item, "transition"):
                for word in item.attributes.get("event", "").split():
                    plain = word.removesuffix(".").removesuffix(".*")
                    named = plain != "*" and not is_platform(plain) and not ours(item, "event")
                    if named and plain not in self._timers[state.id]:
                        yield plain
