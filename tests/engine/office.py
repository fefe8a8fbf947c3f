"""Workflows that ask people, for the tests of approvals."""

from __future__ import annotations

from decimal import Decimal

from pydantic import BaseModel

from interlock.machines import (
    Decision,
    Escalate,
    Group,
    Refuse,
    TimedOut,
    approval,
    workflow,
)

GROUPS = {"managers": {"ann", "bob", "cho"}, "vps": {"vic"}}

ASKED: list[tuple[str, Decimal]] = []
"""What `senior` was asked."""


class Claim(BaseModel):
    by: str
    amount: Decimal


def senior(actor: str, claim: Claim) -> bool | Refuse:
    ASKED.append((actor, claim.amount))
    if actor == "max" and claim.amount > 100:
        return Refuse("max decides up to 100")
    return actor in ("max", "sue")


def broken(actor: str, claim: Claim) -> bool:
    return actor in claim.missing  # type: ignore[attr-defined]  # the point


@workflow
async def plain(claim: Claim) -> Decision:
    return await approval("boss", about=claim, timeout="2 days")


@workflow
async def named(claim: Claim) -> Decision:
    return await approval("boss", about=claim, approvers=["ann", "bob"])


@workflow
async def grouped(claim: Claim) -> Decision:
    return await approval(
        "boss", about=claim, approvers=Group("managers"), quorum=2, requester=claim.by
    )


@workflow
async def starter_excluded(claim: Claim) -> Decision:
    return await approval("boss", about=claim, approvers=Group("managers"), four_eyes=True)


@workflow
async def ruled(claim: Claim) -> Decision:
    return await approval("boss", about=claim, approvers=senior)


@workflow
async def ruled_by_lambda(claim: Claim, limit: Decimal) -> Decision:
    return await approval(
        "boss",
        about=claim,
        approvers=lambda actor, facts: facts.amount < limit or Refuse(f"more than {limit}"),
    )


@workflow
async def badly_ruled(claim: Claim) -> Decision:
    return await approval("boss", about=claim, approvers=broken)


@workflow
async def escalating(claim: Claim) -> Decision:
    return await approval(
        "boss",
        about=claim,
        timeout="5 days",
        approvers=["ann", "bob"],
        remind=["1 day", "2 days", "4 days"],
        escalate=[Escalate("4 days", to=senior), Escalate("3 days", to=Group("vps"), quorum=1)],
        quorum=2,
    )


@workflow
async def asked_in_a_loop(claim: Claim) -> int:
    rounds = 0
    while True:
        rounds += 1
        decision = await approval("boss", about=claim)
        if decision.granted:
            return rounds
        claim.amount -= 1


@workflow
async def timing_out(claim: Claim) -> str:
    try:
        await approval("boss", about=claim, timeout="1 day")
    except TimedOut:
        decision = await approval("vp", about=claim)
        return f"vp: {decision.reason}"
    return "boss"


@workflow
async def misasked(kind: str) -> None:
    if kind == "nobody":
        await approval("a", approvers=[])
    elif kind == "few":
        await approval("b", approvers=["ann", "bob"], quorum=2, rejections=2)
    elif kind == "quorum":
        await approval("c", quorum=0)
    elif kind == "four eyes":
        await approval("d", four_eyes=True)
    elif kind == "escalate":
        await approval("e", escalate="2 days")  # type: ignore[arg-type]  # the point
    elif kind == "coroutine":
        await approval("f", approvers=async_rule)  # type: ignore[arg-type]  # the point


async def async_rule(actor: str, facts: object) -> bool:
    return True
