"""What people decide about runs: recorded at once, driven on where this process may."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias

from interlock.cli.errors import BadArgument
from interlock.cli.forked import answering
from interlock.cli.joined import error_text
from interlock.cli.notifying import notify_of
from interlock.cli.render import Screen, Styled, print_document, status
from interlock.cli.situations import situations
from interlock.cli.stores import entry_of_run, module_of, must_hold_store, run_async
from interlock.cli.target import import_apps, import_module
from interlock.cli.text import compact, instant
from interlock.cli.typed import command_of, result_of
from interlock.cli.view import entry_view
from interlock.engine import Engine
from interlock.engine.notices import Notify
from interlock.engine.programs import Programs
from interlock.engine.resources import missing
from interlock.engine.undo_answers import UndoAnswer
from interlock.projections import RunState, address, load_state
from interlock.projections.held import held_cause
from interlock.store.clock import uuid7
from interlock.store.contract import FINISHED, Entry
from interlock.store.event import JSON
from interlock.store.values import encode_whole, plain


@dataclass(frozen=True, slots=True)
class Told:
    """What a decision came to.

    Attributes:
        said: what was recorded, for people.
        answered: the run has replied.
        reply: with this, as plain JSON.
        command_id: of the command that was sent.
    """

    said: str
    command_id: str = ""
    answered: bool = False
    reply: JSON = None


Act: TypeAlias = Callable[[Engine, Entry], Awaitable[Told]]
"""Records one decision on a run."""


@dataclass(frozen=True, slots=True)
class After:
    """How a run stands after a decision.

    Attributes:
        told: what the decision came to.
        entry: its row.
        waits: all that it waits for, where that is several things.
        error: why it ended badly, "" where it did not.
        result: of a workflow that is completed, as plain JSON.
        continued: this process has driven it on.
        hint: who goes on with it, "" where that needs no word.
    """

    told: Told
    entry: Entry
    waits: str
    error: str
    result: JSON
    continued: bool
    hint: str


def decide(store: str, apps: Sequence[str], run: str, act: Act, *, as_json: bool) -> None:
    """Record a decision, drive the run on if this process may, and print where it is then."""
    must_hold_store(store)
    resources = import_apps(apps)
    show(run_async(_decide(store, resources, notify_of(apps), run, act)), as_json=as_json)


def show(after: After, *, as_json: bool) -> None:
    """Print what was recorded, and where the run is then."""
    entry, told = after.entry, after.told
    if as_json:
        reply = {"reply": told.reply} if told.answered else {}
        recorded = {"recorded": told.said, "continued": after.continued, "summary": after.waits}
        recorded |= {"error": after.error or None, "result": after.result}
        print_document({**entry_view(entry), **recorded, **reply})
        return
    screen = Screen()
    screen.line(Styled(told.said, "bold"))
    if told.answered:
        screen.line("replied", compact(told.reply))
    stands = entry.waits and entry.status not in ("running", "held")
    waits = [f"for {after.waits or waits_of(entry)}"] if stands else []
    place = [] if entry.state == entry.status else [f"at {entry.state},"]
    ended = [f"with {after.error}"] if after.error else []
    if after.result is not None:
        ended = [f"with {compact(after.result)}"]
    screen.line(f"{entry.run} is", *place, status(entry.status), *waits, *ended)
    if entry.status == "held":
        screen.paragraph(entry.waits_for, "red")
    if after.hint:
        screen.line(Styled(after.hint, "dim"))


def waits_of(entry: Entry) -> str:
    """What a run waits for, as its row says."""
    return f"{entry.waits} {entry.waits_for}".rstrip()


async def _decide(
    url: str, resources: Mapping[Any, Any], notify: Notify | None, run: str, act: Act
) -> After:
    async with opened(url, resources, notify) as (engine, lacking):
        entry = await entry_of_run(engine.store, run)
        module = await module_of(engine.store, entry.hash)
        import_demo(module)
        return await follow(engine, run, await act(engine, entry), lacking, entry)


def import_demo(module: str) -> None:
    """Serve the runs of `interlock demo`, which nobody names."""
    if module == "interlock.demo" or module.startswith("interlock.demo."):
        import_module("interlock.demo")


@asynccontextmanager
async def opened(
    url: str, resources: Mapping[Any, Any], notify: Notify | None
) -> AsyncGenerator[tuple[Engine, str]]:
    """An engine that moves no run but those that are decided on, and what it lacks for calls."""
    lacking = "; ".join(filter(None, (missing(p, resources) for p in Programs(()).served())))
    async with Engine(
        url, recover=False, worker=not lacking, resources=resources, notify=notify
    ) as engine:
        yield engine, lacking


async def follow(
    engine: Engine, run: str, told: Told, lacking: str, before: Entry | None = None
) -> After:
    """Drive a run on after a decision, if this process may; how it stands then.

    Args:
        before: its row before that; its worker may not have said again that it is held.
    """
    entry = await entry_of_run(engine.store, run)
    module = await module_of(engine.store, entry.hash)
    serves = engine.programs.find(entry.machine, entry.hash) is not None
    if engine.driving and serves:
        await engine.settle()
    after = await entry_of_run(engine.store, run)
    kept = await _kept(engine, after, told.command_id)
    held = "" if before is None or before.status != "held" else before.waits_for
    hint = kept if kept and after.status == "held" else ""
    hint = hint or await _hint(engine, after, module, held, serves=serves) or kept
    if lacking and hint and not held and after.status != "held":
        hint = f"a worker goes on with it; this command does not: {lacking}"
    waits = (await situations(engine.store, [after]))[run].summary
    error, result = await _outcome(engine, after)
    return After(told, after, waits, error, result, engine.driving and serves, hint)


async def _outcome(engine: Engine, entry: Entry) -> tuple[str, JSON]:
    """Why a run ended badly, or what it gave."""
    if entry.status not in FINISHED:
        return "", None
    state = await load_state(engine.store, entry.run)
    error = "" if state.error is None else error_text(state.error)
    return error, state.image.plain(state.result) if entry.status == "completed" else None


async def _kept(engine: Engine, entry: Entry, command_id: str) -> str:
    """That a command was recorded, and that nothing has taken it so far."""
    if not command_id or entry.status in FINISHED:
        return ""
    for received in (await load_state(engine.store, entry.run)).inbox:
        if received.id == command_id:
            if entry.status == "held":
                return f"this {received.command} is kept until the run can go on"
            return f"nothing waits for this {received.command} yet: it is kept until something does"
    return ""


async def _hint(engine: Engine, entry: Entry, module: str, held: str, *, serves: bool) -> str:
    """Who goes on with the run, when this process does not; `held` is why it was held before."""
    if entry.status in FINISHED:
        return ""
    state = await load_state(engine.store, entry.run)
    why = state.held or ("" if engine.driving and serves else held)
    if state.held and state.cancel is not None:
        return _cancelled_in_vain(state)
    if why and held_cause(why) != "error":
        if state.cancel is not None:
            return _cancelled_in_vain(state)
        return "it goes on when that is mended, and a worker runs with it"
    if not engine.driving:
        return "the worker that has this database open goes on with it"
    if not serves:
        where = module or "MODULE"
        return (
            f"{entry.machine} is not imported here: `interlock work {where}` goes on with it "
            f"(or give --app {where})"
        )
    for activity in state.pending.values():
        if activity.status == "asked":
            return f"{activity.asked}; say what it gives: `{answering(state, activity)}`"
        if activity.status == "retrying" and activity.due is not None:
            again = instant(activity.due)
            return f"{activity.name} is tried again at {again}; `interlock work {module}` does it"
    return ""


def _cancelled_in_vain(state: RunState) -> str:
    undone = ", ".join(undo.step for undo in state.stack)
    said = "the cancellation is recorded: it reaches the run when it can go on"
    if not undone:
        return said
    return f"{said}, and then undoes {undone}; --without-undo ends it now, and leaves that as it is"


@dataclass(frozen=True, slots=True)
class Sent:
    """A command, as a person names it.

    Attributes:
        command: name of its class.
        fields: its fields, as JSON.
        command_id: the same id again is the same command; "" makes one.
        reply: wait for the answer, for so long; None does not wait.
    """

    command: str
    fields: str
    command_id: str = ""
    reply: timedelta | None = None


async def send(engine: Engine, entry: Entry, sent: Sent, by: str) -> Told:
    """Send the command that a name and JSON describe.

    Raises:
        NoReply, TimedOut: it was accepted, and there was no answer.
    """
    made = command_of(engine, entry, sent.command, sent.fields)
    said = f"{sent.command} sent by {by}"
    name = sent.command_id or str(uuid7(engine.clock.now()))
    if sent.reply is None:
        await engine.send(entry.run, made, by=by, command_id=name)
        return Told(said, name)
    answer = await engine.send(
        entry.run, made, by=by, command_id=name, reply=True, timeout=sent.reply
    )
    types = engine.types_of(entry.machine)
    return Told(said, name, answered=True, reply=plain(encode_whole(types, answer)))


async def cancel(engine: Engine, entry: Entry, by: str, reason: str, *, undo: bool) -> Told:
    """Ask for a run to be cancelled; without `undo`, end it as it is."""
    await engine.cancel(entry.run, by=by, reason=reason, undo=undo)
    return Told(f"cancellation asked for by {by}" if undo else f"given up by {by}")


async def delegate(engine: Engine, entry: Entry, name: str, to: str, by: str, reason: str) -> Told:
    """Hand the right to decide over."""
    await engine.delegate(entry.run, name, to=to, by=by, reason=reason)
    return Told(f"{by} handed the right to decide on {name} over to {to}")


async def answer_undo(
    engine: Engine, entry: Entry, step: str, answer: UndoAnswer, by: str, reason: str
) -> Told:
    """Say what becomes of a failed undo."""
    await engine.undo(entry.run, step, answer, by=by, reason=reason)
    found = {"retry": "is undone again", "resolve": "was undone by other means", "skip": "stays"}
    return Told(f"{step} {found[answer]}, says {by}")


async def vote(
    engine: Engine, entry: Entry, name: str, *, granted: bool, by: str, reason: str, facts: str
) -> Told:
    """Say yes or no to an approval, and how far that brings it."""
    decide_ = engine.approve if granted else engine.reject
    await decide_(entry.run, name, by=by, reason=reason, facts=facts)
    state = await load_state(engine.store, entry.run)
    for activity in state.pending.values():
        approval = activity.approval
        named = name in (activity.name, activity.id, address(state, activity))
        if approval is None or not named or activity.status == "done":
            continue
        if any(one.actor.id == by for one in approval.votes):
            count, wanted = approval.count(granted=granted), approval.quorum
            word = "yes" if granted else "no"
            wanted = wanted if granted else approval.rejections
            return Told(f"{by} said {word} to approval {name}: {count} of {wanted}")
    return Told(f"approval {name} {'granted' if granted else 'rejected'} by {by}")


def _result(engine: Engine, entry: Entry, step: str, text: str) -> object:
    if text:
        return result_of(engine, entry, step, text)
    try:
        return result_of(engine, entry, step, "null")
    except BadArgument:
        message = f"{step} does not return None: say by --result JSON what it returned"
        raise BadArgument(message) from None


async def resolve(
    engine: Engine,
    entry: Entry,
    step: str,
    happened: bool | None,
    result: str,
    by: str,
    reason: str,
) -> Told:
    """Record what a person found out about a step in doubt."""
    value = _result(engine, entry, step, result) if happened else None
    await engine.resolve(entry.run, step, happened=happened, result=value, by=by, reason=reason)
    found = f"{step} {'did happen' if happened else 'did not happen'}"
    return Told(f"{f'{step} is to be called again' if happened is None else found}, says {by}")
