"""The frames of a run: the function it stands in, and those that called it, with their values.

All of it comes from the recorded definition: right also when the code was edited, or is not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from interlock.cli.errors import BadArgument
from interlock.cli.source import Excerpt, around, excerpt_at, excerpt_of_run
from interlock.machines.ir import Machine
from interlock.projections import RunState, Thread, branches, node_of
from interlock.store.event import JSON, Event

_NEAR = 2
"""Lines before and behind the line of a caller."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A function that a run is in.

    Attributes:
        function: its name.
        source: its lines; of those that call others, the ones around the call.
        variables: what it remembers there, by their names in it.
    """

    function: str
    source: Excerpt
    variables: dict[str, JSON]

    def view(self) -> dict[str, object]:
        """As JSON."""
        return {"function": self.function, "variables": self.variables, **self.source.view()}


def branch_names(state: RunState) -> dict[str, str]:
    """The branches that are under way: ids by name."""
    found: dict[str, str] = {}
    for thread in state.threads:
        if thread in state.pending:
            name = "/".join(branches(state, state.pending[thread]))
            found[thread if name in found else name] = thread
    return found


def frames_of(
    machine: Machine, state: RunState, events: Sequence[Event], branch: str = ""
) -> list[Frame]:
    """Where a run stood after these events, the innermost function first.

    Args:
        state: the folded events.
        branch: name or id of a branch, "" for the workflow's own code.

    Raises:
        BadArgument: there is no such branch then; with those that there are.
    """
    thread = _thread(state, branch) if branch else None
    if machine.kind == "lifecycle":
        source = excerpt_of_run(machine, events)
        return [Frame(machine.qualname or machine.name, source, state.variables)]
    place = _last_place(machine, events) if thread is None else _place(state, thread)
    found = list(_frames(machine, state, thread, place))
    return [found[0], *(_short(frame) for frame in found[1:])]


def _thread(state: RunState, branch: str) -> Thread:
    names = branch_names(state)
    found = names.get(branch, branch)
    if found not in state.threads:
        known = ", ".join(names) or "none"
        message = (
            f"run {state.run!r} has no branch {branch!r} at version {state.head.version}; "
            f"it has: {known}"
        )
        raise BadArgument(message)
    return state.threads[found]


def _place(state: RunState, thread: Thread) -> str:
    current = state.pending.get(thread.current)
    if current is None:  # it has begun, and has not come to its first await
        return f"{node_of(state, state.pending[thread.id])}/start"
    return node_of(state, current)


def _last_place(machine: Machine, events: Sequence[Event]) -> str:
    """The last state with a line: one that has ended, or undoes what it did, stands at none."""
    for event in reversed(events):
        node = machine.places.get(event.state)
        if node is not None and node.line:
            return event.state
    return machine.initial


def _frames(
    machine: Machine, state: RunState, thread: Thread | None, place: str
) -> Iterator[Frame]:
    """Frames from a place outwards; of a branch, on into the code that began it."""
    file, line = _line(machine, place)
    root = "" if thread is None else node_of(state, state.pending[thread.id])
    values = state.variables if thread is None else thread.image.plain_variables()
    for scope in _scopes(machine, place):
        prefix = scope[len(root) + 1 :] if root else scope
        own = scope == root
        source = excerpt_at(machine, file, line)
        yield Frame(scope.rpartition("/")[2], source, _own(values, "" if own else prefix))
        file, line = _line(machine, scope)
        if own and thread is not None:
            begun = state.pending[thread.id]
            join = "" if begun.within is None else begun.within.join
            if join in state.pending:  # else the code that began it has gone on
                outer = state.threads.get(begun.thread)
                yield from _frames(machine, state, outer, node_of(state, state.pending[join]))
            return
    name = (machine.qualname or machine.name).rpartition(".")[2]
    yield Frame(name, excerpt_at(machine, file, line), _own(values, ""))


def _scopes(machine: Machine, place: str) -> Iterator[str]:
    """The helpers that a place is in, the innermost first."""
    node = machine.places.get(place)
    while node is not None:
        if f"{node.id}/start" in machine.places:
            yield node.id
        node = None if node.parent is None else machine.places.get(node.parent)


def _line(machine: Machine, place: str) -> tuple[str, int]:
    node = machine.places.get(place)
    if node is None:
        return machine.file, 0
    return node.file or machine.file, node.line


def _own(values: dict[str, JSON], prefix: str) -> dict[str, JSON]:
    """The variables of one function: those inside of a helper are called `helper/name`."""
    return {
        name.rpartition("/")[2]: value
        for name, value in values.items() if name.rpartition("/")[0] == prefix
    }  # fmt: skip


def _short(frame: Frame) -> Frame:
    return Frame(frame.function, around(frame.source, _NEAR), frame.variables)
