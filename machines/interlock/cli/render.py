"""Output: tables and colour on a terminal, aligned plain text in a pipe, JSON when asked for."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from interlock.cli.text import hanging, one_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

STYLES = {
    "running": "cyan", "waiting": "yellow", "sleeping": "blue", "in doubt": "bold magenta",
    "compensating": "magenta", "undo failed": "bold red", "held": "bold red",
    "open": "cyan", "completed": "green",
    "failed": "red", "cancelled": "dim", "compensated": "dark_orange",
    "compensation failed": "bold red",
    "intended": "yellow", "started": "cyan", "retrying": "yellow", "confirmed": "green",
    "not compensated": "bold red",
    "error": "bold red", "warning": "yellow", "info": "blue",
}  # fmt: skip
"""The colours of statuses (of runs, of effects) and severities."""


_NARROW = 110
"""Columns of a terminal below which a table has no room for names that are kept whole."""


class Styled(NamedTuple):
    """A text with a colour, which only a terminal sees."""

    text: str
    style: str


Cell: TypeAlias = str | Styled
"""What stands in a table."""


def status(name: str) -> Styled:
    """A status in its colour."""
    return Styled(name, STYLES.get(name, ""))


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        name: its heading.
        style: colour of its cells on a terminal.
        right: numbers stand on the right.
        keep: on a terminal its cells are never broken into lines.
    """

    name: str
    style: str = ""
    right: bool = False
    keep: bool = False


class Screen:
    """Where a command prints. Every text is data: nothing in it is read as markup."""

    def __init__(self) -> None:
        from rich.console import Console

        self.console: Console = Console(highlight=False, markup=False, emoji=False)
        self.rich = self.console.is_terminal

    @property
    def width(self) -> int:
        """Columns of the terminal; as good as endless in a pipe."""
        return self.console.width if self.rich else 1_000_000

    @property
    def narrow(self) -> bool:
        """Whether long names have to be broken into lines."""
        return self.width < _NARROW

    def line(self, *cells: Cell) -> None:
        """Print cells beside each other in a line, separated by spaces."""
        if self.rich:
            text = self._text("")
            for position, cell in enumerate(cells):
                text.append(" " if position else "").append_text(self._text(cell))
            self.console.print(text)
        else:
            print(" ".join(_plain(cell) for cell in cells))

    def paragraph(self, said: str, style: str = "", indent: int = 2) -> None:
        """Print a text, broken into lines that are indented; in a pipe it is one line."""
        first = f"{' ' * indent}{one_line(said)}"
        for line in hanging(first, self.width, indent).split("\n"):
            self.line(Styled(line, style))

    def heading(self, text: str) -> None:
        """Print the title of a section, after an empty line."""
        print()
        self.line(Styled(text, "bold"))

    def pairs(self, pairs: Iterable[tuple[str, Cell]]) -> None:
        """Print names and values below each other, aligned."""
        known = [(name, cell) for name, cell in pairs if _plain(cell)]
        width = max((len(name) for name, _ in known), default=0)
        for name, cell in known:
            text, style = _plain(cell), cell.style if isinstance(cell, Styled) else ""
            room = hanging(text, self.width - width - 4, 0).split("\n") if self.rich else [text]
            for number, line in enumerate(room):
                label = f"  {'' if number else name:<{width}} "
                self.line(Styled(label, "dim"), Styled(line, style))

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
        """Print a table; nothing but its head when there are no rows."""
        if self.rich:
            self._rich_table(columns, rows)
        else:
            _plain_table(columns, rows)

    def code(self, text: str, language: str) -> None:
        """Print text in a language, coloured on a terminal."""
        if not self.rich:
            print(text)
            return
        from rich.syntax import Syntax

        syntax = Syntax(text, language, theme="ansi_dark", background_color="default")
        syntax.word_wrap = True
        self.console.print(syntax)

    def _rich_table(self, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
        from rich import box
        from rich.table import Table

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
        for column in columns:
            table.add_column(
                column.name,
                style=column.style,
                justify="right" if column.right else "left",
                no_wrap=column.keep,
                overflow="fold",
            )
        for row in rows:
            table.add_row(*(self._text(cell) for cell in row))
        self.console.print(table)

    def _text(self, cell: Cell) -> Text:
        from rich.text import Text

        if isinstance(cell, Styled):
            return Text(_plain(cell), style=cell.style)
        return Text(_plain(cell))


def _plain(cell: Cell) -> str:
    return one_line(cell.text if isinstance(cell, Styled) else cell)


def _plain_table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
    from rich.cells import cell_len

    lines = [[column.name.upper() for column in columns]]
    lines += [[_plain(cell) for cell in row] for row in rows]
    widths = [max(cell_len(line[i]) for line in lines) for i in range(len(columns))]
    for line in lines:
        cells = (
            " " * (width - cell_len(text)) + text
            if column.right
            else text + " " * (width - cell_len(text))
            for text, width, column in zip(line, widths, columns, strict=True)
        )
        print("  ".join(cells).rstrip())


def print_document(document: Mapping[str, object]) -> None:
    """Print one JSON document."""
    print(json.dumps(document, ensure_ascii=False, indent=2, default=str))


def print_lines(documents: Iterable[Mapping[str, object]]) -> None:
    """Print JSON lines: one document a line."""
    for document in documents:
        sys.stdout.write(json.dumps(document, ensure_ascii=False, default=str) + "\n")
