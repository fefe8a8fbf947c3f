"""`check --prove`: verdicts on the properties of a lifecycle, and tests of what is refuted."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from interlock.cli.errors import BadArgument
from interlock.cli.render import Screen, Styled
from interlock.cli.target import import_module, load_target
from interlock.cli.verdicts import COLOURS, print_trace
from interlock.machines.errors import BadDefinition
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.proof import Result, Samples, as_pytest, prove
from interlock.machines.workflow import Workflow

_ERRORS = ("ILK170", "ILK171", "ILK172", "ILK302")
"""What is wrong wherever it is refuted; the rest may be meant."""


def proofs_of(target: str, limit: int) -> list[Result]:
    """Verdicts on a lifecycle's properties.

    A module's `samples` are tried where a type has too many values, and its runs begin with what
    the module calls `starts`.

    Raises:
        BadArgument: it is no lifecycle, or its values cannot be listed.
    """
    kind = _lifecycle(target)
    module = import_module(target.partition(":")[0])
    samples: object = getattr(module, "samples", None)
    given: Samples = {}
    if isinstance(samples, Mapping):  # for all lifecycles of the module
        every = cast("Samples", samples)
        own = {cls.__name__ for _, cls in kind.program().types}
        given = {k: v for k, v in every.items() if _may_be_meant(k, own, module)}
    starts: list[Any] = getattr(module, "starts", [])
    wanted = kind.program().data_type
    for one in starts:
        if not isinstance(one, wanted):
            message = f"`starts` of the module holds {one!r}, which is no {wanted.__name__}"
            raise BadArgument(message)
    try:
        return prove(kind, starts=starts, samples=given, limit=limit)
    except BadDefinition as error:
        message = f"{error.message}; the command takes `samples` and `starts` from the module"
        raise BadArgument(message) from None


def _may_be_meant(key: object, own: set[str], module: ModuleType) -> bool:
    """Whether samples are for this lifecycle, and not for what only others of its module have."""
    name = key.partition(".")[0] if isinstance(key, str) else ""
    return not name or name in own or not hasattr(module, name)


def _lifecycle(target: str) -> type[Lifecycle[Any, Any]]:
    kind: Any = load_target(target)
    if not isinstance(kind, Workflow):
        found: type[Lifecycle[Any, Any]] = kind
        return found
    message = f"{target} is a workflow; its code decides, and cannot be listed: prove lifecycles"
    raise BadArgument(message)


def sound(results: list[Result]) -> bool:
    """Whether nothing is refuted that has to hold."""
    return not any(r.verdict == "refuted" and r.code in _ERRORS for r in results)


def print_proofs(screen: Screen, results: list[Result]) -> None:
    """A line for each verdict, and the trace of what is refuted."""
    screen.heading("Proofs")
    for result in results:
        said = result.property
        if result.reason and (result.verdict == "refuted" or result.trace is not None):
            said = f"{said}: {result.reason}"
        screen.line(Styled(f"{result.verdict:<8}", COLOURS[result.verdict]), result.code, said)
        print_trace(screen, result.trace.lines() if result.trace else ())
    begun = next((result.start for result in results if result.start), "")
    if begun:
        screen.line("begun with:", begun)
    bound = next((result.bound for result in results if result.bound), "")
    for number, said in enumerate(bound.split("; ") if bound else ()):
        screen.line(Styled("as far as looked:" if not number else " " * 17, "yellow"), said)


def view(results: list[Result]) -> list[dict[str, object]]:
    """The same for programs."""
    return [
        {
            "code": result.code,
            "property": result.property,
            "about": result.about,
            "verdict": result.verdict,
            "reason": result.reason,
            "bound": result.bound,
            "start": result.start,
            "trace": None if result.trace is None else result.trace.lines(),
        }
        for result in results
    ]


def write_tests(target: str, results: list[Result], file: Path) -> int:
    """Write a test for each refuted property with a trace; how many there are.

    Raises:
        BadArgument: the file cannot be written.
    """
    kind = _lifecycle(target)
    found = [r for r in results if r.verdict == "refuted" and r.trace is not None]
    return write_text(file, as_pytest(kind, *found) if found else "", len(found))


def check_new(file: Path | None) -> None:
    """Check that tests can be written to a file, before a proof is made that takes its time.

    Raises:
        BadArgument: the file is there already, or its folder is not.
    """
    if file is None:
        return
    if file.exists():
        message = f"{file} is there already: name a new file for the tests"
        raise BadArgument(message)
    if not file.parent.is_dir():
        message = f"cannot write {file}: there is no folder {file.parent}"
        raise BadArgument(message)


def write_text(file: Path, text: str, count: int) -> int:
    """Write the tests to a new file, if there are some; how many.

    Raises:
        BadArgument: the file cannot be written.
    """
    try:
        if count:
            file.write_text(text)
    except OSError as error:
        message = f"cannot write {file}: {error.strerror}"
        raise BadArgument(message) from error
    return count


def tell_written(count: int, file: Path) -> None:
    """Say what was written; not data, so on stderr."""
    written = f"{count} {'test' if count == 1 else 'tests'} written to {file}"
    print(written if count else "no test to write", file=sys.stderr)
