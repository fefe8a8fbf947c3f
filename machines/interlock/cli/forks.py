"""Making forks, and answering what they ask about."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, cast, get_args

from interlock.cli import deciding
from interlock.cli.deciding import Told
from interlock.cli.errors import BadArgument
from interlock.cli.instants import parse_instant
from interlock.cli.stores import entry_of_run, module_of, must_hold_store, run_async
from interlock.cli.target import import_apps
from interlock.cli.text import compact
from interlock.cli.typed import result_of
from interlock.engine import Engine
from interlock.store.contract import Entry
from interlock.store.forking import Answer, Effects


@dataclass(frozen=True, slots=True)
class Asked:
    """A fork as a person asks for it: see `Engine.fork`."""

    run: str
    at: str
    values: Sequence[str]
    effects: str
    name: str
    by: str


@dataclass(frozen=True, slots=True)
class Said:
    """An answer as a person gives it: see `Engine.answer`."""

    step: str
    recorded: bool
    live: bool
    result: str
    error: str
    by: str
    reason: str


def fork_run(store: str, apps: Sequence[str], asked: Asked, *, as_json: bool) -> None:
    """Make a fork, drive it on if this process may, and print where it is then.

    Raises:
        BadArgument: an option cannot be meant.
    """
    if asked.effects not in get_args(Effects):
        message = f"--effects {asked.effects}: say one of {', '.join(get_args(Effects))}"
        raise BadArgument(message)
    values = dict(_value(text) for text in asked.values)
    at = _at(asked.at)

    must_hold_store(store)
    resources = import_apps(apps)
    after = run_async(_fork(store, resources, asked, at, values))
    deciding.show(after, as_json=as_json)


async def _fork(
    url: str,
    resources: Mapping[Any, Any],
    asked: Asked,
    at: int | datetime | None,
    values: Mapping[str, object],
) -> deciding.After:
    async with deciding.opened(url, resources, None) as (engine, lacking):
        entry = await entry_of_run(engine.store, asked.run)  # says which ids are near
        deciding.import_demo(await module_of(engine.store, entry.hash))
        made = await engine.fork(
            asked.run, at, id=asked.name or None, set=values, by=asked.by,
            effects=cast("Effects", asked.effects),
        )  # fmt: skip
        fork = (await made.snapshot()).fork
        where = "" if fork is None else f" at {fork.version}"
        changed = "".join(f", {path} = {compact(_shown(new))}" for path, new in values.items())
        told = Told(f"{made.id} forked from {asked.run}{where}{changed}")
        return await deciding.follow(engine, made.id, told, lacking)


def _at(text: str) -> int | datetime | None:
    if not text:
        return None
    if text.lstrip("-").isdigit():
        return int(text)
    return parse_instant(text)


def _value(text: str) -> tuple[str, object]:
    """A path and its new value: JSON, or text as it stands."""
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        message = f"--set {text}: write it as PATH=VALUE, such as order.total=900"
        raise BadArgument(message)
    try:
        return path.strip(), json.loads(value, parse_float=_exact)
    except json.JSONDecodeError:
        return path.strip(), value


def _exact(text: str) -> object:
    return float(text) if float(text) == Decimal(text) else Decimal(text)


def _shown(value: object) -> Any:
    return float(value) if isinstance(value, Decimal) else value


async def answer(engine: Engine, entry: Entry, said: Said) -> Told:
    """Say what becomes of a call that a fork asks about."""
    how: Answer = "live" if said.live else "recorded"
    value: object = None
    if said.result:
        how, value = "value", result_of(engine, entry, said.step, said.result)
    elif said.error:
        how, value = "error", said.error
    await engine.answer(entry.run, said.step, how, value, by=said.by, reason=said.reason)
    words = {
        "live": "is called", "recorded": "has its recorded outcome", "value": "returns that",
        "error": "raises that",
    }  # fmt: skip
    return Told(f"{said.step} {words[how]}, says {said.by}")


async def discard(engine: Engine, entry: Entry, by: str, reason: str) -> Told:
    """Give up a fork."""
    await engine.discard(entry.run, by=by, reason=reason)
    return Told(f"{entry.run} was given up by {by}; nothing is undone")
