"""A progress bar on a terminal; nothing but its messages elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType

_WIDE = 170


class Bar:
    """Use it as `with Bar("runs", total) as bar`. It draws on the error output."""

    def __init__(self, what: str, total: int | None) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", style="dim"),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = self._progress.add_task(what, total=total, note="")

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def advance(self, by: int = 1) -> None:
        """Note that so many more are done."""
        self._progress.advance(self._task, by)

    def update(self, done: int, total: int | None = None, note: str = "") -> None:
        """Say how many are done, of how many, and what else there is to know.

        A narrow terminal has room only for the part of `note` before its first semicolon.
        """
        short = note if self._progress.console.width >= _WIDE else note.partition(";")[0]
        self._progress.update(self._task, completed=done, total=total, note=short)

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        if self._progress.disable:
            print(text, file=sys.stderr, flush=True)
        else:
            self._progress.console.print(text)
