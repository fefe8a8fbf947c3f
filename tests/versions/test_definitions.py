"""Law: a definition is the same in every Python, byte for byte, and so is its hash."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from versions.pythons import environment

RECORDED = Path(__file__).with_name("definitions.json")
"""All of the machines of `tricky`, and digests of those that other people change."""


def test_every_python_makes_the_same_of_every_definition() -> None:
    """Where a definition was changed on purpose, record it: see `__main__`."""
    told = subprocess.run(  # in a process of its own: those machines are no other test's
        [sys.executable, "-m", "versions"], env=environment(), stdout=subprocess.PIPE, check=True
    )
    recorded, found = json.loads(RECORDED.read_text()), json.loads(told.stdout)
    assert {name: one["hash"] for name, one in found.items()} == {
        name: one["hash"] for name, one in recorded.items()
    }
    assert told.stdout.decode() == RECORDED.read_text()
