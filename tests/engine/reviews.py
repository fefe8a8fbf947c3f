"""A workflow that is made of coroutines: helpers of a module, nested functions, phases."""

from __future__ import annotations

from dataclasses import dataclass, field

from interlock.machines import approval, phase, step, workflow

UNDONE: list[str] = []
"""What was undone, in order. Tests clear it."""


@dataclass
class Document:
    title: str
    notes: list[str] = field(default_factory=list[str])


class Rejected(Exception):
    """Nobody wants it."""


async def delete(made: str) -> None:
    UNDONE.append(made)


@step(compensate=delete)
async def publish(title: str) -> str:
    return f"page of {title}"


@step(raises=(Rejected,))
async def judge(title: str, who: str) -> str:
    if who == "nobody":
        raise Rejected(title)
    return f"{who} likes {title}"


async def review(document: Document, *readers: str, quorum: str = "editor") -> int:
    for reader in readers:
        document.notes.append(await judge(document.title, reader))
    decision = await approval(quorum, about=document.title)
    document.notes.append(f"{quorum}: {decision.granted}")
    return len(document.notes)


@workflow
async def edition(document: Document, readers: list[str]) -> Document:
    kept = document.notes

    async def place(name: str) -> str:
        kept.append(f"{name} placed")
        return await publish(f"{document.title} {name}")

    await place("draft")
    with phase("reading"):
        count = await review(document, *readers)
    kept.append(f"{count} notes")
    last = await place("final") if readers else ""
    kept.append(last)
    return document
