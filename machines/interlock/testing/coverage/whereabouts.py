"""Where a workflow's run is, in each of its branches, as the machine's states are named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from interlock.machines.ir import Machine
from interlock.store.within import Within


@dataclass(slots=True)
class Thread:
    """The workflow's own code, or that of a branch.

    Attributes:
        place: the state that the branch is, "" for the workflow itself.
        state: where it is, "" before its first event.
        begun: something began there.
        failed: the activity whose failure it has to deal with, "" for none.
    """

    place: str = ""
    state: str = ""
    begun: bool = False
    failed: str = ""


@dataclass(slots=True)
class Whereabouts:
    """What has to be known of a run to tell what its next event means.

    Attributes:
        threads: by the activity that each branch is, "" for the workflow itself.
        places: the states of activities.
        owners: the threads of activities.
    """

    threads: dict[str, Thread] = field(default_factory=lambda: {"": Thread()})
    places: dict[str, str] = field(default_factory=dict[str, str])
    owners: dict[str, str] = field(default_factory=dict[str, str])

    def thread(self, activity: str) -> Thread:
        """The thread that an activity is part of, or is."""
        return self.threads.setdefault(self.owners.get(activity, ""), Thread())

    def begin(self, machine: Machine, activity: str, state: str, within: Within | None) -> str:
        """An activity begins: the state that it is at.

        Args:
            machine: the definition.
            activity: its id.
            state: of the run.
            within: its place among several.
        """
        base, said = "", state
        if within is not None:
            self.owners[activity] = within.thread
            said = within.state or state
            around = self.threads.get(within.thread)
            base = self.places.get(within.join, "") or ("" if around is None else around.place)
        place = next((one for one in _inside(base, said) if one in machine.places), said)
        self.places[activity] = place
        return place


def _inside(base: str, said: str) -> Iterator[str]:
    """What a state may be called, which the log names by the helpers that it is in alone.

    The machine names it by the join, too, that it is part of.
    """
    if base:
        parts = said.split("/")
        yield from (f"{base}/{'/'.join(parts[number:])}" for number in range(len(parts)))
    yield said


def around(machine: Machine, state: str) -> Iterator[str]:
    """A state, and those around it, outwards."""
    found: str | None = state
    while found is not None:
        yield found
        node = machine.by_id.get(found)
        found = None if node is None else node.parent
