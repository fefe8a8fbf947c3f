"""The states of an SCXML document, with their names and what they are nested in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from interlock.machines.interchange.leftover import BadDocument, LeftOut
from interlock.machines.interchange.scxml_words import OURS, SCXML
from interlock.machines.interchange.xml_items import Item

STATES = ("state", "parallel", "final", "history")
_KNOWN = {*STATES, "transition", "initial", "onentry", "onexit"}


@dataclass(slots=True)
class State:
    """A state's element.

    Attributes:
        id: its name in the machine.
        parent: the name of the state around it, None at the top.
        item: the element.
        children: names of the states inside, histories left out.
    """

    id: str
    parent: str | None
    item: Item
    children: list[str] = field(default_factory=list[str])


class Document:
    """The states of a document by name, in its order.

    Attributes:
        root: its `scxml` element.
        left_out: what was found that a machine cannot hold.
    """

    def __init__(self, root: Item) -> None:
        if root.tag != "scxml" or root.namespace not in ("", SCXML):
            text = f"the document begins with <{root.tag}>, not with <scxml xmlns={SCXML!r}>"
            raise BadDocument(text)
        self.root = root
        self.left_out: list[LeftOut] = []
        self._by_id: dict[str, str] = {}
        self.states: dict[str, State] = {}
        for state in self._states(root, None):
            if state.id in self.states:
                raise bad(state.item, f"two states are called {state.id!r}")
            self.states[state.id] = state
            if state.parent is not None and state.item.tag != "history":
                self.states[state.parent].children.append(state.id)

    def known(self, item: Item) -> bool:
        """Whether an element is in the language of the document."""
        return item.namespace == self.root.namespace

    def parts(self, item: Item, tag: str) -> Iterator[Item]:
        """The elements of one kind inside another."""
        return (part for part in item.children if part.tag == tag and self.known(part))

    def named(self, item: Item, attribute: str) -> tuple[str, ...]:
        """The states that an attribute names.

        Raises:
            BadDocument: there is none of this name.
        """
        words = item.attributes.get(attribute, "").split()
        for word in words:
            if word not in self._by_id:
                raise bad(item, f"{attribute}={word!r} names no state of the document")
        return tuple(self._by_id[word] for word in words)

    def named_by(self, word: str) -> str | None:
        """The name of the state with this id."""
        return self._by_id.get(word)

    def inside(self, inner: str, outer: str) -> bool:
        """Whether a state is nested in another, however deep."""
        parent = self.states[inner].parent
        return parent is not None and (parent == outer or self.inside(parent, outer))

    @cached_property
    def finals(self) -> bool:
        """Whether some state comes to its end, which sends `done.state` events."""
        nested = (state for state in self.states.values() if state.parent is not None)
        return any(state.item.tag == "final" for state in nested)

    def leave_out(self, code: str, item: Item, what: str = "") -> None:
        """Note that an element cannot be carried over."""
        place = f"line {item.line}"
        self.left_out.append(LeftOut(code, place, f"<{item.tag}>{what and ' '}{what}"))

    def _states(self, around: Item, parent: str | None) -> Iterator[State]:
        number = 0
        for item in around.children:
            if self.known(item) and item.tag in STATES:
                number += 1
                word = item.attributes.get("id", "")
                default = word or f"{parent or around.tag}/{item.tag} {number}"
                identity = ours(item, "name") or default
                if word in self._by_id:
                    raise bad(item, f"two states have the id {word!r}")
                self._by_id[word or default] = identity
                yield State(identity, parent, item)
                yield from self._states(item, identity)
            elif not self.known(item) or parent is None or item.tag not in _KNOWN:
                self.leave_out("ILK189", item)


def ours(item: Item, name: str) -> str:
    """An attribute that `to_scxml` wrote beside the W3C's, "" for none."""
    return item.attributes.get(f"{OURS} {name}", "")


def bad(item: Item, what: str) -> BadDocument:
    """The error, with the line."""
    return BadDocument(f"line {item.line}: {what}")
