"""Strategies of a workflow's runs: how its calls end, what people decide, what comes, and when."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from interlock.testing.flow_play import FlowPlay, flow_played
from interlock.testing.flow_reached import reached_of
from interlock.testing.flow_subject import FlowSubject
from interlock.testing.here import Here
from interlock.testing.moves import Cancel, Case, Decide, Fail, Move, Pass, Return, Send, Settle
from interlock.testing.tour import sampled

Draw = Callable[[st.SearchStrategy[Any]], Any]

_WELL = 3
"""How often a call returns, to each of its errors."""


def flow_runs(subject: FlowSubject, most: int = 20) -> st.SearchStrategy[Case]:
    """Cases of a workflow; each is played while it is drawn, so that its moves fit.

    Behind the last of them everything goes well.
    """

    @st.composite
    def drawn(draw: Draw) -> Case:
        start = draw(inputs)
        made: list[Move] = []

        def choose(here: Here) -> Move | None:
            if len(made) == most:
                return None
            options = _options(subject, here)
            if not options or not draw(st.integers(0, 9)):
                return None
            chosen: int = draw(st.integers(0, len(options) - 1))
            move = _drawn(draw, subject, options[chosen])
            made.append(move)
            return move

        flow_played(subject, Case(start), choose=choose)
        return Case(start, tuple(made))

    inputs = subject.inputs()
    return drawn()


def _options(subject: FlowSubject, here: Here) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for label in dict.fromkeys(here.calls):
        found += [("return", label)] * _WELL * subject.weight("return")
        found += [("fail", label)] * (2 * subject.weight("fail"))
    for _, activity in here.approvals:
        found += [("grant", activity.name), ("reject", activity.name)] * subject.weight("decide")
    for _, name in here.waits:
        found += [("send", name)] * 2 * subject.weight("send")
    if here.undos:
        found += [("settle", how) for how in ("retry", "resolve", "skip")]
    if here.time:
        found += [("time", "")] * subject.weight("time")
    if here.open:
        found += [("cancel", "")] * subject.weight("cancel")
    return found


def _drawn(draw: Draw, subject: FlowSubject, option: tuple[str, Any]) -> Move:
    kind, what = option
    if kind == "return":
        return Return(what, draw(subject.results(what)))
    if kind == "fail":
        errors = subject.errors(what)
        chosen: int = draw(st.integers(0, len(errors) - 1))
        return Fail(what, errors[chosen])
    if kind in ("grant", "reject"):
        return Decide(what, granted=kind == "grant")
    if kind == "send":
        return Send(draw(subject.payload(subject.commands()[what])))
    if kind == "settle":
        return Settle(what)
    return Cancel() if kind == "cancel" else Pass()


def flow_tour(subject: FlowSubject) -> list[Case]:
    """The run in which all goes well, and shortest cases of every surprise at every state.

    Breadth first: a case is played to where its moves end, and on as all goes well; whatever else
    could happen on the way, and was not seen in that state yet, is another case.
    """
    cases = _beginnings(subject)
    seen: set[_Seen] = set()
    for case in cases:  # it grows
        if len(cases) < _CASES:
            cases += _Surprises(subject, case, seen).found
    return cases[:_CASES]


def _beginnings(subject: FlowSubject) -> list[Case]:
    """Inputs with which another way is gone when all goes well, the simplest first."""
    found: list[Case] = []
    known: set[tuple[str, str]] = set()
    for start in sampled(subject.inputs(), _STARTS):
        play = flow_played(subject, Case(start))
        reached_of(subject).saw(play)
        histories = play.ended.histories
        states = [event.state for history in histories.values() for event in history.events]
        moves = {*pairwise(states)}
        if not moves <= known:
            found.append(Case(start))
            known |= moves
    return found


_Seen = tuple[str, str, int]
"""A state, a move, and how often that had been made before."""

_TIMES = 3
"""How often the same surprise is tried, as long as the run stays where it is."""


class _Surprises:
    """Plays one case, and sees what else could have happened."""

    def __init__(self, subject: FlowSubject, case: Case, seen: set[_Seen]) -> None:
        self.found: list[Case] = []
        self._subject, self._case, self._seen = subject, case, seen
        self._made: list[Move] = []
        self._play = FlowPlay(subject, Case(case.start), None, None, self._choose)
        self._play.go()
        reached_of(subject).saw(self._play)

    def _choose(self, here: Here) -> Move | None:
        number = len(self._made)
        if number >= len(self._case.moves):
            for option in dict.fromkeys(_options(self._subject, here)):
                self._note(here.state, option)
            move = self._play.goes_well(here) if number < _FAR else None
        else:
            move = self._case.moves[number]
        if move is not None:
            self._made.append(move)
        return move

    def _note(self, state: str, option: tuple[str, Any]) -> None:
        for move in _surprises(self._subject, option):
            key = (state, str(move), min(self._made.count(move), _TIMES))
            if key not in self._seen:
                self._seen.add(key)
                self.found.append(Case(self._case.start, (*self._made, move)))


def _surprises(subject: FlowSubject, option: tuple[str, Any]) -> list[Move]:
    kind, what = option
    if kind == "return":
        simplest = subject.simplest(what)
        return [Return(what, one) for one in subject.others(what) if one != simplest]
    if kind == "fail":
        return [Fail(what, error) for error in subject.errors(what)]
    if kind == "reject":
        return [Decide(what, granted=False)]
    if kind == "send":
        return [Send(one) for one in subject.several_of(what)]
    if kind == "time":
        return [Pass()]
    if kind == "settle":
        return [Settle(what)]
    return [Cancel()] if kind == "cancel" else []


_STARTS = 24
"""Inputs that are tried to begin with."""

_CASES = 120
"""Cases of a tour, at most."""

_FAR = 40
"""Moves of one of its cases, at most."""
