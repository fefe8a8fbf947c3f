"""The source lines around the place where a run stands."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from interlock.machines.ir import Machine, Text
from interlock.projections.parsing import parse
from interlock.store.event import Event
from interlock.store.vocabulary import TransitionTaken

if TYPE_CHECKING:
    from interlock.cli.render import Screen

_WHOLE = 30
_AROUND = 8


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of an author's file.

    Attributes:
        file: where they stand, as it was when the definition was recorded.
        line: the line that is meant, 0 for none.
        first: number of the first of the lines.
        lines: the text.
        whole, begins: of all that the excerpt is of: its text, and the number of its first line.
    """

    file: str
    line: int
    first: int
    lines: tuple[str, ...]
    whole: str = ""
    begins: int = 0

    def view(self) -> dict[str, object]:
        """As JSON."""
        return {
            "file": self.file, "line": self.line, "first": self.first, "lines": list(self.lines),
        }  # fmt: skip


def excerpt_of_run(machine: Machine, events: Sequence[Event]) -> Excerpt:
    """The lines around the place where a run stood after these events.

    In a lifecycle that is the transition that was taken last.
    """
    if machine.kind == "lifecycle":
        return excerpt_at(machine, machine.file, _moved(machine, events))
    return excerpt(machine, events[-1].state)


def excerpt(machine: Machine, state: str) -> Excerpt:
    """The lines around a state: the whole definition when it is short."""
    node = machine.places.get(state)
    line = node.line if node is not None else 0
    file = node.file if node is not None and node.file else machine.file
    return excerpt_at(machine, file, line)


def excerpt_at(machine: Machine, file: str, line: int) -> Excerpt:
    """The lines around a line of one of a machine's files; 0 for none in particular."""
    own = Text(machine.file, machine.line, machine.source)
    text = next((t for t in (own, *machine.helpers) if _holds(t, file, line)), own)
    lines, first = text.source.splitlines(), _first(text)
    if line and len(lines) > _WHOLE:
        place = line - first
        start, end = max(0, place - _AROUND), place + _AROUND + 1
        kept = tuple(lines[start:end])
        return Excerpt(text.file, line, first + start, kept, text.source, first)
    return Excerpt(text.file, line, first, tuple(lines), text.source, first)


def _moved(machine: Machine, events: Sequence[Event]) -> int:
    """The line of the last transition of a lifecycle, that of its class before the first."""
    taken = (event.body for event in reversed(events) if isinstance(event.body, TransitionTaken))
    last = next(taken, None)
    lines = {edge.id: edge.line for edge in machine.edges}
    return machine.line if last is None else lines.get(last.transition, machine.line)


def _holds(text: Text, file: str, line: int) -> bool:
    first = _first(text)
    return text.file == file and first <= line < first + len(text.source.splitlines())


def _first(text: Text) -> int:
    return max(1, text.line - _decorators(text.source))


def _decorators(source: str) -> int:
    """How many lines stand above the `def` or `class` that a machine's line means."""
    try:
        return parse(textwrap.dedent(source)).body[0].lineno - 1
    except (SyntaxError, IndexError):  # the source of something that is not Python
        return 0


def around(source: Excerpt, lines: int) -> Excerpt:
    """The line that is meant, and so many before and behind it."""
    place = source.line - source.first
    if not 0 <= place < len(source.lines):
        return source
    start = max(0, place - lines)
    kept = source.lines[start : place + lines + 1]
    return replace(source, first=source.first + start, lines=kept)


def print_excerpt(screen: Screen, source: Excerpt, beside: Mapping[int, str] | None = None) -> None:
    """Print numbered lines; an arrow marks the one where the run stood.

    Args:
        beside: what stands behind lines, by their numbers.
    """
    known = beside or {}
    if screen.rich:
        _print_coloured(screen, source, known)
        return
    width = len(str(source.first + len(source.lines)))
    for number, text in enumerate(source.lines, source.first):
        mark = ">" if number == source.line else " "
        more = f"  # {known[number]}" if number in known else ""
        screen.line(f"{mark} {number:>{width}}  {text}{more}".rstrip())


def _print_coloured(screen: Screen, source: Excerpt, beside: Mapping[int, str]) -> None:
    from rich.syntax import Syntax
    from rich.text import Text

    width = len(str(source.first + len(source.lines)))
    syntax = Syntax("", "python", theme="ansi_dark", background_color="default")
    code = syntax.highlight("\n".join(source.lines)).split("\n", allow_blank=True)
    for number, text in enumerate(code[: len(source.lines)], source.first):
        here = number == source.line
        if number in beside:
            text.append(f"  # {beside[number]}", "italic cyan")
        gutter = Text("❱ " if here else "  ", "bold red")
        gutter.append(f"{number:>{width}}  ", "bold" if here else "dim")
        room = max(20, screen.width - width - 4)
        for part in text.wrap(screen.console, room) if len(text) > room else [text]:
            screen.console.print(gutter + part)
            gutter = Text(" " * (width + 6))
