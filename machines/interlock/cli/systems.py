"""`check` of a system: several lifecycles that are proved together."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from interlock.cli import proving
from interlock.cli.errors import BadArgument
from interlock.cli.render import Screen, Styled, print_document
from interlock.cli.target import import_module
from interlock.machines.errors import BadDefinition
from interlock.machines.proof import Result, Together, as_pytest, prove_together
from interlock.machines.proof.together import sendings_of


def system_at(target: str) -> type[Together] | None:
    """The system that `MODULE:NAME` names; None for anything else."""
    module, _, attribute = target.partition(":")
    if not attribute or Path(target).suffix in (".scxml", ".json"):
        return None
    found: object = import_module(module)
    for part in attribute.split("."):
        found = getattr(found, part, None)
    return found if isinstance(found, type) and issubclass(found, Together) else None


def check_system(
    kind: type[Together], target: str, limit: int, tests: Path | None, *, as_json: bool
) -> bool:
    """Print what a system consists of, and a verdict on each property of it.

    Returns:
        whether nothing is refuted that has to hold.

    Raises:
        BadArgument: values cannot be listed, or the file of the tests is there already.
    """
    module = import_module(target.partition(":")[0])
    try:
        proofs = prove_together(
            kind,
            starts=_starts(getattr(module, "starts", ())),
            samples=getattr(module, "samples", None),
            limit=limit,
        )
    except BadDefinition as error:
        message = f"{error.message}; the command takes `samples` from the module"
        raise BadArgument(message) from None
    if as_json:
        members = {name: member.name for name, member in kind.members.items()}
        document = {"system": kind.__name__, "members": members, "proofs": proving.view(proofs)}
        print_document(document)
    else:
        _print(Screen(), kind, proofs)
    if tests is not None:
        proving.tell_written(_write(kind, proofs, tests), tests)
    return proving.sound(proofs)


def _starts(given: object) -> list[dict[str, Any]]:
    """What runs begin with, where the module gives it by member as systems want it."""
    found = cast("list[object]", given) if isinstance(given, list) else []
    return [cast("dict[str, Any]", one) for one in found if isinstance(one, dict)]


def _print(screen: Screen, kind: type[Together], proofs: list[Result]) -> None:
    screen.line(Styled(kind.__name__, "bold"), f"a system of {len(kind.members)}")
    sent = [
        f"{command.__name__} to {one.to}, by the effects of {one.step.name}"
        for one in sendings_of(kind)
        for command in one.makes
    ]
    pairs = [(name, member.name) for name, member in kind.members.items()]
    shared = ", ".join(command.__name__ for command in kind.shared)
    screen.pairs([*pairs, ("sent", "; ".join(sent) or "nothing"), ("shared", shared or "nothing")])
    proving.print_proofs(screen, proofs)


def _write(kind: type[Together], proofs: list[Result], file: Path) -> int:
    found = [r for r in proofs if r.verdict == "refuted" and r.trace is not None]
    return proving.write_text(file, as_pytest(kind, *found) if found else "", len(found))
