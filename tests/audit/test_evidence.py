"""Evidence: what is exported is what is taken in, byte for byte; what was altered is refused."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from interlock.cli.app import build
from interlock.engine.evidence import evidence
from interlock.projections import dump_history, load_evidence
from interlock.projections.errors import BadExport
from interlock.store import BrokenChain, Filter, InterlockError, open_store

_fixtures = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def exported(path: Path) -> dict[str, str]:
    """The evidence of every run of a store that is not in an archive."""

    async def all_runs() -> dict[str, str]:
        store = open_store(f"sqlite:///{path}", readonly=True)
        try:
            entries = [entry for entry in await store.entries(Filter()) if not entry.archive]
            return {entry.run: await evidence(store, entry.run) for entry in entries}
        finally:
            await store.close()

    return asyncio.run(all_runs())


@pytest.fixture(scope="session")
def files(whole: Path) -> dict[str, str]:
    return exported(whole)


def taken(text: str, path: Path) -> int:
    arguments = ["import", "-", "--unfinished", "--store", f"sqlite:///{path}", "--app", "cli.shop"]
    result = CliRunner().invoke(build(boxes=False), arguments, input=text)
    return result.exit_code


def test_export_import_export_is_the_same_bytes(files: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    for text in reversed(files.values()):
        assert taken(text, path) == 0
    assert exported(path) == files
    arguments = ["verify", "--store", f"sqlite:///{path}"]
    verified = CliRunner().invoke(build(boxes=False), arguments)
    assert verified.exit_code == 0, verified.output
    again = next(iter(files.values()))
    assert taken(again, path) == 0


def test_an_export_of_old_is_still_taken_in(whole: Path, tmp_path: Path) -> None:
    async def old() -> str:
        store = open_store(f"sqlite:///{whole}", readonly=True)
        try:
            from interlock.projections import History

            return dump_history(History(await store.read("order-1")))
        finally:
            await store.close()

    text = asyncio.run(old())
    assert text.startswith('{"stream":')
    assert load_evidence(text).history.run == "order-1"
    assert taken(text, tmp_path / "other.db") == 0


@given(st.data())
@settings(parent=_fixtures)
def test_any_altered_bit_is_refused(files: dict[str, str], data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([*files.values()]))
    raw = bytearray(text.encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises((InterlockError, UnicodeDecodeError)):
        load_evidence(raw.decode())


@given(st.data())
@settings(parent=_fixtures, max_examples=max(10, _fixtures.max_examples // 3))
def test_lines_that_are_missing_twice_or_elsewhere_are_refused(
    files: dict[str, str], data: st.DataObject
) -> None:
    lines = data.draw(st.sampled_from([*files.values()])).splitlines(keepends=True)
    at = data.draw(st.integers(0, len(lines) - 1))
    what = data.draw(st.sampled_from(["missing", "twice", "elsewhere"]))
    line = lines[at] if what == "twice" else lines.pop(at)
    if what != "missing":
        to = data.draw(st.integers(0, len(lines)).filter(lambda to: to != at))
        lines.insert(to, line)
    with pytest.raises((BadExport, BrokenChain)):
        load_evidence("".join(lines))


def test_decisions_say_what_was_seen(files: dict[str, str]) -> None:
    (decision,) = [line for line in files["order-2"].splitlines() if '"kind":"decision"' in line]
    assert '"by":"mia"' in decision
    assert '"reason":"a good customer"' in decision
    assert '"about":{"id":"order-2","total":"500"}' in decision
    assert '"kind":"picture"' in files["order-2"]
    assert '{"kind":"command","id":"paid-1","version":' in files["bill-1"]
