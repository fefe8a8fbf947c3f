"""Output to a pipe that nobody reads to its end: `interlock history order-17 | head`."""

from __future__ import annotations

import io
import sys
from typing import Any, TextIO


class Cut(SystemExit):
    """Nobody reads any more: a command that only shows something is over, and all is well."""

    def __init__(self) -> None:
        super().__init__(0)


class _Pipe(io.FileIO):
    """A file that forgets what nobody reads."""

    def __init__(self, number: int, *, stops: bool) -> None:
        super().__init__(number, "w", closefd=False)
        self.stops = stops
        self._cut = False

    def write(self, data: Any, /) -> int:
        """Write, or end the command; what it says afterwards is heard by nobody."""
        size = len(memoryview(data).cast("B"))
        if self._cut:
            return size
        try:
            return super().write(data)
        except BrokenPipeError:
            self._cut = True
            if self.stops:
                raise Cut from None
            return size


def forgive_pipes() -> None:
    """Let the output and the error output of this process end before it does."""
    sys.stdout, sys.stderr = _forgiving(sys.stdout, stops=True), _forgiving(sys.stderr, stops=False)


def hear_to_the_end() -> None:
    """Go on though nobody reads: what the command does is not only to show something."""
    pipe = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    if isinstance(pipe, _Pipe):
        pipe.stops = False


def _forgiving(stream: TextIO, *, stops: bool) -> TextIO:
    if stream is None or stream.isatty():  # pyright: ignore[reportUnnecessaryComparison]  None where the caller has closed it
        return stream
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Pipe(stream.fileno(), stops=stops)),
        encoding=stream.encoding, errors=stream.errors, line_buffering=not stops,
    )  # fmt: skip
