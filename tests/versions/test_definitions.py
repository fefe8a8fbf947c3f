"""Law: a definition is the same in every Python, byte for byte, and so is its hash."""

from __future__ import annotations

import json

from versions.collected import RECORDED, collected, text_of


def test_every_python_makes_the_same_of_every_definition() -> None:
    """Where a definition was changed on purpose: `python -m versions` in `tests`."""
    recorded, found = json.loads(RECORDED.read_text()), collected()
    assert {name: one["hash"] for name, one in found.items()} == {
        name: one["hash"] for name, one in recorded.items()
    }
    assert text_of(found) == RECORDED.read_text()
