"""A machine for the commands that only look at one: `MODULE:NAME`, or a file that describes it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from interlock.cli.errors import BadTarget
from interlock.cli.target import load_target, machine_of
from interlock.machines.ir import Machine


def machine_at(target: str) -> Machine:
    """The machine of a workflow or lifecycle, or of a file that ends with `.scxml` or `.json`.

    What the file has beyond the machine is told on the error output.

    Raises:
        BadTarget: there is no such file or name, or the file holds no machine.
        BadDocument, Unconvertible: the file is no SCXML that a machine can be made of.
    """
    if not names_file(target):
        return machine_of(load_target(target))
    path = Path(target)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{target} cannot be read: {error}"
        raise BadTarget(message) from error
    found = _scxml(text) if path.suffix == ".scxml" else _json(target, text)
    return found if found.file else msgspec.structs.replace(found, file=target, line=1)


def names_file(target: str) -> bool:
    """Whether this is a file that describes a machine."""
    return Path(target).suffix in (".scxml", ".json")


def tell_left_out(items: Iterable[object]) -> None:
    """Say what did not travel, on the error output."""
    for item in items:
        print(f"left out: {item}", file=sys.stderr)


def _scxml(text: str) -> Machine:
    from interlock.machines.interchange import LeftOut, from_scxml

    left_out: list[LeftOut] = []
    machine = from_scxml(text, left_out=left_out)
    tell_left_out(left_out)
    return machine


def _json(target: str, text: str) -> Machine:
    try:
        return Machine.from_json(text)
    except msgspec.MsgspecError as error:
        message = f"{target} does not describe a machine: {error}"
        raise BadTarget(message) from error
