"""Who can be tried for an approval: those whom it names, and those whom its function speaks of."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from types import CodeType, FunctionType
from typing import Any, cast

from interlock.engine.core import Core
from interlock.engine.errors import UnknownMachine
from interlock.engine.rights import rule_at
from interlock.engine.workflows import WorkflowRun
from interlock.projections import Activity, Approval
from interlock.testing.payloads import values_in

_DEEP = 3
"""Functions that a function calls, which call others, are looked into so far."""

_MOST = 40
"""People who are tried, at most."""


async def deciders(engine: Core, run: str, activity: Activity, others: Sequence[str]) -> list[str]:
    """People to be tried for an approval, the likeliest first.

    Those whom it names. Where a function decides, the texts that stand in it, in what it refers to
    and in the facts that it is given: names, roles and the like.

    Args:
        others: people who may be tried for anything.
    """
    approval = activity.approval or Approval()
    found: dict[str, None] = dict.fromkeys(approval.approvers.names)
    if approval.approvers.rule:
        session, mover = await engine.look(run)
        if isinstance(mover, WorkflowRun) and activity.id in session.state.pending:
            image = session.state.thread(activity).image
            facts: Any = image.decode(mover.program.types, activity.about)
            found |= dict.fromkeys(values_in(facts).get(str, []))
            with suppress(UnknownMachine):  # the vote says so, too
                found = dict.fromkeys(texts_of(rule_at(session, activity))) | found
    most = [one for one in found if one][:_MOST]
    return [*most, *(one for one in others if one not in found)]


def texts_of(function: Callable[..., Any]) -> Iterator[str]:
    """The texts that a function mentions: in its code, its closure, and what these refer to."""
    yield from dict.fromkeys(_of(function, set(), 0))


def _of(given: object, seen: set[int], depth: int) -> Iterator[str]:
    if id(given) in seen or depth > _DEEP:
        return
    seen.add(id(given))
    if isinstance(given, FunctionType):
        yield from _in_code(given, given.__code__, seen, depth)
        outside = inspect.getclosurevars(given)
        for one in (*outside.nonlocals.values(), *outside.globals.values()):
            yield from _of(one, seen, depth + 1)
    elif isinstance(given, type | CodeType) or inspect.ismodule(given) or callable(given):
        return
    else:
        yield from values_in(given).get(str, [])


def _in_code(given: FunctionType, code: CodeType, seen: set[int], depth: int) -> Iterator[str]:
    for one in cast("Sequence[object]", code.co_consts):
        if isinstance(one, CodeType):
            yield from _in_code(given, one, seen, depth)
        elif one is not given.__doc__:
            yield from values_in(one).get(str, [])
