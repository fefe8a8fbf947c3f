"""The story of docs/examples/document_review.md."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from document_review import Document, review
from examples.clocks import BEGIN, later
from examples.pages import path, printed
from interlock.engine import Engine, Notice
from interlock.machines import Refused
from interlock.store.clock import ManualClock


def document(name: str) -> Document:
    link, reviewers = f"https://docs.example/{name}", ("ann", "bob", "cid")
    return Document(author="eva", title=name, link=link, reviewers=reviewers)


async def test_reviews_that_come_late_or_never(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, clock = f"sqlite:///{tmp_path}/reviews.db", ManualClock(BEGIN)
    told: list[tuple[str, ...]] = []

    async def notify(notice: Notice) -> None:
        told.append((notice.run, notice.kind, *notice.names))

    def opened() -> Engine:
        return Engine(store, machines=[review], clock=clock, notify=notify)

    async with opened() as engine:
        for name in ("budget", "memo", "plan"):
            await engine.start(review, document(name), id=name, by="eva")
        await engine.settle()
        assert len(capsys.readouterr().out.splitlines()) == 9
        await later(engine, clock, days=3)
        await engine.approve("plan", "review", by="ann")
        await engine.approve("budget", "review", by="ann")
        await engine.reject("budget", "review", by="bob", reason="page 3 is wrong")
        await engine.approve("budget", "review", by="cid")
        assert await (await engine.get("budget")).result() == "to be changed (bob: page 3 is wrong)"
        with pytest.raises(Refused) as stranger:
            await engine.approve("plan", "review", by="eva")
        mine = await engine.approvals(approver="cid")
        assert [(pending.run, pending.approvers.names) for pending in mine] == [
            ("memo", ["cid"]), ("plan", ["cid"]),
        ]  # fmt: skip
    clock.set(clock.now() + timedelta(days=4))
    async with opened() as engine:
        await engine.tick()
        await engine.settle()
        assert sorted(told) == [
            ("memo", "reminder", "ann"), ("memo", "reminder", "bob"), ("memo", "reminder", "cid"),
            ("plan", "reminder", "bob"), ("plan", "reminder", "cid"),
        ]  # fmt: skip
        await later(engine, clock, hours=30)
        await engine.approve("plan", "review", by="bob", reason="well written")
        await engine.approve("memo", "review", by="bob")
        await later(engine, clock, hours=18)
        assert await (await engine.get("plan")).result() == "accepted"
        assert await (await engine.get("memo")).result() == "undecided, 2 did not answer"
    assert capsys.readouterr().out.splitlines() == [
        "to eva: budget is to be changed (bob: page 3 is wrong)",
        "to eva: memo is undecided, 2 did not answer",
        "to eva: plan is accepted",
    ]
    assert f"{stranger.value.message}\n" in path("document_review").read_text()
    printed("document_review", store)
