"""How `erase` and `key` do their work, and what they say."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path

import typer

from interlock.cli.errors import BadArgument
from interlock.cli.files import must_be_folder
from interlock.cli.render import Column, Screen, Styled, print_document
from interlock.cli.stores import must_hold_store, run_async
from interlock.engine import Engine
from interlock.engine.forgetting import Erasure
from interlock.engine.forgetting_archives import Held
from interlock.store.cipher import Cipher, bytes_of, new_key


def erase(
    store: str,
    subject: str,
    by: str,
    reason: str,
    folder: Path | None,
    *,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Forget a subject, or say what would go.

    Raises:
        BadArgument: nobody can be asked, and `yes` was not given; or nobody has this id.
        KeyStoreError: the key store is not there; nothing was done.
    """
    must_hold_store(store)
    must_be_folder(folder)
    looked = run_async(_forget(store, subject, folder))
    if dry_run:
        done = looked
    else:
        _check_known(looked)
        if not yes:
            _ask(looked)
        done = run_async(_forget(store, subject, folder, by, reason, dry_run=False))
    if as_json:
        print_document(asdict(done))
    else:
        _show(done)


async def _forget(
    store: str,
    subject: str,
    folder: Path | None,
    by: str = "",
    reason: str = "",
    *,
    dry_run: bool = True,
) -> Erasure:
    async with Engine(store, worker=False) as engine:
        return await engine.forget(subject, by=by, reason=reason, dry_run=dry_run, folder=folder)


def _check_known(found: Erasure) -> None:
    """An id that is forgotten can never be used again: it should be one that was meant."""
    if not (found.key or found.held or found.before):
        message = (
            f"{found.subject!r} has no key, and the log holds nothing of it: is the id right? "
            "Nothing was erased"
        )
        raise BadArgument(message)


def _ask(looked: Erasure) -> None:
    if not sys.stdin.isatty():
        message = "this cannot be undone: look with --dry-run, then give --yes"
        raise BadArgument(message)
    _show(looked)
    if not typer.confirm("Destroy the key? This cannot be undone.", err=True):
        raise typer.Exit(1)


def _show(done: Erasure) -> None:
    screen = Screen()
    if done.held:
        columns = [Column("run", "bold", keep=True), Column("machine"), Column("status"),
                   Column("events", right=True), Column("variables")]  # fmt: skip
        screen.table(columns, [_row(held) for held in done.held])
    for why in done.unread:
        screen.line(Styled(f"not looked into: {why}", "yellow"))
    events = sum(len(held.events) for held in done.held)
    where = f"{_counted(events, 'event')} of {_counted(len(done.held), 'run')}"
    away = sum(1 for held in done.held if held.archive)
    where += f" ({away} archived)" if away else ""
    what = f"personal data in {where}" if done.held else "no personal data found"
    missed = _counted(done.archived, "archived run")
    if done.before:
        screen.line(f"{done.subject} was forgotten before: {what}")
    elif not done.done:
        key = f"its key is {done.key}" if done.key else "it has no key"
        more = f"; {missed} not looked into" if done.archived else ""
        screen.line(f"{done.subject}: {what}{more}, and {key}. Nothing was erased (--dry-run)")
    else:
        gone = ", unreadable from now on" if done.held else ""
        if done.archived:
            gone += f"; {missed} not looked into, which cannot be read without the key either"
        screen.line(f"{done.subject} is forgotten: {what}{gone}")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _row(held: Held) -> tuple[str, ...]:
    names = ", ".join(held.variables)
    status = f"{held.status}, archived" if held.archive else held.status
    return held.run, held.machine, status, str(len(held.events)), names


def make_key(file: Path, *, as_json: bool) -> None:
    """Write a new key into a new file that its owner alone may read.

    Raises:
        BadArgument: the file is there already, or cannot be made.
    """
    made = new_key()
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(f"{made}\n")
    except FileExistsError as error:
        message = f"{file} is there already: a key that is written over cannot be had back"
        raise BadArgument(message) from error
    except OSError as error:
        message = f"cannot write {file}: {error.strerror}"
        raise BadArgument(message) from error
    name = Cipher(bytes_of(made)).id
    if as_json:
        print_document({"key": name, "file": str(file)})
    else:
        Screen().line(f"key {name} in {file}; without it, what it encrypts is lost: keep a copy")
