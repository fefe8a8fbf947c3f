"""The examples are programs of their own: what they define is not seen by the other tests."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from examples.pages import FOLDER
from interlock.machines import approvers, registry

_PLACES: list[tuple[Any, str]] = [(registry, "_known"), (approvers, "_declared")]
"""Where a program's machines and its directory are kept."""


def _swapped(values: list[Any]) -> list[Any]:
    """Put other values in these places; those that were there."""
    before = [getattr(module, name) for module, name in _PLACES]
    for (module, name), value in zip(_PLACES, values, strict=True):
        setattr(module, name, value)
    return before


_others = _swapped([{}, []])
try:
    for _file in sorted(FOLDER.glob("*.py")):
        importlib.import_module(_file.stem)
finally:
    _ours = _swapped(_others)


@pytest.fixture(autouse=True)
def _only_the_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    for (module, name), value in zip(_PLACES, _ours, strict=True):
        monkeypatch.setattr(module, name, value)
