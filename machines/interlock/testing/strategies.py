"""Strategies of a lifecycle's commands, runs and histories, and of what goes wrong around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any, Literal

from hypothesis import strategies as st
from pydantic import ValidationError

from interlock.machines.command import Command
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.projections import History
from interlock.testing.asked import check_names, subject_of
from interlock.testing.moves import Case, Crash, Fault, Jump, Move, Pass, Send, Swap, Twice
from interlock.testing.payloads import Payloads, nearby, payload, values_in
from interlock.testing.scenario import Scenario
from interlock.testing.subject import Starts, Subject, Weights
from interlock.testing.walk import Walk

Draw = Callable[[st.SearchStrategy[Any]], Any]

_LENGTHS = (0, 4, 12)
"""The least number of moves of a run: short ones, and some that are long."""


def commands(
    machine: type[Lifecycle[Any, Any]],
    state: StrEnum | str | Iterable[str] | None = None,
    *,
    payloads: Payloads | None = None,
    weights: Weights | None = None,
    near: object = None,
) -> st.SearchStrategy[Command]:
    """Commands that a state has transitions for (their guards may refuse them yet).

    Args:
        state: of the lifecycle, or all active ones; None for every command that there is.
        payloads: what to draw instead, by type or by field as `"Pay.amount"`.
        weights: how often each class is drawn, 1 by default.
        near: values in here (the data of a run) are drawn again now and then.
    """
    subject = subject_of(machine, payloads, weights)
    program = subject.program
    if state is None:
        kinds = [*program.commands.values()]
    else:
        names = [machine.id_of(state)] if isinstance(state, StrEnum) else state
        active = program.snapshot(names).active if isinstance(names, str) else tuple(names)
        kinds = accepted(program, active)
    return st.sampled_from(_weighted(subject, kinds)).flatmap(
        lambda kind: payload(kind, subject.payloads, near=near)
    )


def accepted(program: LifecycleProgram, active: Iterable[str]) -> list[type[Command]]:
    """The commands that these states, or those around them, have transitions for."""
    around = {place for state in active for place in program.chart.upward(state)}
    names = dict.fromkeys(
        edge.event
        for edge in program.machine.edges
        if edge.source in around and edge.event in program.commands
    )
    return [program.commands[name] for name in names]


def runs(
    machine: type[Lifecycle[Any, Any]],
    *,
    payloads: Payloads | None = None,
    weights: Weights | None = None,
    starts: Starts = None,
    most: int = 30,
) -> st.SearchStrategy[Case]:
    """Lives of a run: what it begins with, and the commands and the time that come.

    Most of the commands are such as the state has transitions for; timers fire by time that passes.

    Args:
        payloads, weights: see `commands`; the weight of `"time"` is that of time passing.
        starts: data to begin with, as a list or a strategy; by default the model's own.
        most: moves of one run, at most.
    """
    return runs_of(subject_of(machine, payloads, weights, starts), most)


def runs_of(subject: Subject, most: int = 30) -> st.SearchStrategy[Case]:
    """As `runs`."""

    walks: list[Walk] = []  # of the run that is being drawn: each move depends on those before it

    @st.composite
    def move(draw: Draw) -> Move:
        found = drawn_move(draw, subject, walks[-1].scenario)
        walks[-1].apply(found)
        return found

    lengths = [st.lists(move(), min_size=min(n, most), max_size=most) for n in _LENGTHS]

    @st.composite
    def drawn(draw: Draw) -> Case:
        start = draw(beginning)
        walks[:] = [Walk(subject.kind, start)]
        return Case(start, tuple(draw(_one(draw, lengths))))

    beginning = subject.beginning()
    return drawn()


def drawn_move(draw: Draw, subject: Subject, scenario: Scenario[Any, Any] | None) -> Move:
    """The next move of a run, such as fits where it stands, for the most part."""
    program = subject.program
    here = [] if scenario is None else accepted(program, scenario.configuration)
    options: list[Any] = _weighted(subject, here) * 3
    if scenario is not None and scenario.timers:
        options += ["time"] * subject.weight("time") * (3 if here else 1)
    elsewhere = [kind for kind in program.commands.values() if kind not in here]
    options += _weighted(subject, elsewhere)
    chosen = _one(draw, options or ["time"])
    if chosen == "time" or scenario is None:
        return Pass(_one(draw, _times(scenario)))
    return Send(_near(draw, draw(_payload(subject, chosen)), scenario.data))


def _one(draw: Draw, options: Sequence[Any]) -> Any:
    """One of them; the strategy is a known one, so that it need not be made each time."""
    return options[draw(st.integers(0, len(options) - 1))]


def _payload(subject: Subject, kind: type[Command]) -> st.SearchStrategy[Any]:
    """The commands of a class; made once."""
    key = f"payload {kind.__name__}"
    if key not in subject.kept:
        subject.kept[key] = payload(kind, subject.payloads)
    made: st.SearchStrategy[Any] = subject.kept[key]
    return made


def _near(draw: Draw, command: Command, data: object) -> Command:
    """Now and then, with a value that the run holds already."""
    pool = values_in(data)
    fields = [(name, pool[type(value)]) for name, value in command if type(value) in pool]
    if not fields or not draw(st.booleans()):
        return command
    name, known = _one(draw, fields)
    kind: Any = type(command)
    try:
        changed: Command = kind(**{**dict(command), name: _one(draw, nearby(known))})
    except ValidationError:
        return command
    return changed


def _times(scenario: Scenario[Any, Any] | None) -> list[timedelta]:
    """Until a timer is due, or nearly, or well behind it."""
    if scenario is None or not scenario.timers:
        return [timedelta(days=1), timedelta(seconds=1)]
    waits = sorted({due - scenario.now for due in scenario.timers.values()})
    nearly = [wait - timedelta(seconds=1) for wait in waits if wait > timedelta(seconds=1)]
    return [*waits, *nearly, waits[-1] * 2]


def _weighted(subject: Subject, kinds: Iterable[type[Command]]) -> list[type[Command]]:
    return [kind for kind in kinds for _ in range(subject.weight(kind))]


def histories(
    machine: type[Lifecycle[Any, Any]],
    *,
    payloads: Payloads | None = None,
    weights: Weights | None = None,
    starts: Starts = None,
    most: int = 30,
) -> st.SearchStrategy[History]:
    """Histories of runs, as an engine records them; see `runs`.

    Runs whose beginning fails have none, and are not drawn.
    """
    from interlock.testing.play import played  # it draws values, too

    subject = subject_of(machine, payloads, weights, starts)
    recorded = runs_of(subject, most).map(lambda case: played(subject, case).events)
    return recorded.filter(bool).map(History)


def faults(
    kinds: Iterable[Literal["crash", "twice", "late", "swap", "jump"]] = (
        "crash", "twice", "late", "swap", "jump",
    ),
    *,
    moves: int = 12,
    most: int = 3,
) -> st.SearchStrategy[tuple[Fault, ...]]:  # fmt: skip
    """What goes wrong around a run: crashes, duplicate and reordered deliveries, clock jumps.

    Args:
        kinds: of faults.
        moves: of the run; a fault at a move that it does not have does nothing.
        most: how many at a time.

    Raises:
        NotTestable: there is no such kind.
    """
    place = st.integers(0, max(moves - 1, 0))
    jumps = st.sampled_from(JUMPS)
    known: dict[str, st.SearchStrategy[Any]] = {
        "crash": st.builds(Crash, st.integers(1, moves * 2 + 1), st.booleans()),
        "twice": st.builds(Twice, place),
        "late": st.builds(Twice, place, st.just(value=True)),
        "swap": st.builds(Swap, place),
        "jump": st.builds(Jump, place, jumps),
    }
    wanted = [*kinds]
    check_names("faults", wanted, known)
    return st.lists(st.one_of([known[one] for one in wanted]), max_size=most).map(tuple)


JUMPS = (
    timedelta(hours=1), timedelta(hours=-1), timedelta(days=3650), timedelta(days=-3650),
)  # fmt: skip
"""By how much clocks jump."""
