"""`show`: everything that is known of a run now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from interlock.cli.edited import EDITED, other_definition
from interlock.cli.render import STYLES, Column, Screen, Styled, print_document, status
from interlock.cli.stores import events_of_run, reading, run_async
from interlock.cli.summing import MANY, Row, rows
from interlock.cli.text import both, compact, instant, pretty
from interlock.cli.view import state_view
from interlock.cli.when import ago
from interlock.machines.ir import Machine
from interlock.projections import Activity, Effect, Joined, RunState, entry_of, fold, ledger
from interlock.store.clock import SystemClock
from interlock.store.contract import Timer
from interlock.store.event import JSON, Actor
from interlock.store.values import plain


@dataclass(frozen=True, slots=True)
class Shown:
    """What `show` reads from the database.

    Attributes:
        state: the folded run.
        effects: its ledger.
        timers: its due timers.
        machine: its definition, None when the database has none.
    """

    state: RunState
    effects: Sequence[Effect]
    timers: Sequence[Timer]
    machine: Machine | None


def show_run(store: str, run: str, apps: Sequence[str] = (), *, as_json: bool) -> None:
    """Print a run; with modules also whether they define its machine otherwise by now."""
    shown = run_async(_load(store, run))
    imported = other_definition(entry_of(shown.state), apps)
    if as_json:
        view = state_view(shown.state, shown.effects, shown.timers)
        print_document({**view, "edited": bool(imported)} if apps else view)
        return
    print_run(Screen(), shown, imported)


async def _load(url: str, run: str) -> Shown:
    async with reading(url) as store:
        events = await events_of_run(store, run)
        state = fold(events)
        definition = await store.definition(state.hash)
        machine = None if definition is None else Machine.from_json(definition.ir)
        return Shown(state, ledger(events), await store.timers(run), machine)


def print_run(screen: Screen, shown: Shown, imported: str = "") -> None:
    """Print all sections that have something to say.

    Args:
        imported: the definition that is imported, when it is not the one that the run follows.
    """
    state, now = shown.state, SystemClock().now()
    screen.line(Styled(state.run, "bold"), status(state.status))
    screen.pairs(
        [
            ("state", Styled(state.state, STYLES.get(state.status, ""))),
            ("since", both(state.since, now)),
            ("machine", f"{state.machine} {state.hash}"),
            ("started", both(state.started, now)),
            ("version", str(state.head.version)),
            ("held", Styled(state.held, "bold red")),
            (EDITED, Styled(_edited(imported), "bold red")),
            ("cancelled" if state.cancelled else "to be cancelled", _reason(state.cancel)),
            *_ending(state),
        ]
    )
    _waits(screen, shown, now)
    if state.variables and (state.lifecycle or state.ended != "completed"):
        screen.heading("Variables")
        print_variables(screen, state.variables)
    _effects(screen, shown.effects, now)
    _decisions(screen, state, now)
    _inbox(screen, state, now)


def _edited(imported: str) -> str:
    if not imported:
        return ""
    return f"imported is {imported}; the run is held when it should move, until its own is back"


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


def print_variables(screen: Screen, variables: dict[str, JSON]) -> None:
    """Print variables: one a line in a pipe, indented JSON on a terminal."""
    if not screen.rich:
        for name, value in variables.items():
            screen.line(f"  {name} = {compact(value)}")
        return
    for name, value in variables.items():
        text = pretty(value, screen.width - len(name) - 3, "  ")
        screen.code(f"  {name} = {text}", "javascript")


def _waits(screen: Screen, shown: Shown, now: datetime) -> None:
    state = shown.state
    items = [a for a in state.pending.values() if a.within is not None and a.within.join]
    plain_items = [a.id for a in items if a.status in ("scheduled", "started")]
    hidden = plain_items if len(plain_items) > MANY else ()
    shown_ones = [a for a in state.pending.values() if a.id not in hidden]
    lines = [_waiting(state, activity, now) for activity in shown_ones]
    lines += _moves(shown, now)
    if lines:
        screen.heading("Waits for")
    for line in lines:
        screen.line(f"  {line}")


def _waiting(state: RunState, activity: Activity, now: datetime) -> str:
    """One thing that a run waits for, in words."""
    said = f"{activity.kind} {activity.name}".rstrip()
    if activity.join is not None:
        return _joining(activity, activity.join, now)
    if activity.kind in ("step", "undo"):
        stands = f"waiting for {activity.postponed}" if activity.postponed else activity.status
        said += f", {stands}, attempt {activity.attempt}, key {activity.key}"
        if activity.status == "in doubt":
            often = f" (its process died in {activity.interruptions} calls)"
            said += often if activity.interruptions else ""
            command = f"interlock resolve {state.run} {activity.name}"
            said += f"; settle it with: {command} --happened (or --did-not, or --again)"
    if activity.due is not None:
        word = "again at" if activity.status in ("retrying", "postponed") else "until"
        said += f", {word} {instant(activity.due)} ({ago(activity.due, now)})"
    if activity.about is not None:
        said += f", about {compact(state.image.plain(activity.about))}"
    if activity.error is not None:
        said += f"; last error: {activity.error.type}: {activity.error.message}"
    return said


def _joining(activity: Activity, join: Joined, now: datetime) -> str:
    """How far several calls are: `each:move, 930 of 1000 are over, 20 under way`."""
    said = f"{activity.state}, {len(join.outcomes)} of {len(join.calls)} are over"
    if join.failed:
        said += f" ({len(join.failed)} failed)"
    if join.active:
        said += f", {len(join.active)} under way"
    if activity.due is not None:
        said += f", the next batch at {instant(activity.due)} ({ago(activity.due, now)})"
    return said


def _moves(shown: Shown, now: datetime) -> list[str]:
    """The commands that a lifecycle accepts in its state, and the timers that run there."""
    state, machine = shown.state, shown.machine
    if machine is None or not state.lifecycle:
        return []
    due = {timer.name.removeprefix("after:"): timer.due for timer in shown.timers}
    lines: list[str] = []
    for edge in machine.edges:
        if edge.source in state.configuration:
            guard = f" if {edge.guard}" if edge.guard else ""
            when = f", {both(due[edge.id], now)}" if edge.id in due else ""
            where = f" in {edge.source}" if state.active else ""
            lines.append(f"{edge.event}{where} → {' and '.join(edge.targets)}{guard}{when}")
    return lines


def _effects(screen: Screen, effects: Sequence[Effect], now: datetime) -> None:
    if not effects:
        return
    screen.heading("Effects")
    columns = [
        Column("step", "bold"), Column("status", keep=True), Column("attempts", right=True),
        Column("since"), Column("key"), Column("error"),
    ]  # fmt: skip
    summed = [
        (e.step, status(e.status), _calls(e), ago(e.since, now), e.key, _error(e))
        for e in rows(effects)
    ]
    screen.table(columns, summed)


def _error(effect: Row) -> str:
    """Its last error, as long as that matters."""
    return "" if effect.status in ("confirmed", "compensated") else effect.error


def _calls(effect: Row) -> str:
    """How often it was called: `1`, or `1 + 2 interrupted` after two crashes."""
    more = f" + {effect.interruptions} interrupted" if effect.interruptions else ""
    return f"{effect.attempts}{more}"


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
        (d.name, granted if d.granted else rejected, d.actor.id, ago(d.at, now), d.reason)
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
