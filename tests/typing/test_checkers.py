"""mypy and pyright accept good user code, and find the mistakes that the surface promises."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
ROOTS = [str(ROOT / name) for name in ("machines", "store", "projections")]
FILES = ("accepted.py", "rejected.py")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's project: the two files beside each other."""
    made = tmp_path_factory.mktemp("user")
    shutil.copy(HERE / "accepted.py", made / "accepted.py")
    shutil.copy(HERE / "rejected.py.txt", made / "rejected.py")
    return made


def marked(who: str) -> set[tuple[str, int]]:
    lines = (HERE / "rejected.py.txt").read_text().splitlines()
    found = {
        ("rejected.py", number)
        for number, line in enumerate(lines, start=1)
        if re.search(rf"# (both|{who})$", line)
    }
    assert len(found) > 15
    return found


def mypy_errors(folder: Path) -> Iterator[tuple[str, int]]:
    config = folder / "mypy.ini"
    path = ":".join([*ROOTS, str(folder)])
    options = ["strict = True", "explicit_package_bases = True", "namespace_packages = True"]
    options += [f"mypy_path = {path}", "plugins = pydantic.mypy", "follow_imports = silent"]
    config.write_text("\n".join(["[mypy]", *options]))
    command = [sys.executable, "-m", "mypy", "--config-file", str(config), *FILES]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    for line in done.stdout.splitlines():
        found = re.match(r"(\w+\.py):(\d+): error: ", line)
        if found:
            yield found[1], int(found[2])


def pyright_errors(folder: Path) -> Iterator[tuple[str, int]]:
    config = {"typeCheckingMode": "strict", "extraPaths": ROOTS, "include": list(FILES)}
    (folder / "pyrightconfig.json").write_text(json.dumps(config))
    python = ["--pythonpath", sys.executable]
    command = [sys.executable, "-m", "pyright", "--outputjson", "-p", str(folder), *python]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    for found in json.loads(done.stdout)["generalDiagnostics"]:
        if found["severity"] == "error":
            yield Path(found["file"]).name, found["range"]["start"]["line"] + 1


def test_mypy_finds_the_mistakes_and_nothing_else(folder: Path) -> None:
    assert set(mypy_errors(folder)) == marked("mypy")


def test_pyright_finds_the_mistakes_and_nothing_else(folder: Path) -> None:
    assert set(pyright_errors(folder)) == marked("pyright")
