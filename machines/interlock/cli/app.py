"""The application: every command, in its panel of the help."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from interlock.cli import (
    audits,
    author,
    breakers,
    change,
    debugging,
    decide,
    forking,
    keep,
    look,
    personal,
    persons,
    reasons,
    tests,
)
from interlock.cli.options import DECIDE, KEEP, LOOK, TRY, WRITE
from interlock.cli.pipes import hear_to_the_end

COMMANDS: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("demo", WRITE, author.demo),
    ("start", WRITE, decide.start),
    ("run", WRITE, author.run),
    ("work", WRITE, author.work),
    ("check", WRITE, author.check),
    ("graph", WRITE, author.graph),
    ("lock", WRITE, change.lock),
    ("deploy-check", WRITE, change.deploy_check),
    ("runs", LOOK, look.runs),
    ("show", LOOK, look.show),
    ("why", LOOK, reasons.why),
    ("history", LOOK, look.history),
    ("at", LOOK, look.at),
    ("diff", LOOK, debugging.diff),
    ("timeline", LOOK, debugging.timeline),
    ("source", LOOK, debugging.source),
    ("approvals", LOOK, look.approvals),
    ("breakers", LOOK, breakers.breakers),
    ("approve", DECIDE, decide.approve),
    ("reject", DECIDE, decide.reject),
    ("delegate", DECIDE, persons.delegate),
    ("send", DECIDE, decide.send),
    ("cancel", DECIDE, decide.cancel),
    ("resolve", DECIDE, decide.resolve),
    ("undo", DECIDE, persons.undo),
    ("answer", DECIDE, forking.answer),
    ("breaker", DECIDE, breakers.breaker),
    ("fork", TRY, forking.fork),
    ("discard", TRY, forking.discard),
    ("replay", TRY, forking.replay),
    ("test", TRY, tests.make_test),
    ("coverage", TRY, tests.coverage),
    ("simulate", TRY, tests.simulate),
    ("erase", KEEP, personal.erase),
    ("key", KEEP, personal.key),
    ("export", KEEP, keep.export),
    ("import", KEEP, keep.import_),
    ("archive", KEEP, keep.archive),
    ("restore", KEEP, keep.restore),
    ("backup", KEEP, keep.backup),
    ("verify", KEEP, audits.verify),
    ("seal", KEEP, audits.seal),
    ("prove", KEEP, audits.prove),
)
"""Name, panel and function of each command, in the order of the help."""


_SHOWING = frozenset(name for name, panel, _ in COMMANDS if panel == LOOK)
"""The commands that do nothing but show something."""


def _print_version(wanted: bool) -> None:
    if not wanted:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        typer.echo(f"interlock {version('interlock')}")
    except PackageNotFoundError:  # run from a checkout that was never installed
        typer.echo("interlock, not installed")
    raise typer.Exit


def _top(
    context: typer.Context,
    key_file: Annotated[
        Path | None,
        typer.Option(
            "--key-file",
            metavar="FILE",
            envvar="INTERLOCK_KEY_FILE",
            help="The key of an encrypted database (or INTERLOCK_KEY, the key itself).",
        ),
    ] = None,
    personal_keys: Annotated[
        Path | None,
        typer.Option(
            "--personal-keys",
            metavar="FILE",
            envvar="INTERLOCK_PERSONAL_KEYS",
            help="The key store of personal data; NAME-keys.db beside NAME.db by default.",
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Workflows and order lifecycles as explicit state machines over an event store.

    Every command takes --json, and --store URL (or INTERLOCK_STORE) for the database.
    """
    if context.invoked_subcommand not in _SHOWING:
        hear_to_the_end()
    _set(context, "INTERLOCK_KEY_FILE", key_file)
    _set(context, "INTERLOCK_PERSONAL_KEYS", personal_keys)


def _set(context: typer.Context, name: str, file: Path | None) -> None:
    """Say in the environment, for as long as the command runs, which file is meant."""
    if file is None:
        return
    before = os.environ.get(name)
    os.environ[name] = str(file)

    def restore() -> None:
        del os.environ[name]
        if before is not None:
            os.environ[name] = before

    context.call_on_close(restore)


class _Command(TyperCommand):
    """A command that knows which options stand before it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments; say of a misplaced option where its place is."""
        try:
            return super().parse_args(ctx, args)
        except Exception as error:  # of a class that typer keeps to itself
            option: object = getattr(error, "option_name", "")
            if option in ("--key-file", "--personal-keys"):
                said = f"{option} stands before the command: interlock {option} FILE {self.name} …"
                setattr(error, "message", said)  # noqa: B010  no checker knows of it
            raise


def build(*, boxes: bool) -> typer.Typer:
    """The application.

    Args:
        boxes: help in coloured panels, for a terminal; else plain text.
    """
    made = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich" if boxes else None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    made.callback()(_top)
    for name, panel, function in COMMANDS:
        made.command(name, cls=_Command, rich_help_panel=panel)(function)
    return made


app = build(boxes=sys.stdout.isatty())
"""What `interlock` runs."""
