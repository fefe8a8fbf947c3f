"""Timers in SCXML: events that a state sends to itself with a delay when it is entered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from interlock.machines.errors import BadDefinition
from interlock.machines.interchange.scxml_places import Document, State
from interlock.machines.interchange.scxml_words import covers, from_delay
from interlock.machines.interchange.xml_items import Item

_ALLOWED = {"event", "delay", "id"}


def timers(document: Document) -> dict[str, dict[str, str]]:
    """By state and event: the `after ...` that stands for the delayed event.

    A `<send>` with a delay on entry is a timer when only transitions of that state wait for its
    event, or transitions of other states with such a timer of their own, none inside another.
    All other executable content is noted as left out; so is a timer that its state does not
    cancel on exit, which is taken as one that ends with its state.
    """
    sent = {state.id: dict(_delayed(document, state)) for state in document.states.values()}
    found: dict[str, dict[str, str]] = {name: {} for name in document.states}
    taken: list[Item] = []
    sends = _sends(document)
    for event in {event: None for several in sent.values() for event in several}:
        senders = {name for name, several in sent.items() if event in several}
        nested = any(document.inside(a, b) for a in senders for b in senders)
        once = sends[event] == len(senders)
        if once and not nested and _waiting(document, event) == senders:
            for name in senders:
                item, words = sent[name][event]
                found[name][event] = f"after {words}"
                taken.append(item)
    for state in document.states.values():
        _rest(document, state, taken)
    return found


def _waiting(document: Document, event: str) -> set[str]:
    """The states with a transition for an event; one for every event does not count."""
    return {
        state.id
        for state in document.states.values()
        for transition in document.parts(state.item, "transition")
        for word in transition.attributes.get("event", "").split()
        if covers(word.removesuffix(".*"), event)
    }


def _delayed(document: Document, state: State) -> Iterator[tuple[str, tuple[Item, str]]]:
    """The sends with a delay that could be timers: the event, the element and the delay's words."""
    for entry in document.parts(state.item, "onentry"):
        for item in document.parts(entry, "send"):
            event, delay = item.attributes.get("event"), item.attributes.get("delay")
            if event and delay and not item.children and item.attributes.keys() <= _ALLOWED:
                try:
                    yield event, (item, from_delay(delay))
                except BadDefinition:
                    continue  # listed with the rest


def _sends(document: Document) -> Counter[str]:
    """How often each event is sent or raised anywhere."""
    found: Counter[str] = Counter()
    todo = [document.root]
    while todo:
        item = todo.pop()
        if item.tag in ("send", "raise"):
            found[item.attributes.get("event", "")] += 1
        todo += item.children
    return found


def _rest(document: Document, state: State, taken: list[Item]) -> None:
    """Note what is executed on entry and exit, other than the timers that were taken."""
    cancelled: set[str] = set()
    mine: list[Item] = []
    for entry in document.parts(state.item, "onentry"):
        for item in entry.children:
            if any(item is one for one in taken):
                mine.append(item)
            else:
                document.leave_out("ILK188", item, f"on entering {state.id}")
    named = {item.attributes["id"] for item in mine if "id" in item.attributes}
    for leave in document.parts(state.item, "onexit"):
        for item in leave.children:
            sender = item.attributes.get("sendid", "")
            if item.tag == "cancel" and sender in named:
                cancelled.add(sender)
            else:
                document.leave_out("ILK188", item, f"on leaving {state.id}")
    for item in mine:
        if item.attributes.get("id") not in cancelled:
            document.leave_out("ILK188", item, f"in {state.id}, which does not cancel it on exit")
