"""How `verify`, `seal` and `prove` do their work, and what they say."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from interlock.audit import (
    ELSEWHERE,
    SEALS,
    Audited,
    Finding,
    NotSigned,
    Seal,
    check_proof,
    make_seal,
    new_key,
    read_proof,
    read_public,
    read_seals,
    read_signer,
)
from interlock.audit import prove as make_proof
from interlock.audit.places import place_of
from interlock.cli.errors import BadArgument
from interlock.cli.files import must_be_folder, text_of
from interlock.cli.progress import Bar
from interlock.cli.render import Screen, Styled, print_document
from interlock.cli.stores import entry_of_run, reading, run_async
from interlock.engine.auditing import audit_store
from interlock.store.clock import SystemClock
from interlock.store.errors import BrokenChain, InterlockError

_SHOWN = 20
"""So many findings are printed; JSON has up to a thousand."""


def verify(
    url: str, run: str, seals: str, key: Path | None, folder: Path | None, *, as_json: bool
) -> None:
    """Check a database, or one run of it.

    Raises:
        BrokenChain: after everything was printed, when something was found.
        NotSigned: so, when all that was found is how the seals are signed.
    """
    must_be_folder(folder)
    kept = seals_of(seals)
    public = "" if key is None else read_public(key)
    found = run_async(_audit(url, run, kept, public, folder))
    if as_json:
        print_document(_described(found))
        if not found.sound:
            raise typer.Exit(1)
        return
    _print(found, Screen())
    first = found.first
    if first is not None:
        raise _summed(found, first)


def _summed(found: Audited, first: Finding) -> InterlockError:
    """All that was found, in one sentence."""
    what = f"the first bad event: {first.what}" if first.position or first.version else first.what
    other = next((one for one in found.findings.found if one.about == ELSEWHERE), None)
    if found.findings.only(SEALS):
        return NotSigned(f"the database is as these seals say, but {first.what}")
    if other is not None:
        return BrokenChain(f"these are not the seals of this database: {other.what}")
    return BrokenChain(f"the database was altered or is damaged; {what}")


async def _audit(
    url: str, run: str, seals: list[Seal], public: str, folder: Path | None
) -> Audited:
    async with reading(url, keyless=True) as store:
        if run:
            await entry_of_run(store, run)
        with Bar("events", None if run else await store.position()) as bar:
            return await audit_store(
                store, run=run, seals=seals, public=public, folder=folder, told=bar.update
            )


def _print(found: Audited, screen: Screen) -> None:
    for one in found.findings.found[:_SHOWN]:
        screen.line(Styled(one.what, "red"))
    more = found.findings.count - _SHOWN
    if more > 0:
        screen.line(f"… and {more} more")
    archived = f", {_count(found.archived, 'archived run')}" if found.archived else ""
    if found.elsewhere:
        many = _count(found.elsewhere, "archive")
        archived += f" ({many} not where written: not looked into without --from FOLDER)"
    many = _count(found.events, "event")
    what = f"{_count(found.streams, 'stream')}, {many}{archived}"
    if found.sound:
        screen.line(f"{what}:", Styled("sound", "green"))
    else:
        screen.line(f"{what}:", Styled(_count(found.findings.count, "finding"), "bold red"))
    if found.locked:
        screen.line(
            f"{_count(found.locked, 'event')} encrypted, and no key was given: of these only the "
            "chains were checked"
        )
    if found.seals:
        since = found.last - found.sealed
        rest = f"; {_count(since, 'event')} since then" if since > 0 else ""
        screen.line(f"{_count(found.seals, 'seal')}, up to position {found.sealed}{rest}")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _described(found: Audited) -> dict[str, object]:
    return {
        "sound": found.sound,
        "streams": found.streams,
        "events": found.events,
        "archived": found.archived,
        "elsewhere": found.elsewhere,
        "seals": found.seals,
        "sealed": found.sealed,
        "last": found.last,
        "locked": found.locked,
        "count": found.findings.count,
        "first": None if found.first is None else _finding(found.first),
        "findings": [_finding(one) for one in found.findings.found],
    }


def _finding(one: Finding) -> dict[str, object]:
    found: dict[str, object] = {"what": one.what}
    said = {"run": one.stream, "version": one.version, "position": one.position}
    found.update((name, value) for name, value in said.items() if value)
    return found


def check(file: Path, seals: str, key: Path | None, *, as_json: bool) -> None:
    """Check a proof; raises `BadProof`."""
    proof = read_proof(text_of(file))
    check_proof(proof, seals=seals_of(seals), public="" if key is None else read_public(key))
    event, seal = proof.event, proof.seal
    if as_json:
        print_document(
            {
                "holds": True,
                "run": event.stream,
                "version": event.version,
                "type": event.type,
                "position": event.position,
                "log": seal.log,
                "seal": seal.number,
                "sealed": seal.at,
                "digest": seal.digest,
                "key": seal.key,
            }
        )
        return
    screen = Screen()
    screen.line(
        f"event {event.version} of {event.stream} ({event.type}), position {event.position}:",
        Styled("proven", "green"),
    )
    kept = f", which is kept in {seals}" if seals else ""
    screen.line(f"by seal {seal.number} of {seal.at}{kept}, log {seal.log}")
    if seal.key:
        whose = ", the one given" if key else ""
        screen.line(f"signed with key {seal.key}{whose}")
    if not seals and not key:
        more = " or --key FILE" if seal.key else ""
        screen.line(f"that this seal was ever made is not shown: give --seal FILE{more},")
        screen.line(f"or compare its digest with the one kept: {seal.digest}")


def seal(url: str, to: str, key: Path | None, *, as_json: bool) -> None:
    """Add a seal to the place of the others."""
    signer = None if key is None else read_signer(key)
    place = place_of(to)
    before = read_seals(place.read(), to)

    async def make() -> Seal | None:
        async with reading(url, keyless=True) as store:
            with store.inspect() as snapshot:
                return make_seal(snapshot, before, SystemClock().now(), signer)

    made = run_async(make())
    if made is None:
        upto = before[-1].last if before else 0
        if as_json:
            print_document({"new": False, "seals": len(before), "last": upto, "to": to})
        else:
            Screen().line(f"nothing new to seal: {_count(len(before), 'seal')} up to {upto}")
        return
    place.add(made.line())
    if as_json:
        told = {"number": made.number, "first": made.first, "last": made.last, "root": made.root}
        print_document({"new": True, **told, "digest": made.digest, "key": made.key, "to": to})
    else:
        signed = ", signed" if made.key else ""
        Screen().line(f"seal {made.number}: positions {made.first} to {made.last}{signed}, in {to}")


def make_key(path: Path, *, as_json: bool) -> None:
    """Make a key for seals."""
    public = new_key(path)
    if as_json:
        print_document({"key": str(path), "public": public})
    else:
        Screen().line(f"key {public} in {path}; give {path}.pub to those who verify")


def prove(
    url: str,
    run: str,
    version: int,
    seals: str,
    output: Path | None,
    folder: Path | None,
    *,
    as_json: bool,
) -> None:
    """Print or write a proof."""
    must_be_folder(folder)
    kept = seals_of(seals)

    async def make() -> str:
        async with reading(url, keyless=True) as store:
            await entry_of_run(store, run)
            with store.inspect() as snapshot:
                return make_proof(snapshot, kept, run, version, folder).text()

    text = run_async(make())
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"cannot write {output}: {error.strerror}"
        raise BadArgument(message) from error
    if as_json:
        print_document({"run": run, "version": version, "file": str(output)})
    else:
        Screen().line(f"proof of event {version} of {run} written to {output}")


def seals_of(place: str) -> list[Seal]:
    """The seals of a place, [] for no place.

    Raises:
        BadArgument, BadSeal, NotKept: there are none, or they cannot be read.
    """
    if not place:
        return []
    kept = read_seals(place_of(place).read(), place)
    if not kept:
        message = f"{place} holds no seals; `interlock seal --to {place}` makes one"
        raise BadArgument(message)
    return kept
