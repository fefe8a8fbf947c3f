"""The page of error codes, `docs/errors.md`, made from the code. Run it to write the page again."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import interlock.audit
import interlock.cli
import interlock.demo
import interlock.engine
import interlock.machines
import interlock.projections
import interlock.store
import interlock.testing
from interlock.machines.compiler import refusals
from interlock.machines.compiler.refusals import Refusal
from interlock.machines.interchange import KINDS
from interlock.store.errors import InterlockError

PAGE = Path(__file__).parents[1] / "docs" / "errors.md"
PACKAGES = {
    "The store": interlock.store,
    "Looking back": interlock.projections,
    "Audit": interlock.audit,
    "Authoring and compiling": interlock.machines,
    "Running": interlock.engine,
    "The command line": interlock.cli,
    "The demo": interlock.demo,
    "Testing": interlock.testing,
}


def page() -> str:
    """The whole page as Markdown."""
    parts = [
        "# Error codes",
        "",
        "Every error that Interlock raises has a stable code, and says what to write instead.",
        "`InterlockError` (ILK000) is the root of them all.",
    ]
    for title, package in PACKAGES.items():
        parts += ["", f"## {title}", "", "| code | name | meaning |", "|---|---|---|"]
        parts += [f"| {code} | `{name}` | {text} |" for code, name, text in rows(package.__name__)]
        if package is interlock.machines:
            parts += ["", "### What a workflow cannot hold (`CompileError`)", ""]
            parts += ["| code | found | write instead |", "|---|---|---|"]
            parts += [f"| {r.code} | {cell(r.what)} | {cell(r.instead)} |" for r in refused()]
            parts += ["", "### Problems of a machine (`interlock check`)", ""]
            parts += ["| code | problem |", "|---|---|", *problem_rows()]
            parts += ["", "### What a conversion can leave out (`LeftOut`)", ""]
            parts += ["| code | kind |", "|---|---|"]
            parts += [f"| {code} | {cell(kind)} |" for code, kind in sorted(KINDS.items())]
    return "\n".join(parts) + "\n"


def rows(package: str) -> Iterator[tuple[str, str, str]]:
    """Code, name and first sentence of each error class of a package."""
    found = {
        (cls.code, name, summary(cls))
        for module in modules(package)
        for name, cls in vars(module).items()
        if inspect.isclass(cls)
        and issubclass(cls, InterlockError)
        and cls.__module__ == module.__name__
    }
    yield from sorted(found)


def modules(package: str) -> Iterator[ModuleType]:
    """Every module of a package."""
    for info in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        if not info.name.endswith("__main__"):
            yield importlib.import_module(info.name)


def refused() -> list[Refusal]:
    """What the compiler refuses, by code."""
    found = [value for value in vars(refusals).values() if isinstance(value, Refusal)]
    return sorted(found, key=lambda refusal: refusal.code)


def problem_rows() -> list[str]:
    """The codes that `check` and `check --prove` name in their docstrings."""
    from interlock.machines import check, checks
    from interlock.machines.lock import judging
    from interlock.machines.proof import joint_search, judge

    every = (check, *modules(checks.__name__), judging, judge, joint_search)
    text = "".join(inspect.getsource(module) for module in every)
    found = re.findall(r"(ILK\d{3}): ([^.]+)\.", text)
    return [f"| {code} | {text} |" for code, text in sorted(dict(found).items())]


def summary(cls: type) -> str:
    """The first paragraph of a docstring, on one line."""
    return cell((inspect.getdoc(cls) or "").split("\n\n")[0])


def cell(text: str) -> str:
    """Text that can stand in a table."""
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page())
