"""What a terminal of few columns shows: nothing broken, and nothing lost."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from interlock.cli.app import build
from interlock.engine import Engine
from interlock.machines import approval, parallel, step, workflow
from interlock.projections import timeline
from interlock.store.open import open_store

RUN = "customer-onboarding-2026-11-22-000017"
ERROR = "the service at https://pay.example.org does not answer at the moment"


@step
async def verify_identity_documents(n: int) -> str:
    raise ValueError(ERROR)


async def compliance_review_for_region(n: int) -> bool:
    return (await approval("senior-compliance-officer")).granted


@workflow(name="narrow")
async def onboarding(n: int) -> None:
    with contextlib.suppress(ValueError):
        await verify_identity_documents(n)
    await parallel(compliance_review_for_region(1), compliance_review_for_region(2))


@pytest.fixture
async def url(tmp_path: Path) -> str:
    found = f"sqlite:///{tmp_path}/runs.db"
    async with Engine(found, machines=[onboarding]) as engine:
        await engine.start(onboarding, 1, id=RUN, by="ann")
        await engine.settle()
        name = "compliance_review_for_region[0]/senior-compliance-officer"
        await engine.approve(RUN, name, by="bartholomew.longfellow@example.org")
        await engine.settle()
    return found


def on_terminal(monkeypatch: pytest.MonkeyPatch, columns: int, *arguments: str) -> list[str]:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(columns))
    result = CliRunner().invoke(build(boxes=False), [*arguments], prog_name="interlock")
    assert result.exit_code == 0, result.output
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize("columns", [60, 80, 99])
def test_a_timeline_says_below_what_has_no_room_beside_it(
    url: str, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    lines = on_terminal(monkeypatch, columns, "timeline", RUN, "--store", url)
    assert max(map(len, lines)) <= columns
    whole = " ".join(" ".join(lines).split())
    assert ERROR in whole
    assert "granted by bartholomew.longfellow@example.org" in whole
    rows = [line.split("  ")[1] for line in lines if line.startswith("  c")]
    assert len({row for row in rows if "[" in row or "]" in row}) >= 2


@pytest.fixture
async def labels(url: str) -> list[str]:
    store = open_store(url)
    try:
        return [bar.label for bar in timeline(await store.read(RUN)).bars]
    finally:
        await store.close()


def test_labels_that_are_cut_are_told_in_full(
    url: str, labels: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = on_terminal(monkeypatch, 70, "timeline", RUN, "--store", url)
    whole = " ".join(" ".join(lines).split())
    assert [label for label in labels if label not in whole] == []
    assert len(labels) > 4


@pytest.mark.parametrize("columns", [60, 80, 99])
def test_a_history_tells_each_event_in_lines_of_its_own(
    url: str, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    lines = on_terminal(monkeypatch, columns, "history", RUN, "--store", url)
    assert max(map(len, lines)) <= columns
    heads = [line.split()[0] for line in lines if re.match(r" *\d+  \d\d:", line)]
    assert heads == [str(number + 1) for number in range(len(heads))]
    assert len(heads) > 6
    whole = " ".join(" ".join(lines).split())
    assert f"ValueError: {ERROR} (attempt 1)" in whole
    assert "→ verify_identity_documents by ann" in whole
