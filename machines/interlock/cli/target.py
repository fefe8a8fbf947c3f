"""Importing what an author wrote: `MODULE:NAME`, and the modules of `--app`."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from interlock.cli.errors import BadTarget, ImportFailed
from interlock.cli.text import near_ids
from interlock.machines import registry
from interlock.machines.ir import Machine
from interlock.machines.modules import defined_in, is_machine, kept_beside, machines_in
from interlock.store.errors import InterlockError


def import_apps(apps: Sequence[str]) -> dict[Any, Any]:
    """Import modules, so that the machines they define are known by name.

    Of several definitions of one name, that of the module which is named first is the present one.

    Returns:
        the resources for their steps: what the modules call `resources`; of two, the first.

    Raises:
        BadTarget: there is no such module.
        ImportFailed: it raised.
    """
    resources: dict[Any, Any] = {}
    named: list[object] = []
    for app in apps:
        module = import_module(app.partition(":")[0])
        named += [load_target(app), module] if app.partition(":")[2] else [module]
        found: Mapping[Any, Any] | None = getattr(module, "resources", None)
        if isinstance(found, Mapping):  # a module may call something else so
            resources = {**found, **resources}
    registry.prefer(first.kind for first, *_ in defined_in(named).values())
    return resources


def tell_kept(modules: Sequence[str]) -> None:
    """Say of which machines old code is kept beside the present one; not data, so on stderr."""
    imported = [import_module(name.partition(":")[0]) for name in modules]
    for line in kept_beside(defined_in(imported)):
        print(line, file=sys.stderr)


def load_target(target: str) -> object:
    """The workflow or lifecycle that `MODULE:NAME` names.

    Raises:
        BadTarget: it names none; says which there are.
        ImportFailed: the module raised.
        CompileError: the module holds a workflow that cannot be compiled.
    """
    name, colon, attribute = target.partition(":")
    module = import_module(name)
    found: object = module
    for part in attribute.split(".") if attribute else ():
        found = getattr(found, part, None)
    if colon and attribute and is_machine(found):
        return found
    known = machines_in(module)
    listed = ", ".join(f"{name}:{one}" for one in known) or f"{name} defines none"
    if not attribute and len(known) == 1:
        return known[next(iter(known))]
    if attribute and found is not None:
        what = f"{target} is {type(found).__name__}, not a workflow or lifecycle"
    elif attribute:
        what = f"{name} has no {attribute!r}"
    else:
        what = f"{target!r} names a module; name what is in it as MODULE:NAME"
    near = near_ids(attribute, [*known])[:1] if attribute and found is None else []
    what += "".join(f" (did you mean {name}:{one}?)" for one in near)
    message = f"{what}; workflows and lifecycles: {listed}"
    raise BadTarget(message)


def import_module(name: str) -> ModuleType:
    """Import a module; the current directory is looked in first, as for `python -m`.

    Raises:
        BadTarget: there is none of this name.
        ImportFailed: it raised; names the line.
        InterlockError: as the module raised it.
    """
    here = str(Path.cwd())
    if here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except InterlockError:
        raise
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            hint = (
                f"; write {name[:-3].replace('/', '.')}" if name.endswith(".py") else _meant(name)
            )
            message = f"there is no module {name!r} in {here} or among what is installed{hint}"
            raise BadTarget(message) from error
        raise _failed(name, error) from error
    except (TypeError, ValueError) as error:
        if not name or name.startswith("."):
            message = f"{name!r} cannot be the name of a module; write MODULE:NAME"
            raise BadTarget(message) from error
        raise _failed(name, error) from error
    except (Exception, SystemExit) as error:  # whatever the author's module raises is shown
        raise _failed(name, error) from error


def _meant(name: str) -> str:
    """The module of a file, or one beside of nearly this name."""
    if name.endswith(".py"):
        return f"; write {name[:-3].replace('/', '.')}"
    beside = [one.stem for one in Path.cwd().glob("*.py")]
    beside += [one.parent.name for one in Path.cwd().glob("*/__init__.py")]
    near = near_ids(name, beside)[:1]
    return f"; did you mean {near[0]}?" if near else ""


def _failed(name: str, error: BaseException) -> ImportFailed:
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "importlib" not in f.filename]
    where = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    if isinstance(error, SyntaxError):
        where = f" at {error.filename}:{error.lineno}"
    return ImportFailed(f"importing {name} raised {type(error).__name__}: {error}{where}")


def machine_of(kind: object) -> Machine:
    """The compiled machine of a workflow or lifecycle.

    Raises:
        CompileError: the workflow cannot be compiled.
    """
    from interlock.engine.programs import program_of

    return program_of(kind).machine
