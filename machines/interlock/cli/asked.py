"""`approvals`: the decisions that somebody is asked for."""

from __future__ import annotations

from interlock.cli.listing import since
from interlock.cli.phrases_people import approvers
from interlock.cli.render import Column, Screen, Styled, print_lines
from interlock.cli.stores import reading, run_async
from interlock.cli.text import compact, exact, shorten
from interlock.cli.view import Document, vote_view, who_view
from interlock.engine.inbox import Pending, Wanted, pending_approvals
from interlock.engine.rights import Directory
from interlock.store.clock import SystemClock


def list_approvals(store: str, wanted: Wanted, *, as_json: bool) -> None:
    """Print the approvals that nobody has decided on."""

    async def pending() -> list[Pending]:
        async with reading(store) as opened:
            return await pending_approvals(opened, wanted, Directory.of(None), SystemClock().now())

    found = run_async(pending())
    if as_json:
        print_lines(_view(one) for one in found)
        return
    screen = Screen()
    if screen.rich and not found:
        screen.line(Styled("no approval is pending", "dim"))
        return
    now = SystemClock().now()
    columns = [
        Column("run", "bold"), Column("approval", "yellow"), Column("machine"),
        Column("from"), Column("votes"), Column("asked"), Column("until"), Column("about"),
    ]  # fmt: skip
    rows = [
        (
            one.run, one.address, one.machine, _from(one), _votes(one),
            since(screen, one.since, now),
            since(screen, one.deadline, now) if one.deadline else "",
            shorten(compact(one.about), _LONG) if screen.rich else compact(one.about),
        )
        for one in found
    ]  # fmt: skip
    shown = [n for n, column in enumerate(columns) if not (screen.narrow and column.name in _SPARE)]
    screen.table([columns[n] for n in shown], [[row[n] for n in shown] for row in rows])


_LONG = 60
"""Characters of the facts on a terminal; a pipe and JSON get all of them."""

_SPARE = ("machine", "asked")
"""Columns that a narrow terminal has no room for."""


def _from(one: Pending) -> str:
    """Who may decide."""
    said = approvers(one.approvers)
    said += "".join(f", {to} for {whose}" for whose, to in one.delegated.items())
    return f"{said}, but not {one.requester}" if one.requester else said


def _votes(one: Pending) -> str:
    """`1 of 2: ann yes`; nothing where the first answer decides."""
    if one.quorum == one.rejections == 1:
        return ""
    yes = sum(vote.granted for vote in one.votes)
    said = f"{yes} of {one.quorum}"
    told = [f"{vote.actor.id} {'yes' if vote.granted else 'no'}" for vote in one.votes]
    return f"{said}: {', '.join(told)}" if told else said


def _view(one: Pending) -> Document:
    return {
        "run": one.run,
        "machine": one.machine,
        "name": one.name,
        "address": one.address,
        "activity": one.activity,
        "about": one.about,
        "facts": one.facts,
        "since": exact(one.since),
        "until": exact(one.deadline),
        "approvers": who_view(one.approvers),
        "delegated": dict(one.delegated),
        "requester": one.requester or None,
        "quorum": one.quorum,
        "rejections": one.rejections,
        "votes": [vote_view(vote) for vote in one.votes],
        "reminds": exact(one.reminds),
        "escalates": exact(one.escalates),
    }
