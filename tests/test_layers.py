"""Imports go one way: machines → projections → store. The interpreter itself is the judge."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ("store", "projections", "machines")

CHILD = """
import importlib, pkgutil, sys
roots = sys.argv[1].split("|")
allowed = [root for root in sys.argv[2].split("|") if root]
sys.path[:] = allowed + [p for p in sys.path if p not in roots and p]
import interlock
interlock.__path__ = [f"{root}/interlock" for root in allowed]
names = [m.name for m in pkgutil.walk_packages(interlock.__path__, "interlock.")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
print(len(names))
try:
    importlib.import_module(sys.argv[3]) if sys.argv[3] else None
except ModuleNotFoundError:
    pass
else:
    sys.exit(f"{sys.argv[3]} could be imported from below" if sys.argv[3] else 0)
"""


@pytest.mark.parametrize(
    ("layer", "above"),
    [("store", "interlock.projections"), ("projections", "interlock.machines"), ("machines", "")],
)
def test_a_layer_needs_nothing_from_above(layer: str, above: str) -> None:
    roots = [str(ROOT / name) for name in LAYERS]
    allowed = roots[: LAYERS.index(layer) + 1]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, "|".join(roots), "|".join(allowed), above],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT / "tests",
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 1


def test_the_namespace_has_no_module_of_its_own() -> None:
    for layer in LAYERS:
        for name in ("__init__.py", "__main__.py"):
            assert not (ROOT / layer / "interlock" / name).exists()


def test_every_package_is_typed() -> None:
    for layer in LAYERS:
        for package in (ROOT / layer / "interlock").iterdir():
            if package.is_dir() and package.name != "__pycache__":
                assert (package / "py.typed").is_file(), package


def test_files_stay_small() -> None:
    for layer in (*LAYERS, "tests"):
        for file in (ROOT / layer).rglob("*.py"):
            lines = file.read_text().splitlines()
            assert len(lines) <= 400, f"{file} has {len(lines)} lines"
            assert not lines or lines[0].startswith(('"""', "#!", "r'''")), (
                f"{file}: say what it is"
            )


def test_only_one_module_reads_the_clock() -> None:
    calls = ("datetime.now(", "time.time(", "utcnow(", "time_ns(", "date.today(")
    for layer in LAYERS:
        for file in (ROOT / layer).rglob("*.py"):
            text = file.read_text()
            if file.name != "clock.py":
                found = [call for call in calls if call in _code(text)]
                assert not found, f"{file} calls {found}"


def _code(text: str) -> str:
    """The text without strings and comments, roughly: enough to find calls."""
    import io
    import tokenize

    skipped = (tokenize.STRING, tokenize.COMMENT)
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return "".join(token.string for token in tokens if token.type not in skipped)


def test_no_module_takes_the_place_of_a_public_name() -> None:
    """Names that are imported when first asked for give way to a module of the same name."""
    code = """
import importlib, pkgutil, types
for package in ("interlock.machines", "interlock.engine", "interlock.testing"):
    found = importlib.import_module(package)
    for module in pkgutil.walk_packages(found.__path__, package + "."):
        importlib.import_module(module.name)
    names = [name for name in found.__all__ if isinstance(getattr(found, name), types.ModuleType)]
    assert not names, names
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
