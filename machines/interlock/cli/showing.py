"""`show`: everything that is known of a run now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from interlock.cli.edited import EDITED, UNFIT, becomes, fates_of
from interlock.cli.effects import print_effects
from interlock.cli.past import LONG, length, stretch
from interlock.cli.render import STYLES, Column, Screen, Styled, print_document, status
from interlock.cli.standing import indented, standing
from interlock.cli.stores import events_of_run, reading, run_async
from interlock.cli.summing import MANY
from interlock.cli.text import both, compact, pretty, shorten
from interlock.cli.view import state_view
from interlock.cli.when import ago
from interlock.cli.wording import branch_of
from interlock.engine.deploying import RunFate
from interlock.engine.why import Asking
from interlock.machines.ir import Machine
from interlock.projections import Effect, History, RunState, Why, branches, entry_of
from interlock.projections.forgetting import fold_forgetting, marked
from interlock.projections.held import held_cause
from interlock.projections.why import NOT_MOVED
from interlock.store.clock import SystemClock
from interlock.store.contract import Entry, Filter, Store, Timer
from interlock.store.event import JSON, Actor
from interlock.store.forgetting import STREAM
from interlock.store.values import plain


@dataclass(frozen=True, slots=True)
class Shown:
    """What `show` reads from the database.

    Attributes:
        state: the folded run.
        effects: its ledger.
        timers: its due timers.
        machine: its definition, None when the database has none.
        children: the rows of the runs that it waits for or looks after, by id.
        why: what it waits for in the end.
        fate: what becomes of it under the imported definition, where that is another one.
        after: of a long run, the version after which the effects began, or were under way.
    """

    state: RunState
    effects: Sequence[Effect]
    timers: Sequence[Timer]
    machine: Machine | None
    children: Mapping[str, Entry]
    why: Why
    fate: RunFate | None = None
    after: int = 0


def show_run(
    store: str, run: str, apps: Sequence[str] = (), *, every: bool = False, as_json: bool
) -> None:
    """Print a run; with modules also whether they define its machine otherwise by now."""
    shown = run_async(_load(store, run, apps, every=every))
    fate = shown.fate
    if as_json:
        view = state_view(shown.state, shown.effects, shown.timers, shown.after)
        of_app = {"edited": fate is not None, "fate": None if fate is None else fate.fate}
        print_document({**view, **of_app} if apps else view)
        return
    told = "" if fate is None else becomes(fate)
    print_run(Screen(), shown, told, every=every)


async def _load(url: str, run: str, apps: Sequence[str], *, every: bool) -> Shown:
    async with reading(url) as store:
        history, state = await _history(store, run, every=every)
        definition = await store.definition(state.hash)
        machine = None if definition is None else Machine.from_json(definition.ir)
        children = await rows_of(store, [a.child for a in state.pending.values() if a.child])
        timers = await store.timers(run)
        why = await Asking(store, SystemClock().now()).why(run)
        fate = (await fates_of(store, [entry_of(state)], apps)).get(run)
        await _mark_forgotten(store, state)
        after = 0 if history.since is None else history.since.head.version
        return Shown(state, history.ledger(), timers, machine, children, why, fate, after)


async def _history(store: Store, run: str, *, every: bool) -> tuple[History, RunState]:
    """The events whose effects are told, and the run as it is now."""
    last = await length(store, run)
    if every or last <= LONG:
        history = History(await events_of_run(store, run))
    else:
        history = await stretch(store, run, last - LONG)
    return history, history.state()


async def _mark_forgotten(store: Store, state: RunState) -> None:
    """Tell of commands that wait in the inbox, too, whose personal values are gone."""
    if state.inbox:
        subjects = fold_forgetting(await store.read(STREAM)).subjects
        state.inbox = [replace(kept, value=marked(kept.value, subjects)) for kept in state.inbox]


async def rows_of(store: Store, runs: Sequence[str]) -> dict[str, Entry]:
    """The rows of runs, by id."""
    entries = await store.entries(Filter(ids=tuple(runs))) if runs else []
    return {entry.run: entry for entry in entries}


def print_run(screen: Screen, shown: Shown, becoming: str = "", *, every: bool = False) -> None:
    """Print all sections that have something to say.

    Args:
        becoming: what becomes of it under the imported definition, where that is another one.
        every: list each of many calls.
    """
    state, now = shown.state, SystemClock().now()
    unfit = shown.why.status == "held" or (shown.fate is not None and shown.fate.held)
    screen.line(Styled(state.run, "bold"), status("held" if unfit else state.status))
    screen.pairs(
        [
            ("state", Styled(state.state, STYLES.get(state.status, ""))),
            ("since", both(state.since, now)),
            ("machine", f"{state.machine} {state.hash}"),
            ("child of", state.parent),
            ("forked from", _forked_from(state)),
            ("forks", ", ".join(state.forks)),
            ("started", both(state.started, now)),
            ("version", str(state.head.version)),
            ("held", Styled(state.held, "bold red")),
            ("not moved", Styled(_not_moved(shown), "bold red")),
            (EDITED, Styled(becoming, "bold red" if UNFIT in becoming else "")),
            ("to be cancelled" if _is_to_be(state) else "cancelled", _reason(state.cancel)),
            *_ending(state),
        ]
    )
    _waits(screen, shown, now)
    if state.variables and (state.lifecycle or state.ended != "completed"):
        screen.heading("Variables")
        print_variables(screen, state.variables)
    _print_branches(screen, state)
    print_effects(screen, shown.effects, now, every=every)
    if shown.after:
        said = f"of the {state.head.version - shown.after} last events; --all has every effect"
        screen.line(Styled(said, "dim"))
    _decisions(screen, state, now)
    _inbox(screen, state, now)


def _forked_from(state: RunState) -> str:
    fork = state.fork
    return "" if fork is None else f"{fork.parent} at {fork.version}, effects: {fork.effects}"


def _not_moved(shown: Shown) -> str:
    """What keeps it from going on, "" for a run that merely waits, or is held."""
    why = shown.why
    return why.said if why.cause in NOT_MOVED and not shown.state.held else ""


def _is_to_be(state: RunState) -> bool:
    """Whether a cancellation that was asked for has not come to the run's code yet."""
    return not state.cancelled and state.ended is None


