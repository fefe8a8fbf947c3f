"""What holds of every run of a workflow, whatever its steps do and whatever goes wrong."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from interlock.engine.session import Session
from interlock.engine.workflows import WorkflowRun
from interlock.machines.command import Command
from interlock.machines.errors import Refused
from interlock.machines.guard import Refuse
from interlock.machines.ir import Machine
from interlock.projections import History, dump_history, fold, load_history
from interlock.projections.timers import timers_of
from interlock.store.contract import FINISHED, Appended, Filter
from interlock.store.errors import InterlockError
from interlock.store.event import Event
from interlock.store.joining import ChildEnded, CompensationRequested
from interlock.store.values import Memory
from interlock.store.vocabulary import StepResolved, StepSucceeded, UndoScheduled, UndoSucceeded
from interlock.testing.broken import Broken, differ
from interlock.testing.flow_play import FlowPlay, flow_played
from interlock.testing.flow_subject import FlowSubject
from interlock.testing.moves import Case, Crash, Jump, Swap, Twice
from interlock.testing.other_end import met_elsewhere, other_end
from interlock.testing.stage import RUN, Stage
from interlock.testing.states import cuts_agree, seen
from interlock.testing.strategies import JUMPS

FlowCheck = Callable[[FlowSubject, Case], None]


def _itself(subject: FlowSubject, case: Case) -> Iterator[Case]:
    yield case


@dataclass(frozen=True)
class FlowLaw:
    """Something that holds of every case of a workflow; as `Law`."""

    name: str
    text: str
    check: FlowCheck
    faults: Sequence[Any] = ()
    each: Callable[[FlowSubject, Case], Iterator[Case]] = _itself
    share: float = 0.3
    lastly: Callable[[FlowSubject], str] | None = None


def ends(subject: FlowSubject, case: Case) -> None:
    """A run ends, or waits for something that has a name; it never just stands still."""
    ended = _played(subject, case).ended
    for run, history in ended.histories.items():
        state = history.replay()
        if state.held:
            raise Broken(_of(run, f"stands still: {state.held}"))
        if state.status not in FINISHED and not state.pending:
            raise Broken(_of(run, f"is {state.status!r}, and waits for nothing"))


def replays(subject: FlowSubject, case: Case) -> None:
    """Folded up to any commit, the log gives the run, and its variables, as they were live."""
    live: dict[tuple[str, int], tuple[dict[str, Any], Any]] = {}

    def watched(session: Session, appended: Appended) -> None:
        stands = _stands(session.mover) if isinstance(session.mover, WorkflowRun) else None
        state = copy.deepcopy(session.state)
        live[session.run, appended.head.version] = _headless(seen(state)), stands

    play = flow_played(subject, case, watched=watched)
    for run, history in play.ended.histories.items():
        for version in range(1, len(history.events) + 1):
            if (run, version) in live:
                _as_live(play, run, history.events[:version], live[run, version])


def _as_live(
    play: FlowPlay, run: str, events: Sequence[Event], live: tuple[dict[str, Any], Any]
) -> None:
    state, (wanted, stands) = fold(events), live
    found = _headless(seen(state))
    for name, value in wanted.items():
        if found[name] != value:
            what = f"{run}, folded up to event {len(events)}, {name}"
            raise Broken(differ(what, value, found[name]))
    program = next(
        (one for one in play.subject.programs() if one.machine.name == state.machine), None
    )
    goes_on = state.ended is None and state.compensation is None
    if stands is not None and program is not None and goes_on:
        session = Session(run, state, play.stage.store, play.stage.clock)
        again = _stands(WorkflowRun(session, program))
        if again != stands:
            what = f"{run}, read from the log up to event {len(events)}, stands otherwise"
            raise Broken(differ(what, stands, again))


def _headless(held: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in held.items() if name != "head"}


def _stands(run: WorkflowRun) -> Any:
    """Where each thread is, with its variables as they would be recorded."""
    state = run.session.state
    if state.ended is not None or state.compensation is not None:
        return None
    found: list[object] = []
    for name in ("", *state.threads):
        current = state.threads[name].current if name else state.current
        if current in state.pending:
            thread = run.thread(name)
            frames = [(one.prefix, one.state, sorted(one.frame.items())) for one in thread.levels]
            memory = Memory(run.program.types)
            found.append((name, thread.state, memory.encode(frames, "frames"), memory.take()))
    return found


def snapshots(subject: FlowSubject, case: Case) -> None:
    """A snapshot and the events behind it give what all events give."""
    for history in _played(subject, case).ended.histories.values():
        cuts_agree(history.events)


def round_trips(subject: FlowSubject, case: Case) -> None:
    """What is recorded comes back as it was, byte by byte."""
    for run, history in _played(subject, case).ended.histories.items():
        history.verify()
        back = load_history(dump_history(history))
        if [*back.events] != [*history.events]:
            raise Broken(_of(run, "is exported, and not read back as it was"))


def structural(subject: FlowSubject, case: Case) -> None:
    """A run is always in a state of its machine, and moves along its edges."""
    machines = {one.machine.name: one.machine for one in subject.programs()}
    for run, history in _played(subject, case).ended.histories.items():
        machine, before = machines.get(history.events[0].machine), ""
        for event in history.events if machine is not None else ():
            assert machine is not None
            if event.state not in machine.places:
                raise Broken(_of(run, f"is in {event.state!r}, which is no state of it"))
            if before and not _joined(machine, before, event):
                raise Broken(_of(run, f"moves from {before!r} to {event.state!r}: no such edge"))
            before = event.state


def _joined(machine: Machine, before: str, event: Event) -> bool:
    """Whether an edge leads there, or into and out of what is nested; or a parent undoes it."""
    known, after = machine.by_id, event.state
    if isinstance(event.body, CompensationRequested) or not {before, after} <= known.keys():
        return True  # a call has a place of its own, beside the states
    for one, other in zip(_down(machine, before), _down(machine, after), strict=False):
        if one != other:
            return (one, other) in machine.moves
    return True  # one is inside of the other


def _down(machine: Machine, state: str) -> list[str]:
    """The states around a state, the outermost first, and itself."""
    found = [state]
    while (parent := machine.by_id[found[0]].parent) is not None:
        found.insert(0, parent)
    return found


def timed(subject: FlowSubject, case: Case) -> None:
    """The timers in the store are those of what is pending; at the end there are none."""

    async def behind(number: int, stage: Stage) -> None:
        for entry in await stage.store.entries(Filter()):
            events = await stage.store.read(entry.run)
            wanted = timers_of(fold(events))
            stored = {one.name: one.due for one in await stage.store.timers(entry.run)}
            if stored != wanted:
                raise Broken(differ(f"timers of {entry.run}", wanted, stored))
            if stored and entry.status in FINISHED:
                raise Broken(_of(entry.run, f"is over, and {[*stored]} is still set"))

    flow_played(subject, case, behind=behind)


class Stray(Command):
    """A command that no workflow waits for."""


def refusals(subject: FlowSubject, case: Case) -> None:
    """What a run does not accept is refused, and leaves nothing behind."""

    async def behind(number: int, stage: Stage) -> None:
        position = await stage.store.position()
        engine = stage.engine
        entry = await stage.store.entry(RUN)
        asked: list[tuple[str, Callable[[], Any]]] = [
            ("a command that it does not know", lambda: engine.send(RUN, Stray())),
            ("an approval of nothing", lambda: engine.approve(RUN, "nothing of the kind", by="x")),
        ]
        if entry is not None and entry.status in FINISHED:
            asked.append(("a cancellation at its end", lambda: engine.cancel(RUN, by="x")))
        for what, ask in asked:
            error = await stage.ask(ask)
            if error is None or not isinstance(error, Refused):
                msg = f"{what} was not refused, but answered by {error!r}"
                raise Broken(msg)
        added = await stage.store.log(after=position)
        if any(event.cause or event.actor.id == "x" for event in added):
            msg = f"it was refused, and {[event.type for event in added]} was recorded"
            raise Broken(msg)

    flow_played(subject, case, behind=behind)


def survives(subject: FlowSubject, case: Case) -> None:
    """Killed at any append and opened again, a run comes to the end of the one that was not."""
    whole, came = _played(subject, replace(case, faults=())).ended, _played(subject, case).ended
    wrong = other_end(whole, came)
    if wrong is None:
        return
    if met_elsewhere(whole, came):  # it is another run, and has to be a sound one
        for law in (ends, structural, compensated):
            law(subject, case)
        return
    again = _played(subject, replace(case, faults=())).ended
    if other_end(whole, again) is None:  # else its own code decides by time or chance
        raise Broken(wrong)


def every_crash(subject: FlowSubject, case: Case) -> Iterator[Case]:
    """The case killed before and after each of its commits."""
    for number in range(1, _played(subject, case).stage.store.commits + 1):
        yield replace(case, faults=(Crash(number, kept=False),))
        yield replace(case, faults=(Crash(number, kept=True),))


def delivered(subject: FlowSubject, case: Case) -> None:
    """What is delivered twice is done once; what comes in another order is another sound run."""
    came_so = case.swapped()
    alone = _bare(came_so)
    for law in (ends, structural, compensated) if came_so.moves != case.moves else ():
        law(subject, came_so)
    whole, came = _played(subject, alone).ended, _played(subject, came_so).ended
    wrong = other_end(whole, came)
    if wrong is not None and other_end(whole, _played(subject, _bare(alone)).ended) is None:
        raise Broken(wrong)


def _bare(case: Case) -> Case:
    return replace(case, faults=())


def every_delivery(subject: FlowSubject, case: Case) -> Iterator[Case]:
    """The case with all that people send delivered twice, and each thing before the one before."""
    places = range(len(case.moves) + 12)
    twice = tuple(Twice(one) for one in places)
    yield replace(case, faults=twice)
    yield replace(case, faults=tuple(Twice(one, late=True) for one in places))
    for one in range(len(case.moves) - 1):
        yield replace(case, faults=(Swap(one), *twice))


def compensated(subject: FlowSubject, case: Case) -> None:
    """After a failure each completed step that can be undone is undone once, in reverse."""
    play = _played(subject, case)
    for run, history in play.ended.histories.items():
        state = history.replay()
        if state.status not in FINISHED:
            continue
        done = [one for one in map(_undoable, history.events) if one]
        begun = [e.body.of for e in history.events if isinstance(e.body, UndoScheduled)]
        asked = any(event.type == "CompensationRequested" for event in history.events)
        if state.status == "completed" and not asked:
            if begun:
                raise Broken(_of(run, f"completed, and undid {begun}"))
        elif begun != done[::-1]:
            raise Broken(differ(_of(run, "undoes, newest first"), done[::-1], begun))
        _once(play, run, history)


def _undoable(event: Event) -> str:
    body = event.body
    if isinstance(body, StepSucceeded | ChildEnded) and body.undoable:
        ended = isinstance(body, ChildEnded) and body.status != "completed"
        return "" if ended else body.activity
    if isinstance(body, StepResolved) and body.happened and body.undoable:
        return body.activity
    return ""


def _once(play: FlowPlay, run: str, history: History) -> None:
    ended = play.ended
    made = Counter(c.key for c in ended.calls if c.run == run and c.step.startswith("undo ")
                   and c.error is None)  # fmt: skip
    again = [key for key, times in made.items() if times > 1]
    if again and not ended.crashes:
        raise Broken(_of(run, f"undid {again} more than once"))
    recorded = Counter(e.body.of for e in history.events if isinstance(e.body, UndoSucceeded))
    twice = [of for of, times in recorded.items() if times > 1]
    if twice:
        raise Broken(_of(run, f"recorded the undo of {twice} more than once"))


def timeless(subject: FlowSubject, case: Case) -> None:
    """Whatever the clock does, a run ends, and its instants never go back."""
    ends(subject, case)
    for run, history in _played(subject, case).ended.histories.items():
        history.verify()
        for one, after in zip(history.events, history.events[1:], strict=False):
            if after.at < one.at:
                raise Broken(_of(run, f"event {after.version} is before the one before it"))


def every_jump(subject: FlowSubject, case: Case) -> Iterator[Case]:
    """The case with the clock jumping before its last moves."""
    for number in range(max(0, len(case.moves) - 1), len(case.moves) + 1):
        for by in JUMPS:
            yield replace(case, faults=(Jump(number, by),))


def holds(invariant: Callable[..., Any]) -> FlowLaw:
    """The law that something the user says holds of every end."""
    name = getattr(invariant, "__name__", "invariant")

    def check(subject: FlowSubject, case: Case) -> None:
        answer = invariant(_played(subject, case).ended)
        if isinstance(answer, Refuse):
            text = f"{name} does not hold: {answer.reason}"
            raise Broken(text)
        if answer is False:
            text = f"{name} does not hold"
            raise Broken(text)

    return FlowLaw(f"invariant-{name}", f"{name} holds", check, share=1.0)


def _played(subject: FlowSubject, case: Case) -> FlowPlay:
    """A play of a case; the last one is kept, for each has several laws to answer to."""
    before = subject.kept.get("played")
    if before is not None and before[0] is case:
        found: FlowPlay = before[1]
        return found
    try:
        play = flow_played(subject, case)
    except InterlockError as error:
        text = f"the engine says {type(error).__name__}: {error.message}"
        raise Broken(text) from error
    subject.kept["played"] = case, play
    return play


def _of(run: str, what: str) -> str:
    return f"{'it' if run == RUN else f'its child {run}'} {what}"


FLOW_LAWS: Sequence[FlowLaw] = (
    FlowLaw("ends", "a run ends, or waits for something that has a name", ends, share=1.0),
    FlowLaw("replay", "replaying the log gives what the run was, at every prefix", replays),
    FlowLaw("snapshots", "a snapshot and the events behind it are a replay", snapshots),
    FlowLaw("codec", "what is recorded comes back as it was", round_trips),
    FlowLaw("structure", "a run is in a declared state, and moves along its edges", structural),
    FlowLaw("timers", "timers belong to what is pending", timed),
    FlowLaw("refusals", "a refusal appends nothing", refusals),
    FlowLaw(
        "crash", "killed at any append, a run ends as one that was not",
        survives, ["crash"], every_crash,
    ),
    FlowLaw(
        "deliveries", "what is delivered twice is done once, in whatever order it comes",
        delivered, ["twice", "late", "swap"], every_delivery,
    ),
    FlowLaw(
        "compensation", "after a failure, each completed step is undone once, newest first",
        compensated, share=0.5,
    ),
    FlowLaw(
        "clock", "whatever the clock does, a run ends and nothing goes back",
        timeless, ["jump"], every_jump,
    ),
)  # fmt: skip
