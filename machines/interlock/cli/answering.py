"""`why`: the answer for a person who was woken by it, and as JSON."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import msgspec

from interlock.cli.options import DEFAULT_STORE
from interlock.cli.render import Screen, Styled, print_document, status
from interlock.cli.stores import module_of, reading, run_async, unknown
from interlock.cli.target import import_apps, import_module
from interlock.cli.text import compact, one_line
from interlock.engine.errors import UnknownRun
from interlock.engine.looking import programs_of
from interlock.engine.rights import Directory
from interlock.engine.why import Asking
from interlock.projections import Action, Offer, Then, Wait, Why
from interlock.projections.instants import both
from interlock.projections.why import ENDED, URGENT
from interlock.store.clock import SystemClock
from interlock.store.contract import Store

_SHOWN = 12
"""Waits, instants and actions that are listed; how many there are is said besides."""

_ALARMING = URGENT[: URGENT.index("declined")]
"""The causes that somebody has to see to."""


def answer(store: str, run: str, apps: Sequence[str], *, as_json: bool) -> None:
    """Print why a run is where it is."""
    import_apps(apps)
    found = run_async(_ask(store, run, named=bool(apps)))
    if as_json:
        print_document(why_view(found, _named(store)))
    else:
        print_why(Screen(), found, _named(store), app=not os.environ.get("INTERLOCK_APP"))


async def _ask(url: str, run: str, *, named: bool) -> Why:
    async with reading(url) as store:
        demo = await _is_demo(store, run)
        if demo:
            import_module("interlock.demo")
        directory = Directory.of(None) if named else None
        try:
            if not (named or demo):
                return await Asking(store, SystemClock().now(), None, directory).why(run)
            async with programs_of(store) as programs:
                return await Asking(store, SystemClock().now(), programs, directory).why(run)
        except UnknownRun:
            raise await unknown(store, run) from None


async def _is_demo(store: Store, run: str) -> bool:
    entry = await store.entry(run)
    module = "" if entry is None else await module_of(store, entry.hash)
    return module == "interlock.demo" or module.startswith("interlock.demo.")


def _named(store: str) -> str:
    """The database as command lines have to name it, "" where they find it by themselves."""
    return "" if store in (DEFAULT_STORE, os.environ.get("INTERLOCK_STORE")) else store


def why_view(why: Why, store: str) -> dict[str, Any]:
    """The answer as JSON; each action with its whole command line."""
    found: dict[str, Any] = msgspec.to_builtins(why)
    return _with_lines(found, why, store)


def _with_lines(found: dict[str, Any], why: Why, store: str) -> dict[str, Any]:
    found["actions"] = [_action(action, store) for action in why.actions]
    for view, wait in zip(found["waits"], why.waits, strict=True):
        view["actions"] = [_action(action, store) for action in wait.actions]
        if wait.child is not None:
            _with_lines(view["child"], wait.child, store)
    return found


def _action(action: Action, store: str) -> dict[str, Any]:
    return {"said": action.said, "line": action.line(store)}


def print_why(screen: Screen, why: Why, store: str, *, app: bool) -> None:
    """Print the answer: the cause first, then what can be done, then all the rest."""
    place = [] if why.state == why.status else [f"at {why.state}"]
    screen.line(Styled(why.run, "bold"), status(why.status), *place)
    style = "green" if why.cause in ENDED else "bold red" if why.cause in _ALARMING else "yellow"
    screen.paragraph(why.said, style)
    for said in why.besides:
        screen.paragraph(said, "red")
    _todo(screen, why, store, app=app)
    ahead = [f"{both(one.at, why.at)}: {_then(why, one)}" for one in why.then]
    _section(screen, "If nothing comes", ahead)
    others = [_besides(wait) for wait in why.waits[1:]]
    _section(screen, "It waits for other things as well", others)
    told = [offer for offer in why.offers if offer.target or offer.accepted != "yes"]
    _section(screen, "Commands", [_offer(offer) for offer in told])
    _print_rest(screen, why)


def _section(screen: Screen, title: str, lines: list[str]) -> None:
    if not lines:
        return
    screen.heading(title)
    for line in lines[:_SHOWN]:
        screen.paragraph(line)
    if len(lines) > _SHOWN:
        screen.line(Styled(f"  and {len(lines) - _SHOWN} more", "dim"))


def _todo(screen: Screen, why: Why, store: str, *, app: bool) -> None:
    """What can be done; a command line is not broken, so that it can be copied."""
    if why.actions:
        screen.heading("What you can do")
    for action in why.actions[:_SHOWN]:
        screen.paragraph(f"{action.said}:")
        print(f"    {one_line(action.line(store, app=app))}")
    if len(why.actions) > _SHOWN:
        screen.line(Styled(f"  and {len(why.actions) - _SHOWN} more", "dim"))


def _then(why: Why, then: Then) -> str:
    return then.said if then.run == why.run else f"{then.run}: {then.said}"


def _besides(wait: Wait) -> str:
    name = "" if wait.kind == "run" else f"{wait.kind} {wait.name}: "
    aside = "beside it, " if wait.aside else ""
    return f"{aside}{name}{wait.said}"


def _offer(offer: Offer) -> str:
    said = f"{offer.command} → {offer.target}" if offer.target else offer.command
    if offer.accepted == "yes":
        said += ": accepted"
    elif offer.accepted == "kept":
        said += f": kept for later; {offer.said}"
    elif offer.accepted == "no":
        said += f": refused{f' by {offer.guard}' if offer.guard else ''}: {offer.said}"
    else:
        said += f": {offer.guard} decides, {offer.said}"
    if offer.values:
        values = ", ".join(f"{name} = {compact(value)}" for name, value in offer.values.items())
        said += f" (it looked at {values})"
    return said


def _print_rest(screen: Screen, why: Why) -> None:
    pairs: list[tuple[str, str]] = [("cause", why.cause)]
    if len(why.chain) > 1:
        pairs.append(("in", " → ".join(why.chain)))
    pairs += [("child of", why.parent), ("machine", f"{why.machine} {why.hash}".strip())]
    if why.cause not in ENDED:
        pairs.append(("worker", why.worker or "none"))
    print()
    screen.pairs([(name, Styled(value, "dim")) for name, value in pairs])