def _reason(cancel: str | None) -> str:
    return "" if cancel is None else cancel or "yes"


def _ending(state: RunState) -> list[tuple[str, Styled]]:
    """The result or the error of a run that ended, or is being undone."""
    pairs: list[tuple[str, Styled]] = []
    if state.ended == "completed" and not state.lifecycle:
        pairs.append(("result", Styled(compact(state.image.plain(state.result)), "green")))
    error = state.error or (state.compensation.error if state.compensation else None)
    if error is not None:
        pairs.append(("error", Styled(f"{error.type}: {error.message}", "red")))
    if state.compensation is not None:
        pairs.append(("undone", Styled(", ".join(state.compensation.undone), "")))
        pairs.append(("not undone", Styled(", ".join(state.compensation.not_undone), "bold red")))
    return pairs


def print_variables(screen: Screen, variables: dict[str, JSON], most: int = 0) -> None:
    """Print variables: one a line in a pipe, indented JSON on a terminal.

    Args:
        most: lines of each that are shown on a terminal, 0 for all; long texts are cut then.
    """
    if not screen.rich:
        for name, value in variables.items():
            screen.line(f"  {name} = {compact(value)}")
        return
    for name, value in variables.items():
        lines = pretty(value, screen.width - len(name) - 3, "  ").split("\n")
        if most:
            lines = [shorten(line, _LONG * screen.width) for line in lines]
        shown = len(lines) if not most or len(lines) <= most + 1 else most
        screen.code(f"  {name} = " + "\n".join(lines[:shown]), "javascript")
        if shown < len(lines):
            screen.line(Styled(f"    … {len(lines) - shown} more lines; --json has all", "dim"))


_LONG = 3
"""Lines of a terminal that one text gets where long ones are cut."""


def _print_branches(screen: Screen, state: RunState) -> None:
    """The variables of the branches; of many items only those of the first few."""
    for activity, thread in list(state.threads.items())[:MANY]:
        variables = thread.image.plain_variables()
        if variables and activity in state.pending:
            name = "/".join(branches(state, state.pending[activity]))
            screen.heading(f"Variables of {name}")
            print_variables(screen, variables)


def _waits(screen: Screen, shown: Shown, now: datetime) -> None:
    state = shown.state
    lines = list(indented(standing(state, shown.children, now, shown.why), screen.width))
    lines += [f"  {line}" for line in _moves(shown, now)]
    if lines:
        screen.heading("Waits for")
    for line in lines:
        screen.line(line)


def _moves(shown: Shown, now: datetime) -> list[str]:
    """The commands that a lifecycle accepts in its state, and the timers that run there."""
    state, machine = shown.state, shown.machine
    if machine is None or not state.lifecycle or state.ended is not None:
        return []
    if shown.why.status == "held" and not (state.held and held_cause(state.held) == "error"):
        return ["no command is taken, and no timer fires, until it can go on"]
    due = {timer.name.removeprefix("after:"): timer.due for timer in shown.timers}
    lines: list[str] = []
    for edge in machine.edges:
        if edge.source in state.configuration:
            guard = f" if {edge.guard}" if edge.guard else ""
            when = f", {both(due[edge.id], now)}" if edge.id in due else ""
            where = f" in {edge.source}" if state.active else ""
            lines.append(f"{edge.event}{where} → {' and '.join(edge.targets)}{guard}{when}")
    return lines


def _decisions(screen: Screen, state: RunState, now: datetime) -> None:
    if not state.decisions:
        return
    screen.heading("Decisions")
    columns = [
        Column("approval", "bold"), Column("decision"), Column("by"), Column("when"),
        Column("reason"),
    ]  # fmt: skip
    granted, rejected = Styled("granted", "green"), Styled("rejected", "red")
    rows = [
        (
            "/".join(filter(None, (branch_of(d.activity), d.name))),
            granted if d.granted else rejected,
            d.actor.id,
            ago(d.at, now),
            d.reason,
        )
        for d in state.decisions
    ]
    screen.table(columns, rows)


def _inbox(screen: Screen, state: RunState, now: datetime) -> None:
    if not state.inbox:
        return
    screen.heading("Inbox")
    columns = [Column("command", "bold"), Column("from"), Column("when"), Column("value")]
    rows = [
        (c.command, actor_name(c.actor), ago(c.at, now), compact(plain(c.value)))
        for c in state.inbox
    ]
    screen.table(columns, rows)


def actor_name(actor: Actor) -> str:
    """Who, in words: a name alone for people, the kind before it for the rest."""
    if actor.kind == "user":
        return actor.id or "user"
    return f"{actor.kind} {actor.id}".rstrip()
