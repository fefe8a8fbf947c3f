"""`work`: a process that keeps driving the runs of a database."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec

from interlock.cli.errors import BadTarget
from interlock.cli.notifying import notify_of
from interlock.cli.phrases import phrase
from interlock.cli.render import STYLES, Screen, Styled, print_lines
from interlock.cli.settling import settled
from interlock.cli.stores import module_of, must_hold_store, reading, run_async
from interlock.cli.target import import_apps, tell_kept
from interlock.cli.text import exact, instant
from interlock.engine import Engine
from interlock.engine.deploying import fate_of
from interlock.engine.notices import Notify
from interlock.machines import registry
from interlock.store.contract import Entry, Filter
from interlock.store.decisions import ApprovalRequested
from interlock.store.event import Event
from interlock.store.values import Image

_TOLD = frozenset(
    {
        "RunCompleted", "RunFailed", "RunCompensated", "RunCompensationFailed", "RunCancelled",
        "RunHeld", "StepInDoubt", "ApprovalRequested",
    }
)  # fmt: skip
"""The events that a worker tells of: ends, and what waits for a person."""

_JUDGED = 500
"""How many runs of an edited machine are looked at when a worker begins."""


def work(store: str, modules: Sequence[str], *, until_idle: bool, as_json: bool) -> None:
    """Drive runs until interrupted, or until there is nothing left but to wait."""
    must_hold_store(store)
    resources = import_apps(modules)
    if not registry.all():
        raise BadTarget(run_async(_nothing_to_serve(store, modules)))
    notify = notify_of(modules)
    tell_kept(modules)
    run_async(_work(store, resources, notify, until_idle=until_idle, as_json=as_json))


async def _nothing_to_serve(url: str, modules: Sequence[str]) -> str:
    """What to write instead: the modules that the database's machines were defined in."""
    async with reading(url) as store:
        entries = await store.entries(Filter(finished=False))
        hashes = dict.fromkeys(entry.hash for entry in entries)
        found = {await module_of(store, definition) for definition in hashes}
    wanted = " ".join(sorted(name for name in found if name)) or "MODULE"
    given = (
        f"{', '.join(modules)} defines no workflow and no lifecycle"
        if modules
        else ("no module is named, so there is nothing to serve")
    )
    return f"{given}; write: interlock work {wanted} --store {url}"


async def _work(
    store: str,
    resources: Mapping[Any, Any],
    notify: Notify | None,
    *,
    until_idle: bool,
    as_json: bool,
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, ValueError):  # not in the main thread
            loop.add_signal_handler(number, stop.set)
    teller = Teller(as_json=as_json)
    async with Engine(store, resources=resources, notify=notify) as engine:
        gc.freeze()  # what was imported stays: the collector need not look at it again and again
        engine.store.on_append(teller.tell)
        teller.say(f"worker {os.getpid()} on {store}, serving {', '.join(sorted(registry.all()))}")
        await _tell_edited(engine, teller)
        await _drive(engine, teller, stop, until_idle=until_idle)
        for run, why in islice(engine.held.items(), _JUDGED):
            teller.say(f"{run} stands still: {why}")
        if len(engine.held) > _JUDGED:
            teller.say(f"and {len(engine.held) - _JUDGED} more stand still: interlock runs")
        if any("is not imported here" in why for why in engine.held.values()):
            teller.say("name the modules that define them: interlock work MODULE …")


async def _tell_edited(engine: Engine, teller: Teller) -> None:
    """Tell of runs of another definition: which of them go on, and which cannot."""
    for machine, edited in (await _edited(engine)).items():
        fates = [await fate_of(engine.store, engine.programs, one) for one in edited[:_JUDGED]]
        held = sum(one.held for one in fates)
        stays = sum(one.fate == "stays" for one in fates)
        runs = "1 run" if len(edited) == 1 else f"{len(edited)} runs"
        said = f"{runs} of {machine} began before it was edited: "
        if len(edited) > _JUDGED:
            said += f"of the first {_JUDGED}, "
        going = len(fates) - held - stays
        said += f"under the new code {going} will go on when something happens"
        said += f", {stays} will stay on the old code, which is here as well" if stays else ""
        said += f", {held} cannot go on: interlock why RUN says why" if held else ""
        teller.say(said)


async def _edited(engine: Engine) -> dict[str, list[Entry]]:
    """The runs in flight that follow another definition than the present one, by machine."""
    edited: dict[str, list[Entry]] = {}
    for entry in await engine.store.entries(Filter(finished=False)):
        _, current = engine.programs.choice(entry.machine, entry.hash)
        if current is not None and current.machine.hash != entry.hash:
            edited.setdefault(entry.machine, []).append(entry)
    return edited


async def _drive(engine: Engine, teller: Teller, stop: asyncio.Event, *, until_idle: bool) -> None:
    if not engine.driving:
        if until_idle:
            teller.say("another worker drives this database; there is nothing to do here")
            return
        teller.say("another worker drives this database; standing by to take over")
    waiting = asyncio.ensure_future(stop.wait())
    while not engine.driving and not waiting.done():
        await asyncio.wait([waiting], timeout=0.2)
    idle = asyncio.ensure_future(settled(engine)) if until_idle else None
    await asyncio.wait([waiting, *([idle] if idle else [])], return_when=asyncio.FIRST_COMPLETED)
    for task in (waiting, idle):
        if task is not None:
            task.cancel()


def _image(event: Event) -> Image:
    """The memory that an event brings along: all of it, for the end of a run."""
    image = Image()
    image.apply(getattr(event.body, "memory", None))
    return image


def _brief(event: Event) -> Event:
    """Without the facts of an approval, which are in the memory of its run: see `approvals`."""
    body = event.body
    if isinstance(body, ApprovalRequested):
        return msgspec.structs.replace(event, body=msgspec.structs.replace(body, about=None))
    return event


class Teller:
    """Tells of what a worker did, a line for each event that matters."""

    def __init__(self, *, as_json: bool) -> None:
        self._json = as_json
        self._screen = Screen()

    def say(self, text: str) -> None:
        """A line about the worker itself: not data, so it goes to the error output."""
        print(text, file=sys.stderr, flush=True)

    def tell(self, events: Sequence[Event]) -> None:
        """What was just recorded."""
        for event in events:
            if event.type not in _TOLD:
                continue
            what = phrase(_brief(event), _image(event).plain)
            if self._json:
                print_lines([{"run": event.stream, "at": exact(event.at), "type": event.type,
                              "state": event.state, "what": what}])  # fmt: skip
            else:
                style = STYLES.get(event.state, "")
                self._screen.line(
                    instant(event.at), Styled(event.stream, "bold"), Styled(what, style)
                )
            sys.stdout.flush()
