"""A pytest plugin that keeps the logs that tests write: what `README.md` says to run.

    python -m pytest -p histories.recording --histories tests/histories/NAME tests/engine ...

Of all streams it keeps few: enough that every shape of every event that was written is there once.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from histories.summary import summaries
from interlock.projections import History, dump_history
from interlock.store.contract import Appended
from interlock.store.envelope import encode
from interlock.store.event import Event
from interlock.store.prepared import Prepared
from interlock.store.values.atom import class_of

_LONGEST = 200
_streams: dict[str, list[Event]] = {}
"""Streams by the digest of their last event."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--histories", metavar="FOLDER", type=Path, required=False)


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--histories") is None:
        return
    stored = Prepared.stored

    def kept(self: Prepared, first: int) -> Appended:
        appended = stored(self, first)
        _keep(self.events)
        return appended

    Prepared.stored = kept  # type: ignore[method-assign]  # every backend comes through here


def _keep(events: tuple[Event, ...]) -> None:
    before = _streams.pop(events[0].prev, None) if events[0].prev else []
    if before is not None and len(before) < _LONGEST:
        _streams[events[-1].digest] = [*before, *events]


def pytest_sessionfinish(session: pytest.Session) -> None:
    folder: Path | None = session.config.getoption("--histories")
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for number, events in enumerate(_enough(), 1):
        name = f"{number:03}-{events[0].machine or events[0].stream}".replace("/", "-")
        (folder / f"{name}.jsonl").write_text(dump_history(History(events)), encoding="utf-8")
        lines = (msgspec.json.encode(one).decode() for one in summaries(events))
        text = "".join(f"{line}\n" for line in lines)
        (folder / f"{name}.states.jsonl").write_text(text, encoding="utf-8")


def _enough() -> Iterator[list[Event]]:
    """Streams, short ones first, each of which has a shape that none before it has."""
    seen: set[str] = set()
    sized = sorted(_streams.values(), key=lambda events: (len(events), events[0].stream))
    kept: list[list[Event]] = []
    for events in sized:
        shapes = {shape for event in events for shape in shapes_of(event)}
        if not shapes <= seen and _folds(events):
            seen |= shapes
            kept.append(events)
    later: set[str] = set()
    for events in reversed(kept):  # the long ones have much of what the short ones were kept for
        shapes = {shape for event in events for shape in shapes_of(event)}
        if not shapes <= later:
            later |= shapes
            yield events


def _folds(events: list[Event]) -> bool:
    """Whether it is a whole stream: tests of the store alone append what no run would."""
    try:
        return len([*summaries(events)]) == len(events)
    except Exception:  # whatever a stream that is none of a run makes of it
        return False


def shapes_of(event: Event) -> Iterator[str]:
    """The shapes in an event: its type with the fields that it has, and those of what it holds."""
    kind = event.type if event.stored is None else event.stored.type
    raw = msgspec.json.decode(encode(event))
    yield f"{kind} {raw['schema']}"
    for name, value in raw["body"].items():
        yield f"{kind} {raw['schema']}.{name}"
        if name == "memory" and value:
            yield from (f"memory.{part}" for part in value)
            yield from (f"patch {patch[1]}" for patch in value.get("patch", ()))
        yield from (f"value {tag}" for tag in _tags(value))


def _tags(value: Any) -> Iterator[str]:
    kind = class_of(value)
    if kind is dict:
        tag = value.get("$")
        if class_of(tag) is str:
            yield tag
            yield from (f"{tag}.{part}" for part in value if part not in ("$", "v", "t"))
    if kind in (dict, list):
        for one in value.values() if kind is dict else value:
            yield from _tags(one)
