"""The definitions that every Python has to see alike."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from interlock.machines import registry
from interlock.machines.compiler import compile_workflow
from interlock.machines.ir import Machine
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.workflow import Workflow
from machines.corpus import CORPUS
from versions import tricky

HERE = Path(__file__).parent
_EXAMPLES = sorted(path.stem for path in (HERE.parents[1] / "docs" / "examples").glob("*.py"))
_MODULES = ("interlock.demo", *_EXAMPLES)


def collected() -> dict[str, Any]:
    """What this Python makes of every definition, by its name."""
    found: dict[str, Any] = {}
    for name, machine in _machines(tricky.__name__):
        found[name] = {"hash": machine.hash, "ir": json.loads(_named(machine).to_json())}
    for module in _MODULES:
        importlib.import_module(module)
        found |= {name: _digests(machine) for name, machine in _machines(module)}
    for function, _ in CORPUS:
        found[f"corpus:{function.__name__}"] = _digests(compile_workflow(function).machine)
    return found


def text_of(found: dict[str, Any]) -> str:
    """The recorded file of what was found."""
    return json.dumps(found, indent=1, sort_keys=True) + "\n"


def _machines(module: str) -> Iterator[tuple[str, Machine]]:
    known: dict[str, list[Workflow[..., Any] | type[Lifecycle[Any, Any]]]] = vars(registry)[
        "_known"
    ]
    every = [kind for kinds in known.values() for kind in kinds]
    for kind in every:
        if f"{kind.__module__}.".startswith(f"{module}."):
            made = kind.program if isinstance(kind, Workflow) else kind.program()
            yield f"{module}:{kind.name}", made.machine


def _named(machine: Machine) -> Machine:
    """A machine with its files by their names, wherever they are."""
    helpers = [replace(text, file=Path(text.file).name) for text in machine.helpers]
    return replace(machine, file=Path(machine.file).name, helpers=tuple(helpers))


def _still(machine: Machine) -> Machine:
    """A machine without what moves when the text around it changes."""
    nodes, edges, calls = (
        tuple(replace(part, line=0) for part in parts)
        for parts in (machine.nodes, machine.edges, machine.calls)
    )
    nodes = tuple(replace(node, file="") for node in nodes)
    calls = tuple(replace(node, file="") for node in calls)
    return replace(
        machine, file="", line=0, source="", helpers=(), nodes=nodes, edges=edges, calls=calls
    )


def _digests(machine: Machine) -> dict[str, str]:
    text = _still(machine).to_json()
    return {"hash": machine.hash, "ir": hashlib.sha256(text.encode()).hexdigest()[:16]}
