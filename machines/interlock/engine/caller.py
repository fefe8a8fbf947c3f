"""Who asks an engine for something, why, and on whose request: said once for a block of code."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar, Token
from typing import Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from interlock.store.contract import Draft
from interlock.store.event import Actor, Body

Kind = Literal[
    "start", "send", "approve", "reject", "delegate", "cancel", "undo", "resolve", "breaker",
    "forget", "fork", "answer", "discard",
]  # fmt: skip


class Caller(Actor, frozen=True):
    """An actor, and what they say beside who they are.

    Attributes:
        reason: why they ask.
        correlation: of the request that they serve.
    """

    reason: str = ""
    correlation: str = ""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of an engine from outside, before anything of it is recorded.

    Attributes:
        kind: the engine's method (of a breaker: any of those that move it).
        run: id of the run; of a breaker, its name; of who is to be forgotten, "".
        name: of the machine to start, the command, the approval or the step; of a breaker, what
            is done to it; the subject to forget; of a fork, its id, "" for a generated one.
        value: the command that is sent; of a start, its arguments as `(args, kwargs)`; of an undo,
            the answer; of a delegation, to whom; of a doubt, whether it happened; of a fork, what
            becomes of its calls; of a call that one asks about, the answer; else None.
        by: who asks.
        reason: why.
        correlation: id of the outside request that this belongs to.
    """

    kind: Kind
    run: str
    name: str
    value: object = None
    by: str = ""
    reason: str = ""
    correlation: str = ""


Middleware: TypeAlias = Callable[[Request], "Request | Awaitable[Request | None] | None"]
"""Looks at a request. It answers with another one, of which `by`, `reason` and `correlation` are
taken, or None to leave it as it is; it raises `Refused` to say no. It may be a coroutine function.
"""

_acting: ContextVar[Caller] = ContextVar("interlock_acting")


class acting:  # noqa: N801  reads as a statement: `with acting(...)`
    """`with acting(actor="ann", reason="ticket 17", correlation="req-9"):` speaks for the block.

    Whatever the block asks of an engine is recorded with it, unless the call itself says `by=` or
    `reason=`. A block inside another says only what differs. It holds for the task that entered
    it, and for those that are made in it.
    """

    def __init__(self, actor: str = "", *, reason: str = "", correlation: str = "") -> None:
        self._said = Caller("user", actor, reason, correlation)

    def __enter__(self) -> None:
        said, outer = self._said, _acting.get(None)
        if outer is not None:
            said = Caller(
                "user",
                said.id or outer.id,
                said.reason or outer.reason,
                said.correlation or outer.correlation,
            )
        self._token: Token[Caller] = _acting.set(said)

    def __exit__(self, *exc: object) -> None:
        _acting.reset(self._token)


async def look_at(middleware: Sequence[Middleware], request: Request) -> Caller:
    """Who asks, after `acting` and the middleware were heard.

    Raises:
        Refused: a middleware says no.
    """
    said = _acting.get(None)
    if said is not None:
        request = replace(
            request,
            by=request.by or said.id,
            reason=request.reason or said.reason,
            correlation=request.correlation or said.correlation,
        )
    for look in middleware:
        answer = look(request)
        if inspect.isawaitable(answer):
            answer = await answer
        if answer is not None:
            request = replace(
                request, by=answer.by, reason=answer.reason, correlation=answer.correlation
            )
    return Caller("user", request.by, request.reason, request.correlation)


def draft_by(body: Body, state: str, actor: Actor) -> Draft:
    """A draft of an event, with all that its actor says."""
    if not isinstance(actor, Caller):
        return Draft(body, state, actor)
    return Draft(
        body,
        state,
        Actor(actor.kind, actor.id),
        reason=actor.reason,
        correlation=actor.correlation,
    )
