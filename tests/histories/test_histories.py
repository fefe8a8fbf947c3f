"""Everything that was ever recorded is read, and means what it meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from histories.recording import shapes_of
from histories.summary import summaries
from interlock.projections import dump_history, load_history
from interlock.store import BODIES

HERE = Path(__file__).parent
STATES = ".states.jsonl"
FILES = sorted(file for file in HERE.glob("*/*.jsonl") if not file.name.endswith(STATES))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_recorded_stream_means_what_it_meant(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    history = load_history(text)  # which checks its chain
    assert dump_history(history) == text
    lines = file.with_name(f"{file.stem}{STATES}").read_text(encoding="utf-8").splitlines()
    assert [*summaries(history.events)] == [json.loads(line) for line in lines]


def test_every_type_of_event_is_among_them() -> None:
    found = {json.loads(line)["type"] for file in FILES for line in _lines(file)}
    missing = sorted(BODIES.keys() - found)
    assert not missing, f"record a stream that has them, as {HERE / 'README.md'} says"


def test_every_kind_of_patch_and_value_is_among_them() -> None:
    found = {
        shape
        for file in FILES
        for event in load_history(file.read_text(encoding="utf-8")).events
        for shape in shapes_of(event)
    }
    patches = {f"patch {name}" for name in ("append", "set", "is")}
    values = {f"value {tag}" for tag in ("object", "enum", "dict", "tuple", "error", "decimal")}
    assert patches | values <= found


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()
