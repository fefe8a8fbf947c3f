"""Circuit breakers for people: where each is, what it went through, and their word over it."""

from __future__ import annotations

from typing import Any

from interlock.cli.errors import BadArgument
from interlock.cli.instants import parse_instant
from interlock.cli.listing import since
from interlock.cli.render import Column, Screen, Styled, print_document, print_lines
from interlock.cli.stores import must_hold_store, reading, run_async
from interlock.cli.text import exact, instant
from interlock.engine import Engine
from interlock.engine.gates.handle import breakers, moves
from interlock.projections import BreakerState
from interlock.store.clock import SystemClock

_COLOURS = {"closed": "green", "open": "bold red", "half-open": "yellow"}


def list_breakers(store: str, time: str, *, as_json: bool) -> None:
    """Print every breaker that ever moved."""
    when = parse_instant(time) if time else None

    async def read() -> list[BreakerState]:
        async with reading(store) as opened:
            return await breakers(opened, when)

    found = run_async(read())
    if as_json:
        print_lines(_view(state) for state in found)
        return
    screen = Screen()
    if screen.rich and not found:
        screen.line(Styled("no breaker ever moved", "dim"))
        return
    now = SystemClock().now()
    columns = [
        Column("breaker", "bold", keep=True), Column("state", keep=True), Column("since"),
        Column("until"), Column("why"), Column("by"),
    ]  # fmt: skip
    rows = [
        (
            state.name,
            Styled(state.state, _COLOURS[state.state]),
            since(screen, state.since, now) if state.since else "",
            since(screen, state.until, now) if state.until else "",
            state.reason,
            state.by,
        )
        for state in found
    ]
    screen.table(columns, rows)


def show_breaker(store: str, name: str, *, as_json: bool) -> None:
    """Print one breaker, and where each of its moves led.

    Raises:
        BadArgument: none of this name ever moved.
    """

    async def read() -> list[BreakerState]:
        async with reading(store) as opened:
            return await moves(opened, name)

    history = run_async(read())
    if not history:
        message = f"no breaker {name!r} ever moved in {store}; `interlock breakers` lists them"
        raise BadArgument(message)
    if as_json:
        print_document({**_view(history[-1]), "moves": [_view(state) for state in history]})
        return
    screen = Screen()
    last = history[-1]
    screen.line(Styled(f"breaker {name}", "bold"), Styled(last.state, _COLOURS[last.state]))
    rows = [
        (
            instant(state.at) if state.at else "",
            Styled(state.state, _COLOURS[state.state]),
            state.reason,
            state.by,
            instant(state.until) if state.until else "",
        )
        for state in history
    ]
    columns = [Column("at"), Column("state", keep=True), Column("why"), Column("by"),
               Column("until")]  # fmt: skip
    screen.table(columns, rows)


def force(store: str, name: str, by: str, reason: str, *, opened: bool) -> None:
    """Open or close a breaker by hand. The worker, if there is one, sees it at once."""
    must_hold_store(store)

    async def say() -> None:
        async with Engine(store, worker=False) as engine:
            handle = engine.breaker(name)
            await (handle.force_open if opened else handle.force_close)(by=by, reason=reason)

    run_async(say())


def _view(state: BreakerState) -> dict[str, Any]:
    return {
        "breaker": state.name,
        "state": state.state,
        "since": exact(state.since),
        "until": exact(state.until),
        "reason": state.reason,
        "by": state.by,
        "trials": state.trials,
        "passed": state.passed,
        "at": exact(state.at),
    }
