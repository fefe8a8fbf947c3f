"""Whether the cases of a workflow come to every state: laws hold of what never happens, too."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

from interlock.machines.ir import Edge, Machine
from interlock.projections import History
from interlock.store.vocabulary import CompensationStarted, RunFailed, StepFailed
from interlock.testing.coverage.items import items_of, transition_key
from interlock.testing.coverage.tally import Tally
from interlock.testing.errors import NeverTaken
from interlock.testing.flow_laws import FlowLaw
from interlock.testing.flow_play import FlowPlay, flow_played
from interlock.testing.flow_subject import FlowSubject
from interlock.testing.moves import Case

REACHED = "reached"


@dataclass
class FlowReached:
    """What the cases of one workflow came to.

    Attributes:
        tally: of its machine.
        errors: what the workflow's own code raised, by the state behind which it did, the first.
        vain: what was said to those who wanted to decide, where nobody was let.
        number: how many cases there were.
    """

    tally: Tally
    errors: dict[str, str] = field(default_factory=dict[str, str])
    vain: dict[str, None] = field(default_factory=dict[str, None])
    number: int = 0

    def saw(self, play: FlowPlay) -> None:
        """A case was played."""
        self.number += 1
        machine = self.tally.machine
        self.vain |= dict.fromkeys(play.vain.values())
        for history in play.ended.histories.values():
            begun = history.events[0]
            if (begun.machine, begun.hash) == (machine.name, machine.hash):
                self._ran(history)

    def _ran(self, history: History) -> None:
        """A run was played; what its own code raised is kept."""
        drawn: set[str] = set()
        before = "start"
        for event in history.events:
            self.tally.note(event, f"{self.number}")
            body = event.body
            if isinstance(body, StepFailed):
                drawn.add(body.error.message)
            elif isinstance(body, RunFailed | CompensationStarted) and body.error is not None:
                error = body.error
                if error.message not in drawn:
                    self.errors.setdefault(before, f"{error.type}: {error.message}")
            before = event.state


def reached_of(subject: FlowSubject) -> FlowReached:
    """What the cases that were looked at so far came to."""
    if REACHED not in subject.kept:
        subject.kept[REACHED] = FlowReached(Tally(subject.program.machine))
    found: FlowReached = subject.kept[REACHED]
    return found


def _look(subject: FlowSubject, case: Case) -> None:
    reached_of(subject).saw(flow_played(subject, case))


def _unreached(subject: FlowSubject) -> str:
    fails = subject.weight("fail") > 0
    places = [*subject.drawn()]
    return unreached(subject.flow.name, reached_of(subject), fails=fails, places=places)


def missed(machine: Machine, seen: Tally, *, fails: bool = True) -> tuple[list[str], list[Edge]]:
    """States that no run came to, and, between the others, transitions that none took.

    Args:
        fails: steps may fail, so that what follows an error is expected as well.
    """
    known = {key for (kind, key), times in seen.counts.items() if kind == "state" and times}
    taken = {key for (kind, key), times in seen.counts.items() if kind == "transition" and times}
    wanted = [item.key for item in items_of(machine) if item.kind == "state"]
    never = [state for state in wanted if state not in known]
    if not fails:
        only = {s for s in never if all(_by_error(e) for e in machine.edges if s in e.targets)}
        never = [state for state in never if state not in only]
    left = {key: edge for edge in machine.edges if (key := transition_key(machine, edge))}
    edges = [
        edge
        for key, edge in left.items()
        if key not in taken
        and (edge.source in known or machine.by_id[edge.source].kind == "initial")
        and all(target in known or target not in wanted for target in edge.targets)
        and not _by_error(edge)
    ]
    return never, edges


def _by_error(edge: Edge) -> bool:
    return edge.event == "error" or edge.event.startswith("raise ")


def told(edge: Edge) -> str:
    """A transition for people."""
    said = edge.label if edge.label in ("", "else") else f"if {edge.label}"
    label = f" ({said})" if said else ""
    return f"{edge.source} -> {', '.join(edge.targets)}{label}"


def unreached(name: str, reached: FlowReached, *, fails: bool, places: list[str]) -> str:
    """The states that no case came to, with what was seen before them; "" when there are none.

    What was seen of each state, and only not on every way between them, is a warning: not every
    way that is drawn is one that the code can go.

    Args:
        places: names under which payloads can be given.
    """
    machine = reached.tally.machine
    never, edges = missed(machine, reached.tally, fails=fails)
    if not never and edges:
        left = "\n".join(f"  {told(edge)}" for edge in edges)
        text = f"{name}: the generated tests never take\n{left}\nsay {_advice(places, [])}"
        warnings.warn(NeverTaken(text), stacklevel=2)
    if not never:
        return ""
    ways = [edge for edge in machine.edges if not _by_error(edge) and {*edge.targets} & {*never}]
    first = [edge for edge in ways if edge.source not in never]
    lines = [f"  {told(edge)} is never taken" for edge in first]
    ahead = {edge.source for edge in first}
    lines += [f"  {s} ends with {why}" for s, why in reached.errors.items() if s in ahead]
    lines += [f"  nobody is let decide on {why}" for why in reached.vain]
    lines.append(f"  so nothing ever comes to {', '.join(never)}")
    lines += ["", "no test says anything of what never happens: mend the code, or say"]
    people = ["who decides, people=['ann']"] if reached.vain else []
    places.sort(key=lambda place: place not in ahead)
    return "\n".join([*lines, _advice(places, people)])


def _advice(places: list[str], more: list[str]) -> str:
    drawn = [f"what is drawn, payloads={{{places[0]!r}: st.…}}"] if places else []
    said = ", or ".join([*more, *drawn]) or "what comes, weights={'send': 5}"
    return f"{said}; without=[{REACHED!r}] does without them"


LAW = FlowLaw(REACHED, "every state is come to by some case", _look, share=1.0, lastly=_unreached)
