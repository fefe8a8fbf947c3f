"""The code that folds, as a digest: run as a program, it raises the version that snapshots carry.

python tests/fold_version.py
"""

from __future__ import annotations

import ast
import importlib
import re
from hashlib import sha256
from pathlib import Path

from interlock.machines.canonical import canonical_digest
from interlock.projections import fold_version
from interlock.projections.fold import _HANDLERS  # pyright: ignore[reportPrivateUsage]  the one list of them
from interlock.projections.fold_version import FOLD
from interlock.store.values import Image

ROOT = Path(__file__).parent.parent
KEPT = ROOT / "tests" / "projections" / "fold_version.txt"
VERSION = Path(fold_version.__file__)
BASE = ("approval", "fold", "moving", "run", "snapshot", "undoing")


def sources() -> list[Path]:
    """Where it is decided what a state is, and how an event changes it."""
    names = {f"interlock.projections.{name}" for name in BASE}
    names |= {handler.__module__ for handler in _HANDLERS.values()}
    names |= {Image.__module__}
    files = (importlib.import_module(name).__file__ for name in sorted(names))
    return [Path(file) for file in files if file]


def digest() -> str:
    """Of what the sources say, whatever their comments, docstrings, layout and Python."""
    found = sha256()
    for file in sources():
        found.update(canonical_digest(_bare(ast.parse(file.read_text("utf-8")))).encode())
    return found.hexdigest()


def _bare(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [one for one in body if not _is_text(one)]  # type: ignore[attr-defined]  # it has one
    return tree


def _is_text(node: object) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def kept() -> tuple[str, str]:
    """The version, and the digest of the code that it stands for."""
    version, _, of = KEPT.read_text("utf-8").strip().partition(" ")
    return version, of


def main() -> None:
    """Raise the version if the code has changed since it was given."""
    if kept() == (FOLD, digest()):
        print(f"version {FOLD} is right")
        return
    raised = str(int(FOLD) + 1)
    text = VERSION.read_text("utf-8")
    VERSION.write_text(re.sub(r'FOLD = "\d+"', f'FOLD = "{raised}"', text), "utf-8")
    KEPT.write_text(f"{raised} {digest()}\n", "utf-8")
    print(f"the code that folds has changed: its version is {raised} now")


if __name__ == "__main__":
    main()
