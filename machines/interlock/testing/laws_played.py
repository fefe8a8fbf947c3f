"""What holds of every run of a lifecycle on an engine: of its log, and of what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from interlock.engine.lifecycles import AFTER, LifecycleRun
from interlock.engine.session import Session
from interlock.projections import History, dump_history, evolve, load_history
from interlock.projections.run import RunState
from interlock.store.contract import Appended
from interlock.store.errors import InterlockError
from interlock.store.event import Event
from interlock.store.values import Memory, Types, decode_whole, encode_whole
from interlock.store.vocabulary import CommandIgnored, TransitionTaken
from interlock.testing.broken import Broken, differ
from interlock.testing.laws import Law
from interlock.testing.moves import Case, Crash, Jump, Send, Swap, Twice
from interlock.testing.play import Played, played, undisturbed
from interlock.testing.stage import RUN, Stage, frozen
from interlock.testing.states import cuts_agree
from interlock.testing.strategies import JUMPS
from interlock.testing.subject import Subject
from interlock.testing.walk import walked, walking


def replays(subject: Subject, case: Case) -> None:
    """Folded up to any commit, the log gives what the engine held in memory by then."""
    live: dict[int, tuple[tuple[str, ...], Any]] = {}

    def watched(session: Session, appended: Appended) -> None:
        if isinstance(session.mover, LifecycleRun):
            held = session.state.configuration, frozen(session.mover.data)
            live[appended.head.version] = held

    if not _sound(subject, case):
        return
    came = played(subject, case, watched=watched)
    state: RunState | None = None
    for event in came.events:
        state = evolve(state, event)
        if event.version in live:
            configuration, data = live[event.version]
            _, frame = Memory.restore(subject.program.types, state.image)
            what = f"folded up to event {event.version}"
            if set(state.configuration) != set(configuration):
                raise Broken(differ(f"{what}, states", configuration, state.configuration))
            if frame.get("data") != data:
                raise Broken(differ(f"{what}, data", data, frame.get("data")))
    _as_in_memory(subject, case, came)


def _as_in_memory(subject: Subject, case: Case, came: Played) -> None:
    """The end is also that of the pure functions, without any log."""
    ends = [*walking(subject.kind, case.swapped())]
    if ends and came.events:
        scenario = ends[-1][1]
        if set(scenario.configuration) != set(came.configuration):
            raise Broken(differ("states", scenario.configuration, came.configuration))
        if scenario.data != came.data:
            raise Broken(differ("data, read from the log", scenario.data, came.data))


def snapshots(subject: Subject, case: Case) -> None:
    """A snapshot and the events behind it give what all events give."""
    if _sound(subject, case):
        cuts_agree(played(subject, case).events)


def round_trips(subject: Subject, case: Case) -> None:
    """What is recorded comes back as it was."""
    types = subject.program.types
    for number, scenario in walking(subject.kind, case):
        _there_and_back(types, "the data", scenario.data, number)
        if number >= 0:
            move = case.moves[number]
            if isinstance(move, Send):
                _there_and_back(types, "the command", move.command, number)
    if _sound(subject, case):
        came = played(subject, case)
        history = History(came.events)
        back = load_history(dump_history(history))
        if [*back.events] != [*history.events]:
            raise Broken("the exported history is not read back as it was")
        history.verify()


def _there_and_back(types: Types, what: str, value: Any, number: int) -> None:
    try:
        back = decode_whole(types, encode_whole(types, value))
    except InterlockError as error:
        msg = f"{what} cannot be recorded: {error.message}"
        raise Broken(msg, number) from error
    if back != value or type(back) is not type(value):
        raise Broken(differ(f"{what}, read back", value, back), number)


def refusals(subject: Subject, case: Case) -> None:
    """A command that is refused leaves nothing behind; one that is ignored moves nothing."""
    before: list[Any] = [None]  # head, entry and timers behind the move before

    async def behind(number: int, stage: Stage, answer: str) -> None:
        store = stage.store
        timers = [(one.name, one.due) for one in await store.timers(RUN)]
        now: Any = [await store.head(RUN), await store.entry(RUN), timers]
        if answer and number >= 0 and now != before[0]:
            raise Broken(differ("it was refused, and something was recorded", before[0], now))
        added = (await store.read(RUN))[-1:]
        if added and isinstance(added[0].body, CommandIgnored) and before[0] is not None:
            head, entry, rest = before[0]
            fresh = now[0].version > head.version
            if fresh and (now[1].state, now[2]) != (entry.state, rest):
                raise Broken("it was ignored, and something moved", number)
        before[0] = now

    if _sound(subject, case):
        came = played(subject, case, behind=behind)
        lines = walked(subject.kind, case).lines
        for number, (line, answer) in enumerate(zip(lines, came.answers[1:], strict=False)):
            if bool(line.refusal) != bool(answer):
                raise Broken(differ("answered", line.refusal or "accepted", answer), number)


def timers_kept(subject: Subject, case: Case) -> None:
    """The timers in the store are those of the active states, with the instants of a run."""
    scenarios = {number: dict(one.timers) for number, one in walking(subject.kind, case)}

    async def behind(number: int, stage: Stage, answer: str) -> None:
        stored = {
            one.name.removeprefix(AFTER): one.due
            for one in await stage.store.timers(RUN)
            if one.name.startswith(AFTER)
        }
        wanted = scenarios.get(number)
        if wanted is not None and stored != wanted and await stage.store.entry(RUN) is not None:
            raise Broken(differ("timers in the store", wanted, stored), number)

    if _sound(subject, case):
        played(subject, case, behind=behind)


def survives(subject: Subject, case: Case) -> None:
    """Killed at any commit and opened again, a run comes to the end of the one that was not."""
    if _sound(subject, case):
        whole = undisturbed(subject, case)
        came = played(subject, case)
        _same_end(whole, came)
        if set(whole.calls) != set(came.calls):
            missing = sorted({*whole.calls} ^ {*came.calls})
            msg = f"effects are missing, or were made under another key: {missing}"
            raise Broken(msg)


def _same_end(whole: Played, came: Played) -> None:
    if whole.answers != came.answers:
        raise Broken(differ("the answers", whole.answers, came.answers))
    if set(whole.configuration) != set(came.configuration):
        raise Broken(differ("the states at the end", whole.configuration, came.configuration))
    if whole.data != came.data:
        raise Broken(differ("the data at the end", whole.data, came.data))
    if whole.timers != came.timers:
        raise Broken(differ("the timers at the end", whole.timers, came.timers))
    first, second = _transitions(whole.events), _transitions(came.events)
    if first != second:
        raise Broken(differ("the transitions", first, second))


def _transitions(events: Sequence[Event]) -> list[tuple[str, str]]:
    return [(e.body.transition, e.state) for e in events if isinstance(e.body, TransitionTaken)]


def every_crash(subject: Subject, case: Case) -> Iterator[Case]:
    """The case killed before and after each of its commits."""
    if _sound(subject, case):
        commits = sum(1 for _ in _commits(subject, case))
        for number in range(1, commits + 1):
            yield replace(case, faults=(Crash(number, kept=False),))
            yield replace(case, faults=(Crash(number, kept=True),))


def _commits(subject: Subject, case: Case) -> Iterator[int]:
    found: list[int] = []
    played(subject, case, watched=lambda _, appended: found.append(appended.head.version))
    yield from found


def delivered(subject: Subject, case: Case) -> None:
    """What is delivered twice is done once; what comes in another order is another run."""
    if _sound(subject, case.swapped()):
        repeated = tuple(one for one in case.faults if isinstance(one, Twice))
        swapped = case.swapped()
        came = played(subject, replace(swapped, faults=repeated))
        _same_end(undisturbed(subject, swapped), came)
        _as_in_memory(subject, swapped, came)


def every_delivery(subject: Subject, case: Case) -> Iterator[Case]:
    """The case with each command delivered twice, at once and late; and each pair swapped."""
    places = range(len(case.moves))
    yield replace(case, faults=tuple(Twice(one) for one in places))
    yield replace(case, faults=tuple(Twice(one, late=True) for one in places))
    for one in places[:-1]:
        yield replace(case, faults=(Swap(one),))


def timeless(subject: Subject, case: Case) -> None:
    """Whatever the clock does, instants never go back, and nothing that is due stays undone."""

    async def behind(number: int, stage: Stage, answer: str) -> None:
        now = stage.clock.now()
        late = [one for one in await stage.store.timers(RUN) if one.due <= now]
        state = await stage.store.entry(RUN)
        if late and state is not None and state.status != "held":
            msg = f"{late[0].name} was due at {late[0].due}, it is {now}"
            raise Broken(msg, number)

    if not _sound(subject, case):
        return
    came = played(subject, case, behind=behind)
    last = None
    for event in came.events:
        if last is not None and event.at < last:
            msg = f"event {event.version} is of {event.at}, the one before of {last}"
            raise Broken(msg)
        last = event.at
    History(came.events).verify()


def every_jump(subject: Subject, case: Case) -> Iterator[Case]:
    """The case with the clock jumping before each of its moves."""
    for number in range(len(case.moves)):
        for by in JUMPS:
            yield replace(case, faults=(Jump(number, by),))


def _sound(subject: Subject, case: Case) -> bool:
    """Whether no method fails: that is another law's matter."""
    return not walked(subject.kind, case).failed


PLAYED: Sequence[Law] = (
    Law("replay", "replaying the log gives what the run was, at every prefix", replays, share=0.5),
    Law("snapshots", "a snapshot and the events behind it are a replay", snapshots, share=0.3),
    Law("codec", "what is recorded comes back as it was", round_trips, share=0.3),
    Law("refusals", "a refusal appends nothing", refusals, share=0.3),
    Law("stored-timers", "timers in the store belong to active states", timers_kept, share=0.3),
    Law(
        "crash", "killed at any append, a run ends as one that was not",
        survives, ["crash"], every_crash, 0.3,
    ),
    Law(
        "deliveries", "what is delivered twice is done once, in whatever order it comes",
        delivered, ["twice", "late", "swap"], every_delivery, 0.3,
    ),
    Law(
        "clock", "whatever the clock does, what is due is done once and nothing goes back",
        timeless, ["jump"], every_jump, 0.3,
    ),
)  # fmt: skip
