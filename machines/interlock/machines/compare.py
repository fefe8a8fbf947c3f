"""Whether a run of one definition may go on under another one: `judge`, the one answer to that.

`docs/changing_code.md` says what is provably safe. Both the engine and the check before a deploy
ask here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from interlock.machines.acceptance import may_take
from interlock.machines.advice import GONE, KEPT, NO_UNDO, OTHER_FIELDS, UNDO_OF, a
from interlock.machines.classes import changed_classes, directly_changed, mentioned, within
from interlock.machines.compare_lifecycle import look_at_lifecycle
from interlock.machines.found import Found
from interlock.machines.held import Doing, Done, Held, ThreadAt, anywhere, is_helper, levels
from interlock.machines.ir import Machine, Node
from interlock.store.values.evolving import formerly


@dataclass(frozen=True, slots=True)
class GoesOn:
    """The run is provably one that the new definition could have come to by itself."""

    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NeedsMapping:
    """The new definition does not say where the run stands: somebody has to.

    Attributes:
        states: of the old definition, those that need an answer.
        reasons: in words, one for each thing that is in the way.
        lacking: of the states, those that a migration has to map.
        wanted: variables that a migration's function has to give.
    """

    states: tuple[str, ...]
    reasons: tuple[str, ...]
    lacking: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TypeChanged:
    """The states are the same, and something recorded is not what the new definition expects.

    Attributes:
        variables: what, by name; `input of charge` for that of a call under way.
        reasons: in words, one for each.
    """

    variables: tuple[str, ...]
    reasons: tuple[str, ...]


Verdict: TypeAlias = GoesOn | NeedsMapping | TypeChanged


class Values(Protocol):
    """Looks at what is recorded; each answer says what does not fit, "" when it does."""

    def variable(self, thread: str, name: str) -> str:
        """Whether a thread's variable is what the new definition declares."""
        ...

    def stands(self, state: str) -> bool:
        """Whether the new code can stand still at a state."""
        ...

    def doing(self, activity: str) -> str:
        """Whether the new definition's step takes the input of a call, and gives its outcome."""
        ...

    def others(self) -> Iterator[tuple[str, str]]:
        """What else does not fit: its name, and what is wrong with it."""
        ...


def judge(old: Machine | None, new: Machine, held: Held, values: Values | None = None) -> Verdict:
    """Whether a run goes on.

    Args:
        old: the definition that it follows; None when nobody knows it any more.
        new: the definition that it would follow.
        held: what it holds, under the names that `new` is to have for its states.
        values: looks at what it recorded; without, what the definitions declare is compared.
    """
    found = Found()
    if new.kind == "lifecycle":
        look_at_lifecycle(old, new, held, found)
        answered = held.active and all(was in held.mapped for _, was in held.active)
        if values is None and old is not None and not answered:
            _data(old, new, found)
    else:
        _Workflows(old, new, held, values, found).look()
    if found.states:
        return NeedsMapping(
            tuple(found.states), found.told(), tuple(found.lacking), tuple(found.wanted)
        )
    _values(held, values, found)
    if found.variables:
        return TypeChanged(tuple(found.variables), found.told())
    return GoesOn()


def unsafe_states(
    old: Machine, new: Machine, states: Mapping[str, str] | None = None
) -> dict[str, Verdict]:
    """The states of a definition in which a run cannot go on under another one, and why.

    Args:
        states: what a migration makes of them, by old name; it answers for their variables, too.
    """
    found: dict[str, Verdict] = {}
    for state, held in anywhere(old):
        verdict = judge(old, new, held.moved(states or {}))
        if not isinstance(verdict, GoesOn):
            found[state] = verdict
    return found


def _data(old: Machine, new: Machine, found: Found) -> None:
    changed = directly_changed(old, new, grown=True)
    if new.data in new.values:  # a definition of an older release does not say which it is
        kept = [new.data, *(new.commands if _keeps(old) else ())]
        changed &= set[str]().union(*(within(name, new) for name in kept))
    if changed:
        found.misfit("data", f"{OTHER_FIELDS} than before: {', '.join(sorted(changed))}")


def _keeps(machine: Machine) -> bool:
    """Whether a lifecycle keeps commands for a later state."""
    return "defer" in (machine.unhandled, *(node.unhandled for node in machine.nodes))


def _values(held: Held, values: Values | None, found: Found) -> None:
    if values is None:
        return
    for doing in held.doing:
        why = values.doing(doing.id)
        if why:
            found.misfit(f"input of {doing.name}", why)
    for name, why in values.others():
        found.misfit(name, why)


