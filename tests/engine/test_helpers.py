"""Helpers in runs: one memory for all that is under way, also in another process."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import reviews
from engine.reviews import Document, Rejected
from interlock.engine import Engine


async def test_a_run_is_inside_of_its_helpers_and_shares_their_objects(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    async with Engine(url) as engine:
        run = await engine.start(reviews.edition, Document("A"), ["ann", "bob"], id="e-1")
        await engine.settle()
        assert await run.state() == "reading/review/approval"
        assert [a.name for a in await engine.approvals()] == ["editor"]
    async with Engine(url) as engine:
        await engine.approve("e-1", "editor", by="eve")
        await engine.settle()
        made = await (await engine.get("e-1")).result()
    assert made == Document(
        "A",
        [
            "draft placed", "ann likes A", "bob likes A", "editor: True", "4 notes",
            "final placed", "page of A final",
        ],
    )  # fmt: skip


async def test_an_error_leaves_a_helper_and_what_others_did_is_undone() -> None:
    reviews.UNDONE.clear()
    async with Engine("memory://") as engine:
        run = await engine.start(reviews.edition, Document("A"), ["ann", "nobody"], id="e-1")
        with pytest.raises(Rejected):
            await run.result()
        assert await run.state() == "compensated"
    assert reviews.UNDONE == ["page of A draft"]
