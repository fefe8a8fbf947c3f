"""The door of the package: what it names is there, and it opens quickly."""

from __future__ import annotations

import subprocess
import sys

import interlock.machines as door


def test_every_name_is_there_once() -> None:
    assert len(door.__all__) == len(set(door.__all__))
    for name in door.__all__:
        assert getattr(door, name) is not None


def test_what_is_slow_to_import_waits_until_it_is_needed() -> None:
    script = (
        "import sys, interlock.machines; "
        "print(*sorted({'transitions', 'eventsourcing', 'asyncio', 'rich', 'sqlite3'} & "
        "sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