_KINDS = {
    "step": ("step",), "approval": ("approval",), "sleep": ("sleep",), "wait": ("wait",),
    "join": ("parallel", "wait"), "helper": ("compound",), "child": ("child",),
}  # fmt: skip
"""How the activities of a run are drawn."""


class _Workflows:
    """Compares where a run of a workflow stands."""

    def __init__(
        self, old: Machine | None, new: Machine, held: Held, values: Values | None, found: Found
    ) -> None:
        self.old = old
        self.new = new
        self.held = held
        self.values = values
        self.found = found
        self._changed = set[str]() if old is None else changed_classes(old, new, grown=True)

    def look(self) -> None:
        for thread in self.held.threads:
            self._thread(thread)
        for doing in self.held.doing:
            if doing.kind != "undo" and not doing.apart:
                self._doing(doing)
        for state, was in self.held.planned:
            self._planned(state, was)
        for command in self.held.deferred:
            self._kept(command)
        for done in self.held.undo:
            if done.child:
                continue  # what it did is undone by its own code
            node = self.new.places.get(done.state)
            if node is None or node.kind != "step":
                self.found.state(done.was, f"{done.step} is done, and no state says how to undo it")
            elif not node.compensated:
                self.found.lost(done.was, f"{done.step}{NO_UNDO}")
            elif self.values is None and self.old is not None:
                self._undo_is_given(done, self.old, node.gives)

    def _undo_is_given(self, done: Done, old: Machine, gives: str) -> None:
        """What is recorded of a completed call: as far as classes tell, its undo can take it."""
        before = old.places.get(done.was)
        if before is None or not before.gives:
            return
        given = within(before.gives, old)
        gone = sorted(n for n in given - self.new.values.keys() if not [*formerly(n)])
        changed = sorted(given & directly_changed(old, self.new, grown=True))
        if gone:
            what = f"{a(gone[0])}, {GONE}"
        elif changed:
            what = f"{a(changed[0])}, with {OTHER_FIELDS} than before"
        elif not given and gives and before.gives != gives:
            what = f"what was {before.gives}, and is {gives}"
        else:
            return
        self.found.misfit(f"undo of {done.step}", f"{UNDO_OF}{done.step} is given {what}")

    def _kept(self, command: str) -> None:
        """A command that came before its turn: its turn has to come, as far as it would have."""
        own = [thread for thread in self.held.threads if not thread.id]
        told = own and own[0].was in self.found.states
        if not own or told or any(may_take(self.new, t.state, command) for t in self.held.threads):
            return
        if self.old is not None and not any(
            may_take(self.old, t.was, command) for t in self.held.threads
        ):
            return  # nor would the old code have taken it
        if own[0].was not in self.held.mapped:
            self.found.state(own[0].was, f"{command}{KEPT}")

    def _planned(self, state: str, was: str) -> None:
        before, now = self._old(was), self.new.places.get(state)
        if now is None:
            self.found.state(was, f"the call {was!r} is yet to be made, and is gone")
        elif before is not None and (before.kind, before.waits_for) != (now.kind, now.waits_for):
            what = f"{now.kind} {now.waits_for}".strip()
            self.found.state(was, f"the call {was!r} is yet to be made, and is now {what}")

    def _old(self, state: str) -> Node | None:
        return None if self.old is None else self.old.places.get(state)

    def _thread(self, thread: ThreadAt) -> None:
        around = levels(self.new, thread.root, thread.state)
        if not around or around[-1][1].id != thread.state or not self._can_stand(thread):
            self.found.state(thread.was, f"the new definition has no state {thread.state!r}")
            return
        inside = thread.state.count("/", len(thread.root)) if len(around) > 1 else 0
        before = self._levels_before(thread, len(around))
        if before is None or inside < len(around) - 1:
            self.found.state(
                thread.was, f"{thread.state!r} is inside of other functions than it was"
            )
            return
        for (prefix, node), known in zip(around, before, strict=True):
            for name in node.variables:
                self._variable(thread, prefix, name, node, known)

    def _can_stand(self, thread: ThreadAt) -> bool:
        """Whether the new code awaits there: a call that it only makes has a name as well."""
        if self.values is not None:
            return self.values.stands(thread.state)
        return bool(thread.root) or thread.state in self.new.by_id

    def _levels_before(self, thread: ThreadAt, count: int) -> Sequence[Node | None] | None:
        """The same nodes of the old definition; None where there were more or fewer of them."""
        if self.old is None:
            return [None] * count
        before = levels(self.old, thread.root_was, thread.was)
        return [node for _, node in before] if len(before) == count else None

    def _variable(
        self, thread: ThreadAt, prefix: str, name: str, node: Node, before: Node | None
    ) -> None:
        whole = prefix + name
        if whole not in thread.variables:
            if before is None or name not in before.variables:  # else it is unbound, as it was
                self._missing(thread, name, node)
            return
        if name[0] == ".":
            same = before is not None and before.hidden.get(name) == node.hidden.get(name)
            if not same and thread.was not in self.held.mapped:
                why = "the statement that it is in the middle of is written differently"
                self.found.state(thread.was, f"in {thread.was!r}, {why}")
        why = self._misfit(thread, prefix, name, node, before)
        if why:
            self.found.variable(whole, thread.was, why)

    def _misfit(
        self, thread: ThreadAt, prefix: str, name: str, node: Node, before: Node | None
    ) -> str:
        if self.values is not None:
            return self.values.variable(thread.id, prefix + name)
        if thread.was in self.held.mapped or before is None:
            return ""
        was, now = before.typed.get(name, ""), node.typed.get(name, "")
        if was and now and was != now:
            return f"was {was}, and is {now}"
        if self.old is None or not mentioned(now or was, self.new, self._changed):
            return ""
        inside = within(now or was, self.new) & directly_changed(self.old, self.new, grown=True)
        which = f"{', '.join(sorted(inside))} {'have' if len(inside) > 1 else 'has'}"
        return f"is {now or was}, and {which} {OTHER_FIELDS}"

    def _missing(self, thread: ThreadAt, name: str, node: Node) -> None:
        if thread.was in self.held.mapped and self.values is None:
            return  # the migration's function gives it, or the engine says that it does not
        if name[0] == ".":
            why = "the new code is in the middle of a statement there, and the old code was not"
            self.found.state(thread.was, f"in {thread.was!r}, {why}")
        else:
            why = f"the new code reads {name!r}, which the old code did not keep there"
            self.found.missing(thread.was, name, f"in {thread.was!r}, {why}")

    def _doing(self, doing: Doing) -> None:
        node, before = self.new.places.get(doing.state), self._old(doing.was)
        what = f"{doing.kind} {doing.name}".strip()
        if node is None:
            if doing.was not in self.found.states:  # its thread stands there, and said so
                why = f"the new definition has no state {doing.state!r} ({what})"
                self.found.state(doing.was, why)
            return
        if node.kind not in _KINDS[doing.kind]:
            self.found.state(doing.was, f"{doing.state!r} was a {doing.kind}, and is a {node.kind}")
        elif doing.kind == "helper" and not is_helper(self.new, node):
            self.found.state(doing.was, f"{doing.state!r} was a helper, and is none")
        elif doing.kind == "join":
            self._join(doing, node, before)
        elif not self._waits_alike(doing, node, before):
            was = doing.name if before is None else before.waits_for
            why = f"{doing.state!r} waited for {was}, and waits for {node.waits_for}"
            self.found.state(doing.was, why)
        elif self.values is None and before is not None and not takes(before, node):
            shape = ", ".join(f"{name}: {text}" for name, text in node.takes.items())
            self.found.misfit(f"input of {doing.name}", f"{doing.name} now takes ({shape})")

    def _waits_alike(self, doing: Doing, node: Node, before: Node | None) -> bool:
        if doing.kind in ("helper", "sleep"):
            return True
        if doing.kind == "wait":
            wanted = set(node.waits_for.split(", "))
            mapped = doing.was in self.held.mapped
            return set(doing.commands) == wanted or (mapped and set(doing.commands) <= wanted)
        if doing.was in self.held.mapped:
            return True
        if before is not None:
            return before.waits_for == node.waits_for
        return node.waits_for in ("", doing.name)

    def _join(self, doing: Doing, node: Node, before: Node | None) -> None:
        if not node.written:
            self.found.state(doing.was, f"{doing.state!r} waited for several calls, and does not")
        elif doing.was not in self.held.mapped and (
            before is None or before.written != node.written
        ):
            why = "the statement that starts its calls is written differently"
            self.found.state(doing.was, f"in {doing.was!r}, {why}")


def takes(before: Node, now: Node) -> bool:
    """Whether a step takes every input that it took before, as far as its parameters tell."""
    if not before.takes or not now.takes or before.takes == now.takes:
        return True
    old, new = list(before.takes.items()), list(now.takes.items())
    for (name, text), (known, wanted) in zip(old, new, strict=False):
        if name != known or _type(text) != _type(wanted):
            return False
        if text.endswith("=") and not wanted.endswith("="):
            return False
    return len(new) >= len(old) and all(_may_be_left_out(*more) for more in new[len(old) :])


def _type(text: str) -> str:
    return text.removesuffix("=").strip()


def _may_be_left_out(name: str, text: str) -> bool:
    return text.endswith("=") or name[0] == "*"
