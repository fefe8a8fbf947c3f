"""`run_snapshot`: the story of a run is compared with the one that was kept beside the test."""

from __future__ import annotations

import os
import re
from collections import Counter
from difflib import unified_diff
from pathlib import Path

from interlock.projections import History
from interlock.testing.story import story_of

FLAG = "--run-snapshot-update"
VARIABLE = "INTERLOCK_SNAPSHOT_UPDATE"
"""Set to something, the environment variable does what the flag does."""


class Snapshots:
    """The kept texts of one test: `FOLDER/__snapshots__/MODULE/TEST.txt`, one file a text."""

    def __init__(self, test: Path, name: str, *, update: bool) -> None:
        """Where they are.

        Args:
            test: file of the test.
            name: of the test, parameters included.
            update: write instead of comparing.
        """
        self._folder = test.parent / "__snapshots__" / test.stem
        self._name = name
        self._update = update or bool(os.environ.get(VARIABLE))
        self._count = Counter[str]()

    def __call__(self, told: str | History, name: str = "") -> None:
        """Compare a story, or any text, with the one that was kept.

        Args:
            told: `await run.story()`, a history, or a text.
            name: tells apart several of one test; else they are numbered.

        Raises:
            AssertionError: it differs; shows how. Or none was kept yet.
        """
        __tracebackhide__ = True
        text = story_of(told) if isinstance(told, History) else told
        path = self._path(name)
        if self._update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            return
        if not path.is_file():
            message = f"no snapshot is kept in {path}; run pytest with {FLAG} to write it:\n{text}"
            raise AssertionError(message)
        kept = path.read_text(encoding="utf-8")
        if kept != text:
            changes = unified_diff(
                kept.splitlines(), text.splitlines(), f"kept: {path.name}", "now", lineterm="", n=4
            )
            shown = "\n".join(changes)
            message = f"the run is not as in {path}; {FLAG} keeps it as it is now\n{shown}"
            raise AssertionError(message)

    def _path(self, name: str) -> Path:
        self._count[name] += 1
        number = self._count[name]
        parts = [self._name, name, str(number) if number > 1 else ""]
        plain = "-".join(part for part in parts if part)
        return self._folder / f"{re.sub(r'[^A-Za-z0-9_.=-]+', '-', plain).strip('-')}.txt"
