"""What holds of every run of a lifecycle, as far as its pure functions go."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from interlock.machines.ir import Machine
from interlock.machines.kernel import Chart
from interlock.machines.proof.invariant import Invariant
from interlock.testing.broken import Broken, differ
from interlock.testing.moves import Case, Fault, Move, Send
from interlock.testing.scenario import Scenario
from interlock.testing.subject import FAILURES, Subject
from interlock.testing.walk import IMPURE, Walk, walked, walking

Check = Callable[[Subject, Case], None]
"""Raises `Broken` where the law does not hold."""


def _itself(subject: Subject, case: Case) -> Iterator[Case]:
    yield case


@dataclass(frozen=True)
class Law:
    """Something that holds of every case.

    Attributes:
        name: how the test is called.
        text: what holds, as a sentence.
        check: looks at one case.
        faults: kinds of faults that Hypothesis adds to its cases.
        each: the cases to look at for each of the shortest ways.
        share: the part of the examples that it gets: one that is played costs more.
        lastly: of a law of all cases together: what is wrong with them, "" for nothing.
    """

    name: str
    text: str
    check: Check
    faults: Sequence[Any] = ()
    each: Callable[[Subject, Case], Iterator[Case]] = _itself
    share: float = 1.0
    lastly: Callable[[Subject], str] | None = None


def sound(subject: Subject, case: Case) -> None:
    """No method fails."""
    walk = walked(subject.kind, case)
    if walk.failure and IMPURE not in walk.failure:
        raise Broken(walk.failure, -1)
    for number, line in enumerate(walk.lines):
        if line.failure and IMPURE not in line.failure:
            raise Broken(line.failure, number)


def pure(subject: Subject, case: Case) -> None:
    """Neither the data nor the command is changed by a guard or a method."""
    walk = Walk(subject.kind, copy.deepcopy(case.start))
    if IMPURE in walk.failure:
        raise Broken(walk.failure, -1)
    for number, move in enumerate(case.moves):
        given: Move = copy.deepcopy(move)
        held = None if walk.scenario is None else walk.scenario.data
        before = copy.deepcopy(held)
        line = walk.apply(given)
        if IMPURE in line.failure:
            raise Broken(line.failure, number)
        if held != before and before == copy.deepcopy(before):
            raise Broken(differ("the data that were given were changed", before, held), number)
        if isinstance(move, Send) and isinstance(given, Send) and given.command != move.command:
            what = "the command was changed in place"
            raise Broken(differ(what, move.command, given.command), number)


def deterministic(subject: Subject, case: Case) -> None:
    """The same twice gives the same."""
    walk = Walk(subject.kind, case.start)
    if walk.scenario is None:
        return
    told = [_told(walk.scenario)]
    _same(told[0], _told(Scenario(subject.kind, case.start)), -1)
    for number, move in enumerate(case.moves):
        twin = Walk(subject.kind, case.start)
        twin.scenario = walk.scenario.twin()
        walk.apply(move)
        twin.apply(move)
        told.append(_told(walk.scenario))
        _same(told[-1], _told(twin.scenario), number)
    again = walking(subject.kind, case)
    for (number, scenario), before in zip(again, told, strict=False):
        _same(before, _told(scenario), number)


def _told(scenario: Scenario[Any, Any]) -> list[tuple[str, object]]:
    effects = [(one.step.name, one.args, one.kwargs) for one in scenario.effects]
    refusal = scenario.refusal
    return [
        ("the states", scenario.configuration),
        ("the data", scenario.data),
        ("the transitions", scenario.taken),
        ("the effects", effects),
        ("the refusal", None if refusal is None else refusal.message),
        ("the timers", scenario.timers),
    ]


def _same(first: list[tuple[str, object]], second: list[tuple[str, object]], number: int) -> None:
    for (what, expected), (_, came) in zip(first, second, strict=True):
        if expected != came:
            raise Broken(differ(f"{what} are others the second time", expected, came), number)


def structural(subject: Subject, case: Case) -> None:
    """A run is always in a configuration that the machine declares; an end accepts nothing."""
    program, over = subject.program, False
    for number, scenario in walking(subject.kind, case):
        wrong = misplaced(program.machine, program.chart, scenario.configuration)
        if wrong:
            msg = f"{scenario.configuration} is no configuration: {wrong}"
            raise Broken(msg, number)
        if over and scenario.taken:
            msg = f"it was over, and took {', '.join(scenario.taken)}"
            raise Broken(msg, number)
        over = scenario.over
        if over and scenario.timers:
            msg = f"it is over, and {', '.join(scenario.timers)} is still set"
            raise Broken(msg, number)


def misplaced(machine: Machine, chart: Chart, active: Sequence[str]) -> str:
    """What is wrong with a set of active states, "" for nothing."""
    known, here = machine.by_id, set(active)
    if not active or len(here) != len(active) or not here <= known.keys():
        return "states that there are not, or none"
    tops = [name for name in active if known[name].parent is None]
    if len(tops) != 1:
        return f"{len(tops)} states at the top"
    for name in active:
        node = known[name]
        if node.kind == "history":
            return f"{name!r} is a history, which is no state"
        if node.parent is not None and node.parent not in here:
            return f"{name!r} without {node.parent!r} around it"
        inner = [n.id for n in machine.nodes if n.parent == name and n.kind != "history"]
        found = [one for one in inner if one in here]
        if node.kind == "compound" and len(found) != 1:
            return f"{len(found)} states inside {name!r}, not one"
        if node.kind == "parallel" and found != inner:
            return f"regions of {name!r} are missing"
    return ""


def timed(subject: Subject, case: Case) -> None:
    """The timers that are set are those of the active states, counted from their entry."""
    program = subject.program
    entered: dict[str, datetime] = {}
    before: tuple[str, ...] = ()
    for number, scenario in walking(subject.kind, case):
        here = scenario.configuration
        wanted = {edge for state in here for edge, _ in program.timers(state)}
        if wanted != set(scenario.timers):
            text = "the timers that are set are not those of the active states"
            raise Broken(differ(text, sorted(wanted), sorted(scenario.timers)), number)
        for state in here:
            if state not in before:
                entered[state] = scenario.now
            for edge, delay in program.timers(state):
                due = scenario.timers[edge]
                if due < min(entered[state], scenario.now) or due > scenario.now + delay:
                    text = f"the timer {edge} is not counted from where {state!r} was entered"
                    raise Broken(differ(text, entered[state] + delay, due), number)
        before = here


def holds(invariant: Invariant) -> Law:
    """The law that an invariant holds."""

    def check(subject: Subject, case: Case) -> None:
        for number, scenario in walking(subject.kind, case):
            try:
                why = invariant.broken(scenario.configuration, scenario.data)
            except FAILURES as error:
                raise Broken(error.message, number) from error
            if why is not None:
                reason = f"{invariant.name} does not hold: {why}" if why else ""
                reason = reason or f"{invariant.name} does not hold"
                msg = f"{reason}\nof: {scenario.data!r}"
                raise Broken(msg, number)

    return Law(f"invariant-{invariant.name}", f"{invariant.name} holds", check)


PURE: Sequence[Law] = (
    Law("methods", "no guard and no method fails", sound),
    Law("purity", "guards and methods leave what they are given as it is", pure),
    Law("determinism", "what is decided twice is decided alike", deterministic),
    Law("structure", "a run is always in a declared configuration", structural),
    Law("timers", "timers belong to active states", timed),
)

NONE: tuple[Fault, ...] = ()
