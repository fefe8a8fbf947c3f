"""Errors of the command line (ILK090 to ILK099), and how every error is shown."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from interlock.cli.text import one_line
from interlock.store.errors import InterlockError, StoreReadOnly


class CommandLineError(InterlockError):
    """Anything that only the command line can get wrong."""

    code = "ILK090"


class NoDatabase(CommandLineError):
    """A command that reads was given a database that does not exist."""

    code = "ILK091"


class BadTarget(CommandLineError):
    """`MODULE:NAME` names no workflow or lifecycle."""

    code = "ILK092"


class ImportFailed(CommandLineError):
    """The module that was named raised while it was imported."""

    code = "ILK093"


class BadArgument(CommandLineError):
    """A value on the command line, or in an input file, does not fit."""

    code = "ILK094"


class NotStored(CommandLineError):
    """The database has no definition for this run: it was written without one."""

    code = "ILK095"


class RunExists(CommandLineError):
    """An import names a run that the database has already."""

    code = "ILK096"


class NoSuchName(CommandLineError):
    """A filter names a state, status, branch, step, actor or type that there is not."""

    code = "ILK270"


class NothingToCompare(CommandLineError):
    """A replay was asked for where there is no run of the machine whose code it names."""

    code = "ILK292"


@contextmanager
def reporting(*, as_json: bool = False, debug: bool = False) -> Generator[None]:
    """Show every `InterlockError` of the block as `error ILK0xx: message`, and end with code 1.

    Args:
        as_json: also print `{"error": {…}}` to the output, so that it is always JSON.
        debug: let the error through, with its traceback.
    """
    try:
        yield
    except InterlockError as error:
        if debug:
            raise
        _fail(error, as_json)
    except KeyboardInterrupt:
        if debug:
            raise
        typer.echo("interrupted", err=True)
        raise typer.Exit(130) from None


def _fail(error: InterlockError, as_json: bool) -> NoReturn:
    if as_json:
        from interlock.cli.render import print_document

        print_document({"error": described(error)})
    show_error(error)
    raise typer.Exit(1) from None


def described(error: InterlockError) -> dict[str, object]:
    """An error as JSON: `code`, `message` and, for a refusal, what would be accepted."""
    found: dict[str, object] = {"code": error.code, "message": error.message}
    for name in ("run", "state", "accepts", "guards", "file", "line", "instead"):
        value: object = getattr(error, name, None)
        if value not in (None, "", (), 0):
            found[name] = value
    return found


def show_error(error: InterlockError) -> None:
    """Print an error for people, to the error output."""
    coloured = sys.stderr.isatty() and _colour_wanted()
    head = f"error {error.code}:"
    if coloured:
        head = typer.style(head, fg="red", bold=True)
    typer.echo(f"{head} {one_line(error.message)}", err=True)
    line = _source_line(error)
    if line:
        typer.echo(line, err=True)
    for label, value in _details(error):
        typer.echo(f"  {label}: {one_line(value)}", err=True)


def _source_line(error: InterlockError) -> str:
    """The line of the author's file that an error names."""
    file, number = getattr(error, "file", ""), getattr(error, "line", 0)
    if not file or not number:
        return ""
    import linecache

    text = linecache.getline(str(file), int(number)).rstrip()
    return f"  {number} | {one_line(text)}" if text else ""


def _details(error: InterlockError) -> Iterator[tuple[str, str]]:
    """What an error knows besides its message, where the message does not say it already."""
    for guard in getattr(error, "guards", ()):
        if guard not in error.message:
            yield "guard said no", guard
    accepts = [name for name in getattr(error, "accepts", ()) if name not in error.message]
    if accepts:
        yield "accepted here", ", ".join(accepts)
    if isinstance(error, StoreReadOnly):
        yield (
            "still possible",
            "runs, show, history, at, diff, timeline, source, approvals, graph, export, verify",
        )
    for note in getattr(error, "__notes__", ()):
        yield "note", note


def _colour_wanted() -> bool:
    import os

    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
