"""The files of docs/testing.md are collected, run, and say what the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from test_readme import ROOT

PAGE = (ROOT / "docs" / "testing.md").read_text()
FILES = dict(re.findall(r"```python\n# (\w+\.py)\n(.*?)```", PAGE, re.DOTALL))
COLLECTED, FAILURE, NEVER, SURVIVORS = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("shop")
    for name, text in FILES.items():
        (made / name).write_text(text)
    warnings = "filterwarnings = error\nasyncio_default_fixture_loop_scope = function\n"
    (made / "pytest.ini").write_text(f"[pytest]\n{warnings}")
    return made


def python(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    roots = [str(ROOT / name) for name in ("machines", "projections", "store")]
    return subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(roots)},
    )


BOTH = """
import pytest
pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", "test_shop.py"])
wanted = "invariant or test_drawn or test_rules"
pytest.main(["-v", "-p", "no:cacheprovider", "-k", f"({wanted}) and not bought"])
"""
"""What is collected, and a run of some of it: all laws are looked at elsewhere."""


def test_one_law_fails_and_its_case_is_kept(folder: Path) -> None:
    done = python(folder, "-c", BOTH)
    assert done.stdout.startswith(COLLECTED), done.stdout
    failed = re.findall(r"(\S+) FAILED", done.stdout)
    wanted = "test_shop.py::test_shop[invariant-no_more_is_refunded_than_was_paid]"
    assert failed == [wanted], done.stdout
    assert FAILURE in done.stdout
    (kept,) = (folder / "failures").iterdir()
    assert f"kept, to be played first from now on: {kept}" in done.stdout


def test_survivors_are_listed(folder: Path) -> None:
    done = python(folder, "survivors.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout == SURVIVORS


def test_what_no_case_came_to_is_told(folder: Path) -> None:
    forgets = FILES["shop.py"].replace("[*order.items, command.item]", "order.items")
    (folder / "forgetful.py").write_text(forgets)
    code = "from forgetful import *; from interlock.testing import machine_tests"
    done = python(folder, "-c", f"{code}; machine_tests(Shop).suite.run('reached')")
    told = [re.sub(r"\d+", "N", one) for one in (NEVER, done.stderr)]
    assert told[0] in told[1]
